"""`consent forget` and `consent hold`."""

from __future__ import annotations

import click

from server.cli.confirmation import confirm, require_reason, yes_option
from server.cli.output import Facts, print_json, print_line, second, stamp
from server.cli.recipients import address_argument, channel_of, channel_option
from server.cli.session import Workplace, database_option, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.domain.model import Channel
from server.usecases.addresses import read_recipient
from server.usecases.forgetting import Erasure, forget_recipient, plan_forgetting, set_legal_hold

_reason = Bounded("ForgetRecipientRequest.reason")


@click.command(
    epilog="""\b
    Examples:
      consent forget +16505551234 --tenant acme --reason "erasure request 4711"
      consent forget ann@example.com --tenant acme --reason "erasure request 4711" --yes --json
    """
)
@address_argument
@tenant_option
@click.option(
    "--reason",
    required=True,
    type=_reason,
    help="Why, such as the number of the person's request. No personal data: it is kept for ever.",
)
@channel_option
@yes_option
@database_option
@json_option
def forget(
    address: str, tenant: str, reason: str, channel: Channel | None, yes: bool, database: str, as_json: bool
) -> None:
    """Erase a person's data for good, on every channel.

    ADDRESS is a phone number or an e-mail address in any usual form. The address and all evidence are erased, also
    from contacts and kept answers; the events stay without them, so that the ledger still verifies, and a no still
    answers. What is printed is the certificate; it holds no personal data.

    Exit code 0: done; 1: refused (nothing is known of the address, or a legal hold is on it), or not confirmed; 2: a
    setting, an option or the database cannot be used.
    """
    require_reason(reason)
    with session(database) as opened:
        place = opened.tenant(tenant)
        kind = channel_of(address, channel)
        if not yes:
            _confirm(place, kind, address)
        plan = place.read(lambda snapshot: plan_forgetting(snapshot, place.principal, kind, address))
        erasure = place.write(lambda tx: forget_recipient(tx, place.principal, plan, reason))
    if as_json:
        print_json(_facts(erasure))
        return
    for line in _certificate(erasure, tenant, reason):
        print_line(line)


@click.command(
    epilog="""\b
    Examples:
      consent hold +16505551234 --tenant acme --reason "case 17 of 2026"
      consent hold +16505551234 --tenant acme --reason "case 17 is closed" --release
    """
)
@address_argument
@tenant_option
@click.option(
    "--reason",
    required=True,
    type=_reason,
    help="Why, such as the number of the case. No personal data: it is kept for ever.",
)
@channel_option
@click.option("--release", is_flag=True, help="Release the hold.")
@database_option
@json_option
def hold(
    address: str, tenant: str, reason: str, channel: Channel | None, release: bool, database: str, as_json: bool
) -> None:
    """Place a legal hold, so that a person is not forgotten.

    ADDRESS is a phone number or an e-mail address in any usual form. A hold can be placed before anything is
    known of it. Placing a hold that stands, or releasing one that does not, changes nothing.
    """
    require_reason(reason)
    with session(database) as opened:
        place = opened.tenant(tenant)
        kind = channel_of(address, channel)
        held = place.write(lambda tx: set_legal_hold(tx, place.principal, kind, address, not release, reason))
    if as_json:
        print_json({"held": held})
    else:
        print_line("A legal hold is on this recipient." if held else "No legal hold is on this recipient.")


def _confirm(place: Workplace, channel: Channel, address: str) -> None:
    recipient = place.read(lambda snapshot: read_recipient(snapshot, channel, address, "recipient.address"))
    question = f"Forget {recipient.address} in {place.tenant.name} for good? It cannot be undone."
    confirm(question, "forgets")


def _facts(erasure: Erasure) -> Facts:
    return {
        "revision": erasure.revision,
        "recipient_id": str(erasure.recipient_id),
        "erased_payload_count": erasure.payload_count,
        "erased_contact_count": erasure.contact_count,
        "erase_time": stamp(erasure.erase_time),
        "hash": erasure.hash.hex(),
    }


def _certificate(erasure: Erasure, tenant: str, reason: str) -> list[str]:
    return [
        "CERTIFICATE OF ERASURE",
        f"tenant        {tenant}",
        f"reason        {reason}",
        f"time          {second(erasure.erase_time)} UTC",
        f"revision      {erasure.revision}",
        f"recipient     {erasure.recipient_id}",
        f"payloads      {erasure.payload_count} erased",
        f"contacts      {erasure.contact_count} without the address now",
        f"hash          {erasure.hash.hex()}",
    ]
