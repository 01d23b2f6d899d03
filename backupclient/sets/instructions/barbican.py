# SPDX-License-Identifier: Apache-2.0
"""A command for the page that talks to the key manager.

``openstack secret`` can do less: it gives each secret an algorithm, takes no
user metadata, and stores a text in one step, in which Barbican strips blanks
and line breaks; in two steps it wants the payload as an argument, which all
users of the machine can see. So the page has a function for bash with some
lines of Python, for the SDK that every OpenStack client has.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import json

from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import shell

BYTES = 'application/octet-stream'
TEXT = 'text/plain'

# Between single quotes of bash, so it has none, and no exclamation mark.
# "if True" makes it independent of the indentation of the page.
#
# The order is that of safety: the payload comes when those who may read it
# are known. Only the types that a PUT does not take come with the POST, in
# which Barbican keeps the bytes of what is encoded.
_PROGRAM = """\
if True:
    import base64, json, sys, time, openstack
    service = openstack.connect().key_manager
    def ask(method, path, **more):
        answer = service.request(path, method, log=False,
            raise_exc=False, connect_retries=0, **more)
        if answer.status_code >= 300:
            sys.exit("%s %s: %s" % (method, path, answer.text))
        return answer
    def path_of(address):
        return "/secrets/" + address.rsplit("/", 1)[-1]
    def store(name, told):
        told = json.loads(told)
        secret, content = told["secret"], told.get("payload", "")
        payload = sys.stdin.buffer.read() if content else b""
        if content and not payload:
            sys.exit("Nothing was stored: the payload is empty.")
        if name:
            secret["name"] = name
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        if secret.get("expiration", "9")[:19] <= now:
            print("The expiration has passed and is left out:",
                  secret.pop("expiration"), file=sys.stderr)
        if content not in ("", "text/plain", "application/octet-stream"):
            secret.update(payload=base64.b64encode(payload).decode(),
                          payload_content_type=content,
                          payload_content_encoding="base64")
            content = ""
        answer = ask("POST", "/secrets", json=secret)
        address = answer.json()["secret_ref"]
        path = path_of(address)
        try:
            if "read" in told:
                ask("PUT", path + "/acl", json={"read": told["read"]})
            if "metadata" in told:
                ask("PUT", path + "/metadata",
                    json={"metadata": told["metadata"]})
            if content:
                ask("PUT", path, data=payload,
                    headers={"Content-Type": content})
        except BaseException:
            service.request(path, "DELETE", raise_exc=False)
            raise
        print(address)
    def container(name, kind, *pairs):
        body = {"name": name, "type": kind, "secret_refs": [
            {"name": role or None, "secret_ref": address}
            for role, address in zip(pairs[::2], pairs[1::2])]}
        print(ask("POST", "/containers", json=body).json()["container_ref"])
    def delete(address):
        ask("DELETE", path_of(address))
    {"store": store, "container": container, "delete": delete}[
        sys.argv[1]](*sys.argv[2:])
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What the new secret has to be.

    :param secret: the fields of the POST, without the name.
    :param content: the type of the payload, ``''`` for none.
    :param read: who may read it, None for what is usual.
    """

    secret: Mapping[str, object]
    content: str = ''
    read: Mapping[str, object] | None = None
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        parts: dict[str, object] = {'secret': self.secret}
        if self.read is not None:
            parts['read'] = self.read
        if self.metadata:
            parts['metadata'] = self.metadata
        if self.content:
            parts['payload'] = self.content
        lines = (f'    "{name}": {_json(parts[name])}' for name in parts)
        return "'{{\n{}}}'".format(',\n'.join(lines))


def _json(value: object) -> str:
    """Give JSON that shows all, for a place between single quotes."""
    text = json.dumps(value, sort_keys=True)
    for character in "'!\x7f":
        text = text.replace(character, f'\\u{ord(character):04x}')
    return text


def setup() -> tuple[str, ...]:
    """Give the paragraphs that bring the function."""
    return (
        'A function of this page stores keys and secrets. It runs the Python '
        'and the SDK of your OpenStack client. Define it:',
        markdown.block(
            'PYTHON=$(head -n 1 "$(command -v openstack)" | cut -c 3-)',
            f'barbican() {{ $PYTHON -c \'{_PROGRAM}\' "$@"; }}',
        ),
        'This must print `ready`. If it does not, set `PYTHON` to a Python 3 '
        'that has `openstacksdk`. The function reads the cloud and the '
        'password from `OS_*` variables or from `clouds.yaml`. It does not '
        'prompt for a password.',
        markdown.block('$PYTHON -c \'import openstack; print("ready")\''),
    )


def store(variable: str, source: str, name: str, told: Told) -> str:
    """Give the command that stores a secret.

    A payload never goes through an argument.

    :param variable: keeps the new secret's address.
    :param source: the command that writes the payload, ``''`` for none.
    """
    command = f'barbican store {shell.word(name)}{shell.SUFFIX} {told}'
    if not name:
        command = f"barbican store '' {told}"
    piped = f'{source} |\n    ' if source else ''
    return f'{variable}=$({piped}{command})'


def container(name: str, kind: str, members: Iterable[tuple[str, str]]) -> str:
    """Give the command that makes a container.

    :param members: role and variable of each secret.
    """
    parts: Sequence[str] = [
        f'{shell.word(role)} {shell.value(variable)}'
        for role, variable in members
    ]
    new = f'{shell.word(name)}{shell.SUFFIX}' if name else "''"
    return shell.command(
        f'barbican container {new} {shell.word(kind)}', *parts
    )


def delete(variable: str) -> str:
    """Give the command that deletes a secret."""
    return f'barbican delete {shell.value(variable)}'
