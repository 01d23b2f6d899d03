#!/bin/sh
# Show the main job on a real OpenStack: tools/demo.sh
#
# Needs root on Debian 12, Python 3.11 and git. It starts the dev cloud of
# this repository on loopback (devcloud/README.rst says what that installs),
# fills a project with data, backs them up into a folder, verifies the backup,
# and restores a volume from it.
set -eu

cd "$(dirname "$0")/.."
. tools/venv.sh

venv=.demo-venv
if ! "$venv/bin/openstack" backup plan --help >/dev/null 2>&1; then
    make_venv "$venv" .
fi
python=$venv/bin/python
"$python" -m devcloud up
"$python" -m devcloud seed

target=$(mktemp -d)
PATH=$PWD/$venv/bin:$PATH

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

as_alice() {
    printf '\n$ %s\n' "$*"
    "$python" -m devcloud run -- "$@"
}

as_alice openstack backup plan --to "$target" --plaintext-keys
as_alice openstack backup run --all --to "$target" --plaintext-keys
as_alice openstack backup verify --from "$target" --depth keys
as_alice openstack backup restore --from "$target" --volume vol-plain \
    --suffix=-restored
# The demo can be called again: it leaves the project as it was.
as_alice openstack volume delete vol-plain-restored
cd "$target"/*/
show ls -sh . volumes servers images keys secrets
show sha512sum -c SHA512SUMS

cat <<EOT

The backup set is in $PWD; "openstack backup restore --from" restores it.
The cloud still runs: python3 -m devcloud down stops it, and
python3 -m devcloud wipe takes it away.
EOT
