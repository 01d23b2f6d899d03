# SPDX-License-Identifier: Apache-2.0
"""Commands that talk to the key manager.

``openstack secret`` can do less: it gives each secret an algorithm, takes no
user metadata, and stores a text in one step, in which Barbican strips blanks
and line breaks; in two steps it wants the payload as an argument, which all
users of the machine can see. So there is a function for the shell with some
lines of Python, for the SDK that every OpenStack client has.
"""

from collections.abc import Iterable, Mapping
import dataclasses
import json

from backupclient.cloud import new_secrets
from backupclient.model import resources
from backupclient.model import secret_facts
from backupclient.procedures.restore import shell

# Between single quotes of bash, so it has none, and no exclamation mark.
# "if True" makes it independent of the indentation of the page.
#
# The order is that of safety: the payload comes when those who may read it
# are known. Only the types that a PUT does not take come with the POST, in
# which Barbican keeps the bytes of what is encoded.
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
            sys.exit("Nothing was stored: the payload is not what was "
                     "backed up.")
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
"""A function for the shell, which the commands call."""


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What the new secret has to be.

    :param secret: the fields of the POST, without the name.
    :param content: the type of the payload, ``''`` for none.
    :param read: who may read it, None for what is usual.
    :param sha256: of the payload, ``''`` when not known.
    :param digits: the file has the hexadecimal digits of the payload.
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
    """Give JSON that shows all, for a place between single quotes."""
    text = json.dumps(value, sort_keys=True)
    for character in "'!\x7f":
        text = text.replace(character, f'\\u{ord(character):04x}')
    return text


def like(
    secret: resources.Secret, metadata: Mapping[str, str], sha256: str
) -> Told:
    """Give what a secret has to be that comes back as it was.

    :param metadata: of the user.
    :param sha256: of the payload, ``''`` when not known.
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
    """Give the command that stores a secret.

    A payload never goes through an argument.

    :param variable: keeps the new secret's ID.
    :param source: the command that writes the payload, ``''`` for none.
    """
    piped = f'{source} |\n    ' if source else ''
    return f'{variable}=$({piped}barbican store {shell.word(name)} {told})'


def container(name: str, kind: str, members: Iterable[tuple[str, str]]) -> str:
    """Give the command that makes a container.

    :param members: role and variable of each secret.
    """
    return shell.command(
        f'barbican container {shell.word(name)} {shell.word(kind)}',
        *(
            f'{shell.word(role)} {shell.value(variable)}'
            for role, variable in members
        ),
    )


def delete(variable: str) -> str:
    """Give the command that deletes a secret."""
    return f'barbican delete {shell.value(variable)}'
