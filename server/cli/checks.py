"""`consent check`."""

from __future__ import annotations

import click
from rich.text import Text

from server.cli.output import print_json, print_text
from server.cli.recipients import address_argument, channel_of, channel_option
from server.cli.session import Workplace, database_option, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.cli.times import read_as_of
from server.cli.verdicts import Explained, check_facts, explain_check
from server.domain.model import Channel
from server.domain.policy import Verdict
from server.storage.protocol import Snapshot
from server.usecases import access
from server.usecases.as_of import AsOf
from server.usecases.checks import Check, check_consent

EXIT_DENY = 3
_COLOURS = {Verdict.ALLOW: "bold green", Verdict.DENY: "bold red"}


@click.command(
    epilog="""\b
    Examples:
      consent check +16505551234 --tenant acme --sender shop --purpose marketing
      consent check +16505551234 --tenant acme --sender shop --purpose marketing --as-of 2026-03-01
      consent check ann@example.com --tenant acme --sender shop --purpose marketing --json
    """
)
@address_argument
@tenant_option
@click.option("--sender", required=True, metavar="ID", type=Bounded("CheckConsentRequest.sender"), help="Who sends.")
@click.option(
    "--purpose",
    "purposes",
    required=True,
    multiple=True,
    metavar="ID",
    type=Bounded("Purpose.id"),
    help="Why it is sent; may be given several times.",
)
@channel_option
@click.option(
    "--as-of",
    multiple=True,
    metavar="REVISION|TIME",
    callback=read_as_of,
    help="Ask how it stood at a revision of the ledger, or at a moment: a day such as 2027-01-31 (its beginning, UTC) "
    "or RFC 3339. Given twice, with a check's revision and check time, it asks that check's question again.",
)
@database_option
@json_option
@click.pass_context
def check(
    context: click.Context,
    address: str,
    tenant: str,
    sender: str,
    purposes: tuple[str, ...],
    channel: Channel | None,
    as_of: AsOf,
    database: str,
    as_json: bool,
) -> None:
    """Ask whether a message may be sent, and why.

    ADDRESS is a phone number or an e-mail address in any usual form. Numbers without + and a country code are read by
    the sender's country, else the tenant's.

    Exit code 0: it may be sent, for every purpose named; 3: it must not, for one of them or more; 1: the question was
    refused; 2: it could not be asked. Only 0 means yes.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        answer, explained = place.read(
            lambda snapshot: _ask(snapshot, place, sender, channel_of(address, channel), address, purposes, as_of)
        )
    if as_json:
        print_json(check_facts(answer, explained))
    else:
        print_text(*(line for each in explained for line in _lines(each)))
    denied = any(decision.verdict is not Verdict.ALLOW for _, decision in answer.decisions)
    context.exit(EXIT_DENY if denied else 0)


def _ask(
    snapshot: Snapshot,
    place: Workplace,
    sender_id: str,
    channel: Channel,
    address: str,
    purposes: tuple[str, ...],
    as_of: AsOf,
) -> tuple[Check, list[Explained]]:
    answer = check_consent(snapshot, place.principal, sender_id, channel, address, purposes, as_of=as_of)
    sender = access.find_sender(snapshot, place.principal, sender_id)
    return answer, explain_check(snapshot, sender, answer, as_of)


def _lines(explained: Explained) -> list[Text]:
    decision = explained.decision
    verdict = Text.assemble(
        (decision.verdict.name, _COLOURS[decision.verdict]), f"  {explained.purpose}  {decision.reason.name}"
    )
    return [verdict, Text("  " + explained.sentence)]
