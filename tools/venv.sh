# shellcheck shell=sh
# For the scripts beside this: make a virtual environment with what is there.

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if new_enough "$name"; then
            echo "$name"
            return
        fi
    done
    echo "$0: Python 3.11 or newer is needed." >&2
    exit 1
}

# Debian has the half of venv that brings pip in a package of its own.
need_venv() {
    "$1" -c 'import ensurepip' 2>/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv, which brings pip." >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
    else
        echo "$0: $1 has no venv;" \
            'install it (Debian: apt-get install python3-venv).' >&2
        exit 1
    fi
}

# want_program NAME PACKAGE: install it, or say that it is not there.
want_program() {
    PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $2, for the tests." >&2
        apt-get install -qq -y --no-install-recommends "$2" >/dev/null
    else
        echo "$0: without $1 (Debian: $2) some tests are skipped." >&2
    fi
}

# make_venv FOLDER PACKAGE...
make_venv() {
    folder=$1
    shift
    python=$(find_python)
    need_venv "$python"
    "$python" -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet "$@"
}
