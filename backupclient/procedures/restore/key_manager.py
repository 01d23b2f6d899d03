# SPDX-License-Identifier: Apache-2.0
"""Shell commands that talk to the key manager.

``openstack secret`` is not enough: it gives each secret an algorithm, and
sets no user metadata. It stores a text in one request, from which Barbican
strips blanks and line breaks; in two requests it needs the payload as an
argument, which all users of the machine can see. So the commands call a shell
function that runs some lines of Python with openstacksdk, which every
OpenStack client has.
"""

from collections.abc import Iterable, Mapping
import dataclasses
import json

from backupclient.cloud import new_secrets
from backupclient.model import resources
from backupclient.model import secret_facts
from backupclient.procedures.restore import shell

# The program stands between single quotes of bash, so it has no single quote
# and no exclamation mark. "if True" allows any indentation of the page.
#
# For safety, the ACL is set before the payload. Only a payload whose type a
# PUT does not accept is sent with the POST, base64-encoded, so that Barbican
# does not strip it.
_PROGRAM = """\
if True:
    import base64, hashlib, json, sys, time, openstack
    service = openstack.connect().key_manager
    def ask(method, path, **more):
        answer = service.request(path, method, log=False,
            raise_exc=False, connect_retries=0, **more)
        if answer.status_code >= 300:
            sys.exit("%s %s: %s" % (method, path, answer.text))
        return answer
    def payload_of(told):
        payload = sys.stdin.buffer.read()
        if told.get("digits"):
            payload = bytes.fromhex(payload.decode("ascii"))
        wanted = told.get("sha256", "")
        found = hashlib.sha256(payload).hexdigest()
        if not payload or wanted not in ("", found):
            sys.exit("Nothing was stored: "
                     + ("the payload is not what was backed up."
                        if payload else "there is no payload to read."))
        return payload
    def store(name, told):
        told = json.loads(told)
        secret, content = told["secret"], told.get("payload", "")
        payload = payload_of(told) if content else b""
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
        new = address.rsplit("/", 1)[-1]
        path = "/secrets/" + new
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
        print("Stored:", address, file=sys.stderr)
        print(new)
    def container(name, kind, *pairs):
        members = [{"name": role or None, "secret_ref":
                    ask("GET", "/secrets/" + new).json()["secret_ref"]}
                   for role, new in zip(pairs[::2], pairs[1::2])]
        body = {"name": name, "type": kind, "secret_refs": members}
        print(ask("POST", "/containers", json=body).json()["container_ref"])
    def delete(new):
        ask("DELETE", "/secrets/" + new)
    {"store": store, "container": container, "delete": delete}[
        sys.argv[1]](*sys.argv[2:])
"""

FUNCTION = f"""\
barbican() {{  # needs the Python of the OpenStack client, and its SDK
    ${{PYTHON:-$(head -n 1 "$(command -v openstack)" | cut -c 3-)}} \\
        -c '{_PROGRAM}' "$@"
}}"""
"""The definition of the shell function that the commands call."""


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """The description of a new secret. As text: a JSON argument for bash.

    :param secret: the fields of the POST, without the name.
    :param content: the type of the payload, ``''`` for none.
    :param read: the ACL for reading, None for Barbican's default.
    :param metadata: the user's metadata.
    :param sha256: the payload's sha256, ``''`` if it is not known.
    :param digits: the file has the payload as hexadecimal digits.
    """

    secret: Mapping[str, object]
    content: str = ''
    read: Mapping[str, object] | None = None
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sha256: str = ''
    digits: bool = False

    def __str__(self) -> str:
        parts = {
            'secret': self.secret,
            'read': self.read,
            'metadata': self.metadata or None,
            'payload': self.content or None,
            'sha256': self.sha256 or None,
            'digits': self.digits or None,
        }
        lines = (
            f'    "{name}": {_json(part)}'
            for name, part in parts.items()
            if part is not None
        )
        return "'{{\n{}}}'".format(',\n'.join(lines))


def _json(value: object) -> str:
    """Return printable JSON that can stand between single quotes of bash."""
    text = json.dumps(value, sort_keys=True)
    for character in "'!\x7f":
        text = text.replace(character, f'\\u{ord(character):04x}')
    return text


def like(
    secret: resources.Secret, metadata: Mapping[str, str], sha256: str
) -> Told:
    """Return the description of a new secret that equals a backed-up one.

    :param metadata: the user's metadata.
    :param sha256: the payload's sha256, ``''`` if it is not known.
    """
    fields = {
        'secret_type': secret.secret_type,
        'algorithm': secret.algorithm,
        'bit_length': secret.bit_length,
        'mode': secret.mode,
        'expiration': secret.expires_at,
    }
    acl = secret.acl or secret_facts.Acl()
    return Told(
        {name: value for name, value in fields.items() if value},
        new_secrets.plain_type(secret.content_type),
        None
        if acl == secret_facts.Acl()
        else {'project-access': acl.project_access, 'users': [*acl.users]},
        metadata,
        sha256 if secret.content_type else '',
    )


def store(variable: str, source: str, name: str, told: Told) -> str:
    """Return the command that stores a secret.

    It reads the payload from standard input: other users of the machine could
    see an argument.

    :param variable: the shell variable for the new secret's ID.
    :param source: the command that writes the payload, ``''`` for none.
    """
    piped = f'{source} |\n    ' if source else ''
    return f'{variable}=$({piped}barbican store {shell.word(name)} {told})'


def container(name: str, kind: str, members: Iterable[tuple[str, str]]) -> str:
    """Return the command that makes a container.

    :param kind: Barbican's type of the container.
    :param members: each secret's role, and the shell variable with its ID.
    """
    return shell.command(
        f'barbican container {shell.word(name)} {shell.word(kind)}',
        *(
            f'{shell.word(role)} {shell.value(variable)}'
            for role, variable in members
        ),
    )


def delete(variable: str) -> str:
    """Return the command that deletes a secret.

    :param variable: the shell variable with the secret's ID.
    """
    return f'barbican delete {shell.value(variable)}'
