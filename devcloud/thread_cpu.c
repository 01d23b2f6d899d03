/* SPDX-License-Identifier: Apache-2.0 */
/* qemu-img measures PBKDF2 with getrusage(RUSAGE_THREAD).ru_utime.  With tick-based CPU
 * accounting (CONFIG_TICK_CPU_ACCOUNTING) that stays 0 for a short run whenever no tick
 * fell into user time, and `qemu-img create -f luks` fails by chance with "Unable to get
 * accurate CPU usage".  This answers with the exact thread clock instead. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int getrusage(__rusage_who_t who, struct rusage *ru)
{
    int rc = syscall(SYS_getrusage, who, ru);
    struct timespec t;
    if (rc == 0 && who == RUSAGE_THREAD && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0) {
        ru->ru_utime.tv_sec = t.tv_sec;
        ru->ru_utime.tv_usec = t.tv_nsec / 1000;
        ru->ru_stime.tv_sec = 0;
        ru->ru_stime.tv_usec = 0;
    }
    return rc;
}
