"""`consent credential`."""

from __future__ import annotations

import sys

import click

from server.cli.credential_tables import facts, print_credentials
from server.cli.output import note, print_json, print_line, word
from server.cli.session import database_option, every_page, json_option, session, tenant_option
from server.cli.times import read_end, read_overlap
from server.cli.words import Words
from server.domain.model import Credential, Instant, Role
from server.storage.database import wall_clock
from server.usecases.credentials import (
    CredentialDraft,
    create_credential,
    find_credential,
    list_credentials,
    revoke_credential,
    rotate_credential,
)
from server.usecases.pages import MAX_PAGE_SIZE
from server.usecases.secrets import MAX_SECRET_LENGTH, NewSecret, prepare_secret

# A line of the longest secret in the widest characters, and room to see that one is longer.
_MAX_SECRET_BYTES = 4 * MAX_SECRET_LENGTH + 16


@click.group(
    epilog="""\b
    Examples:
      consent credential create --tenant acme --role writer
      consent credential create --tenant acme --role writer --sender relay_developer --expires 2027-12-31
      consent credential create --tenant acme --role writer --basic-user shop --secret-stdin < password.txt
      consent credential rotate --tenant acme --overlap 24h ID
    """
)
def credential() -> None:
    """Manage API keys and passwords.

    A credential is how a caller is known, and what it may do: its role and, where it is bound to some, its senders.
    """


@credential.command()
@tenant_option
@click.option(
    "--role",
    required=True,
    type=Words(Role),
    help="reader asks; writer also tells; admin also manages senders, contacts and credentials.",
)
@click.option(
    "--sender",
    "senders",
    multiple=True,
    metavar="ID",
    help="Bind it to this sender; may be given several times. Without it, it may act for every sender.",
)
@click.option("--basic-user", metavar="NAME", help="Make it a user name and password (HTTP Basic), not an API key.")
@click.option(
    "--secret-stdin",
    is_flag=True,
    help="Register the secret that a caller has already: the first line of standard input. Without it a new one is "
    "made and printed.",
)
@click.option("--allow-weak", is_flag=True, help="Allow the secret to have fewer than 16 characters.")
@click.option("--allow-force", is_flag=True, help="Allow FORCE, which lifts a protected no, with a reason.")
@click.option(
    "--expires",
    metavar="DATE",
    callback=read_end,
    help="When it ends: a day such as 2027-01-31, the whole of which it still works (UTC), or a moment in RFC 3339 "
    "such as 2027-01-31T18:00:00Z. Without it, it does not end by itself.",
)
@database_option
@json_option
def create(
    tenant: str,
    role: Role,
    senders: tuple[str, ...],
    basic_user: str | None,
    secret_stdin: bool,
    allow_weak: bool,
    allow_force: bool,
    expires: Instant | None,
    database: str,
    as_json: bool,
) -> None:
    """Make a credential and print its secret.

    The secret is shown this once and cannot be read back. It alone goes to standard output, so that a script can take
    it. One that came by --secret-stdin is not printed again.
    """
    if basic_user == "":
        raise click.BadParameter("is empty", param_hint="'--basic-user'")
    if allow_weak and not secret_stdin:
        raise click.UsageError("--allow-weak is about a secret that comes by --secret-stdin.")
    draft = CredentialDraft(role, frozenset(senders), basic_user or "", allow_force, expires)
    with session(database) as opened:
        place = opened.tenant(tenant)
        given = _read_secret() if secret_stdin else ""
        secret = prepare_secret(opened.keys, given, bool(basic_user), allow_weak)
        made = place.write(lambda tx: create_credential(tx, place.principal, draft, secret))
    kind = f"password of {basic_user}" if basic_user else "API key"
    _tell_secret(made, secret, f"made the credential {made.id} ({word(role)})", kind, as_json)


@credential.command("list")
@tenant_option
@database_option
@json_option
def list_all(tenant: str, database: str, as_json: bool) -> None:
    """List a tenant's credentials by id.

    Revoked and expired ones are there too; secrets never are.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        found = place.read(
            lambda snapshot: list(
                every_page(
                    lambda token: list_credentials(snapshot, place.principal, place.tokens, MAX_PAGE_SIZE, token)
                )
            )
        )
    if as_json:
        print_json([facts(credential) for credential in found])
    else:
        print_credentials(found, wall_clock())


@credential.command()
@tenant_option
@click.argument("credential_id", metavar="ID")
@database_option
@json_option
def revoke(tenant: str, credential_id: str, database: str, as_json: bool) -> None:
    """End the credential ID for good.

    Running servers refuse it within 30 seconds.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        revoked = place.write(lambda tx: revoke_credential(tx, place.principal, credential_id))
    if as_json:
        print_json(facts(revoked))
    else:
        print_credentials([revoked], wall_clock())


@credential.command()
@tenant_option
@click.option(
    "--overlap",
    "overlap_seconds",
    default="0",
    show_default=True,
    metavar="DURATION",
    callback=read_overlap,
    help="How long the old secret still works beside the new one: 30s, 90m, 24h or 7d; at most 30 days.",
)
@click.argument("credential_id", metavar="ID")
@database_option
@json_option
def rotate(tenant: str, overlap_seconds: int, credential_id: str, database: str, as_json: bool) -> None:
    """Give the credential ID a new secret.

    It is shown this once and cannot be read back. Running servers refuse the old secret within 30 seconds after the
    overlap. Standard output has the secret alone.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        known = place.read(lambda snapshot: find_credential(snapshot, place.principal, credential_id))
        secret = prepare_secret(opened.keys, "", bool(known.basic_user), allow_weak=False)
        rotated = place.write(lambda tx: rotate_credential(tx, place.principal, credential_id, secret, overlap_seconds))
    ended = f"the old secret works for {overlap_seconds:,} more seconds" if overlap_seconds else "the old secret ended"
    kind = f"new password of {known.basic_user}" if known.basic_user else "new API key"
    _tell_secret(rotated, secret, f"rotated the credential {rotated.id}; {ended}", kind, as_json)


def _read_secret() -> str:
    """The first line of standard input; typed at a terminal, it does not show."""
    if sys.stdin is not None and sys.stdin.isatty():
        return click.prompt("Secret", type=str, hide_input=True, err=True)
    line = sys.stdin.buffer.readline(_MAX_SECRET_BYTES).rstrip(b"\r\n") if sys.stdin is not None else b""
    if not line:
        raise click.UsageError("--secret-stdin: the first line of standard input is empty.")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise click.UsageError("--secret-stdin: the first line of standard input is not UTF-8 text.") from None


def _tell_secret(credential: Credential, secret: NewSecret, done: str, kind: str, as_json: bool) -> None:
    told = secret.text if secret.generated else None
    if as_json:
        print_json({**facts(credential), "secret": told})
        return
    if told is None:
        note(done)
        return
    note(f"{done}\nits {kind}, which is shown only this once:")
    print_line(told)
