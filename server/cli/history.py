"""`consent history`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from server.cli.output import note, print_json, print_text
from server.cli.proof import write_proof
from server.cli.recipients import address_argument, channel_of
from server.cli.session import Refused, database_option, json_option, session, tenant_option
from server.cli.timeline import Seen, event_facts, event_lines, events_of, find_people
from server.cli.words import Words
from server.domain.model import Channel
from server.storage.protocol import Snapshot

_UNKNOWN = "nothing is known of this address"


@click.command(
    epilog="""\b
    Examples:
      consent history +16505551234 --tenant acme
      consent history ann@example.com --tenant acme --as-proof ann.json
    """
)
@address_argument
@tenant_option
@click.option(
    "--channel", type=Words(Channel), help="Of this channel only. Without it: of every one with this address."
)
@click.option(
    "--as-proof",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a JSON file that proves the events without this service: headers, evidence, salts, hashes, the links "
    "to the ledger's head, and how to verify them. It holds personal data; only you can read it (0600).",
)
@database_option
@json_option
def history(
    address: str, tenant: str, channel: Channel | None, as_proof: Path | None, database: str, as_json: bool
) -> None:
    """Tell all that was recorded about one person.

    ADDRESS is a phone number or an e-mail address in any usual form. The oldest event comes first: what was said and
    when, who said it, from where it was told and when it was recorded, what stood before and after, or why it had no
    effect, and the evidence. Times are in UTC.

    Exit code 0: done; 1: refused, or there is nothing to prove; 2: a file or the database cannot be used.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)

        def read(snapshot: Snapshot) -> list[Seen]:
            found = find_people(snapshot, address, channel_of(address, channel), only=channel is not None)
            events = events_of(snapshot, found)
            if as_proof is not None:
                if not events:
                    raise Refused(f"{_UNKNOWN}; there is nothing to prove")
                write_proof(snapshot, events, as_proof)
            return events

        events = place.read(read)
    if as_proof is not None:
        note(f"wrote {as_proof}; how to verify it is in its how_to_verify")
    _print(events, as_json, quiet=as_proof is not None)


def _print(events: Sequence[Seen], as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json([event_facts(seen) for seen in events])
    elif not events:
        note(_UNKNOWN)
    elif not quiet:
        lines: list[Text] = [line for seen in events for line in event_lines(seen)]
        print_text(*lines[:-1])
