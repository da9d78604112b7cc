"""`consent review`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server.cli.output import Facts, minute, plain, print_json, print_table, stamp, word
from server.cli.session import database_option, every_page, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.cli.times import duration
from server.cli.wording import person_words, recipient_facts
from server.cli.words import Words
from server.domain.model import Resolution
from server.usecases.pages import MAX_PAGE_SIZE
from server.usecases.reviews import Review, list_reviews, resolve_review

_SECOND = 1_000_000
_TITLES = ("ID", "KIND", "AGE", "SENDER", "FROM", "MESSAGE", "JUDGED (UTC)")


@click.group(
    epilog="""\b
    Examples:
      consent review list --tenant acme
      consent review resolve ID --tenant acme --as opt-out --note "Ann called back"
    """
)
def review() -> None:
    """Judge messages that may have been a no.

    A stop-suspected item is a message that may be a no: nothing is sent until it is judged. A wider-opt-out item is a
    yes that a wider no forbids.
    """


@review.command("list", epilog="Example: consent review list --tenant acme --sender shop --all --json")
@tenant_option
@click.option("--sender", default="", metavar="ID", type=Bounded("ListReviewItemsRequest.sender"), help="Of it only.")
@click.option("--all", "with_resolved", is_flag=True, help="Those that were judged too.")
@database_option
@json_option
def list_all(tenant: str, sender: str, with_resolved: bool, database: str, as_json: bool) -> None:
    """List what waits for judgement.

    The oldest comes first. The age is how long an item has waited, or had when it was judged.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        found = place.read(
            lambda snapshot: list(
                every_page(
                    lambda token: list_reviews(
                        snapshot, place.principal, place.tokens, sender, None, with_resolved, MAX_PAGE_SIZE, token
                    )
                )
            )
        )
    if as_json:
        print_json([review_facts(item) for item in found])
    else:
        print_reviews(found)


@review.command(epilog="Example: consent review resolve ID --tenant acme --as not-an-opt-out")
@tenant_option
@click.argument("item_id", metavar="ID")
@click.option(
    "--as",
    "resolution",
    required=True,
    type=Words(Resolution),
    help="opt-out records the no, not-an-opt-out takes the suspicion back; both are for stop-suspected. dismissed is "
    "for wider-opt-out.",
)
@click.option(
    "--note",
    default="",
    type=Bounded("ResolveReviewItemRequest.note"),
    help="Who judged, and why. It stays as evidence.",
)
@database_option
@json_option
def resolve(tenant: str, item_id: str, resolution: Resolution, note: str, database: str, as_json: bool) -> None:
    """Judge the item ID.

    The same judgement again changes nothing; another one is refused.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        judged = place.write(lambda tx: resolve_review(tx, place.principal, item_id, resolution, note))
    if as_json:
        print_json(review_facts(judged))
    else:
        print_reviews([judged])


def review_facts(value: Review) -> Facts:
    """An item for programs, in the contract's names."""
    item = value.item
    return {
        "id": item.id,
        "kind": item.kind.name,
        "recipient": recipient_facts(value.recipient),
        "sender": item.sender_id,
        "revision": item.revision,
        "body": value.body or None,
        "create_time": stamp(item.create_time),
        "age_seconds": value.age // _SECOND,
        "resolution": item.resolution.name if item.resolution else None,
        "resolve_time": stamp(item.resolve_time),
    }


def print_reviews(reviews: Sequence[Review]) -> None:
    """Items for a person."""
    rows = [
        (
            each.item.id,
            word(each.item.kind),
            duration(each.age),
            each.item.sender_id,
            person_words(each.recipient),
            plain(each.body) or "-",
            f"{word(each.item.resolution)}, {minute(each.item.resolve_time)}" if each.item.resolution else "-",
        )
        for each in reviews
    ]
    print_table(_TITLES, rows, "nothing waits to be judged")
