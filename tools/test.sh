#!/bin/sh
# Run the tests: tools/test.sh [TOX-OPTIONS], as in `tools/test.sh -e unit`.
#
# Needs Python 3.11 or newer and git; tox goes into .tox-venv beside this.
# The last line that is printed counts the tests; the exit code is tox's.
set -eu

cd "$(dirname "$0")/.."
. tools/venv.sh
venv=.tox-venv

if ! "$venv/bin/tox" --version >/dev/null 2>&1; then
    make_venv "$venv" 'tox>=4.21,<5' stestr
fi

# What others open our keys and images with: the judges of some tests. And
# the programs of the targets.
for tool in age:age cryptsetup:cryptsetup-bin qemu-img:qemu-utils \
    rclone:rclone restic:restic ssh-keygen:openssh-client xxd:xxd; do
    want_program "${tool%%:*}" "${tool#*:}"
done

rm -rf .tox/*/.stestr
# The cloud takes minutes to install and to start: that goes on beside the
# environments that come before the functional tests. If it fails, they try it
# again and say why.
if [ $# -eq 0 ] && [ "$(id -u)" -eq 0 ]; then
    mkdir -p .tox
    "$venv/bin/python" -m devcloud up >.tox/devcloud.log 2>&1 &
fi
status=0
"$venv/bin/tox" "$@" || status=$?
wait
"$venv/bin/python" tools/count_tests.py .tox
exit "$status"
