"""`consent person`: a subject access request."""

from __future__ import annotations

from dataclasses import dataclass

import click
from rich.text import Text

from server.cli.output import Facts, minute, note, plain, print_json, print_line, print_table, print_text, stamp
from server.cli.recipients import address_argument, channel_of
from server.cli.reviews import print_reviews, review_facts
from server.cli.session import Workplace, database_option, every_page, json_option, session, tenant_option
from server.cli.timeline import Seen, event_facts, event_lines, events_of, find_people
from server.cli.wording import CHANNELS, record_facts, scope_words, state_words
from server.domain.forgetting import trace_finder
from server.domain.model import Channel, Contact, Recipient, Record
from server.storage.protocol import Addressee, AnswerKey, Snapshot
from server.usecases.addresses import read_recipient
from server.usecases.pages import MAX_PAGE_SIZE
from server.usecases.reviews import Review, list_reviews


@dataclass(frozen=True, slots=True)
class Person:
    """All that is held under one address."""

    recipients: list[tuple[Addressee, Recipient]]
    consents: list[tuple[Recipient, Record]]
    events: list[Seen]
    contacts: list[Contact]
    reviews: list[Review]
    answers: list[AnswerKey]

    @property
    def unknown(self) -> bool:
        """Whether nothing is held."""
        return not (self.recipients or self.contacts or self.answers)


@click.command(
    epilog="""\b
    Examples:
      consent person +16505551234 --tenant acme
      consent person ann@example.com --tenant acme --json > ann.json
    """
)
@address_argument
@tenant_option
@database_option
@json_option
def person(address: str, tenant: str, database: str, as_json: bool) -> None:
    """Tell all that is held on one person.

    ADDRESS is a phone number or an e-mail address in any usual form. It answers a request for access: the person's
    channels, consents, events with their evidence, contacts, messages to be judged, and the answers to callers that
    are kept for seven days and name the address. A person who is known by a number and by an e-mail address is asked
    for by each; the contacts tell the other one.
    """
    with session(database) as opened:
        place = opened.tenant(tenant)
        found = place.read(lambda snapshot: _gather(snapshot, place, address))
    if as_json:
        print_json(_facts(found))
    elif found.unknown:
        note("nothing is held under this address")
    else:
        _print(found)


def _gather(snapshot: Snapshot, place: Workplace, address: str) -> Person:
    channel = channel_of(address, None)
    asked = read_recipient(snapshot, channel, address, "recipient.address")
    people = find_people(snapshot, address, channel, only=False)
    known = [(each, owner) for each in people if (owner := snapshot.recipient(each.recipient_id)) is not None]
    contacts = snapshot.contacts_by_email if channel is Channel.EMAIL else snapshot.contacts_by_mobile
    return Person(
        recipients=known,
        consents=[pair for each, owner in known for pair in _consents(snapshot, asked, each, owner)],
        events=events_of(snapshot, people),
        contacts=list(contacts(asked.address)),
        reviews=_reviews(snapshot, place, {each.recipient_id for each in people}),
        answers=list(snapshot.answers_that(trace_finder(asked), since=0)),
    )


def _consents(
    snapshot: Snapshot, asked: Recipient, person: Addressee, owner: Recipient
) -> list[tuple[Recipient, Record]]:
    """The person's own records on one channel; the sibling's are its own."""
    records = snapshot.records(Recipient(person.channel, asked.address))
    return [(owner, record) for record in records if record.recipient_id == person.recipient_id]


def _reviews(snapshot: Snapshot, place: Workplace, ids: set[int]) -> list[Review]:
    """All items are looked through: they are few."""
    pages = every_page(
        lambda token: list_reviews(snapshot, place.principal, place.tokens, "", None, True, MAX_PAGE_SIZE, token)
    )
    return [review for review in pages if review.item.recipient_id in ids]


def _facts(found: Person) -> Facts:
    return {
        "recipients": [
            {
                "recipient_id": str(each.recipient_id),
                "channel": owner.channel.name,
                "address": None if owner.forgotten else owner.address,
                "forgotten": owner.forgotten,
                "legal_hold": each.held,
            }
            for each, owner in found.recipients
        ],
        "consents": [{"channel": owner.channel.name, **record_facts(record)} for owner, record in found.consents],
        "events": [event_facts(seen) for seen in found.events],
        "contacts": [_contact_facts(contact) for contact in found.contacts],
        "review_items": [review_facts(review) for review in found.reviews],
        "kept_answers": [
            {"credential_id": key.credential_id, "method": key.method, "request_id": key.request_id}
            for key in found.answers
        ],
    }


def _contact_facts(contact: Contact) -> Facts:
    return {
        "id": contact.id,
        "external_id": contact.external_id or None,
        "first": contact.first or None,
        "last": contact.last or None,
        "email": contact.email or None,
        "mobile": contact.mobile or None,
        "create_time": stamp(contact.create_time),
        "update_time": stamp(contact.update_time),
    }


def _print(found: Person) -> None:
    _head("Known as")
    for each, owner in found.recipients:
        told = "(forgotten)" if owner.forgotten else owner.address
        held = ", under a legal hold" if each.held else ""
        print_line(f"{told} by {CHANNELS[owner.channel]}, as recipient {each.recipient_id}{held}")
    _head("Consents")
    rows = [
        (CHANNELS[owner.channel], scope_words(record.scope), state_words(record), minute(record.effective_time))
        for owner, record in found.consents
    ]
    print_table(("CHANNEL", "SCOPE", "STATE", "SINCE (UTC)"), rows, "no consents")
    if found.events:
        _head("Events")
        print_text(*[line for seen in found.events for line in event_lines(seen)][:-1])
    if found.contacts:
        _head("Contacts")
        cells = [(c.id, c.external_id, c.first, c.last, c.email, c.mobile) for c in found.contacts]
        titles = ("ID", "EXTERNAL ID", "FIRST", "LAST", "EMAIL", "MOBILE")
        print_table(titles, [[plain(cell) or "-" for cell in row] for row in cells], "")
    if found.reviews:
        _head("Messages to be judged, or judged")
        print_reviews(found.reviews)
    if found.answers:
        _head("Answers that are kept for callers")
        answers = [(key.method, key.request_id, key.credential_id) for key in found.answers]
        print_table(("METHOD", "REQUEST ID", "CREDENTIAL"), answers, "")


def _head(title: str) -> None:
    print_text(Text(""), Text(title, "bold"))
