"""Pages by AIP-158, of each RPC that has them: opaque, bound to their question, without gaps or doubles."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest

from server.domain.model import Role
from server.usecases.credentials import CredentialDraft
from server.usecases.tenants import operator
from tests.servicer import tenants
from tests.servicer.answers import EXPRESS, OTHER_PHONE, PHONE, hear, relay
from tests.servicer.refusals import refused
from tests.servicer.world import METHODS, Caller, World


@dataclass(frozen=True)
class Listing:
    """An RPC with page tokens: its field of items, what one is known by, and other questions it can be asked."""

    items: str
    identity: Callable[[Any], Any] = lambda item: item.id
    others: list[dict[str, Any]] = field(default_factory=list)


LISTINGS = {
    "ListConsents": Listing(
        "consents",
        lambda item: (item.recipient.channel, item.recipient.address, item.sender, item.purpose),
        [{"sender": tenants.CLIENT}, {"sender": "*"}, {"recipient": {"channel": 1, "address": PHONE}}],
    ),
    "ListConsentEvents": Listing(
        "events",
        lambda item: item.revision,
        [
            *({"sender": "*"}, {"kind": 1}, {"actor": 1}, {"as_of_revision": 3}),
            {"recipient": {"channel": 1, "address": PHONE}},
        ],
    ),
    "ListReviewItems": Listing(
        "items",
        lambda item: (item.create_time.ToNanoseconds(), item.id),
        [{"sender": tenants.DEPARTMENT}, {"sender": tenants.WIDE_DEPARTMENT}, {"kind": 1}, {"kind": 2}],
    ),
    "ListSenders": Listing("senders"),
    "ListPurposes": Listing("purposes"),
    "ListContacts": Listing("contacts", others=[{"email": "shared@example.com"}]),
    "ListCredentials": Listing("credentials"),
}
each = pytest.mark.parametrize("rpc", LISTINGS)
COUNT = 7
SIGNATURE = 16


@pytest.fixture
def filled(world: World, admin: Caller) -> World:
    """At least seven things of each kind, in both tenants' reach where they can be."""
    for number in range(COUNT):
        address = f"+1650555200{number}"
        relay(admin, tenants.CLIENT, EXPRESS, address)
        admin.CreateSender(sender={"id": f"s{number}", "kind": 4})
        admin.CreateContact(contact={"id": f"c{number}", "email": "Shared@example.com", "mobile": address})
        admin.CreateCredential(credential={"role": 1})
        admin.CreatePurpose(purpose={"id": f"p{number}", "rule": 2})
        hear(admin, tenants.WIDE_DEPARTMENT, "STOP_SUSPECTED_MESSAGE_RECEIVED", address)
    for number in range(3):
        relay(admin, f"{tenants.CLIENT[:-1]}{number % 2 + 1}", EXPRESS, PHONE)
    hear(admin, tenants.WIDE_DEPARTMENT, "STOP_MESSAGE_RECEIVED", PHONE, OTHER_PHONE)
    for address in (PHONE, OTHER_PHONE):
        hear(admin, tenants.DEPARTMENT, "OPTIN_MESSAGE_RECEIVED", address)
    return world


def walk(caller: Caller, rpc: str, size: int, **question: Any) -> list[list[Any]]:
    """All pages, as the identities of what they hold."""
    pages, token = [], ""
    while True:
        answer = getattr(caller, rpc)(page_size=size, page_token=token, **question)
        pages.append([LISTINGS[rpc].identity(item) for item in getattr(answer, LISTINGS[rpc].items)])
        token = answer.next_page_token
        if not token:
            return pages


def test_each_rpc_with_page_tokens_is_listed_here() -> None:
    assert set(LISTINGS) == {
        name for name, method in METHODS.items() if "page_token" in method.input_type.fields_by_name
    }


@each
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_walk_finds_each_thing_once_and_in_order(filled: World, admin: Caller, rpc: str, size: int) -> None:
    pages = walk(admin, rpc, size)
    found = [item for page in pages for item in page]
    assert len(found) == len(set(found)) >= COUNT
    assert found == [item for page in walk(admin, rpc, 1000) for item in page]
    assert all(len(page) == size for page in pages[:-1])
    assert pages[-1]
    if rpc != "ListConsents":
        assert found == sorted(found)


@each
def test_each_filtered_walk_finds_its_own_only(filled: World, admin: Caller, rpc: str) -> None:
    everything = {item for page in walk(admin, rpc, 1000) for item in page}
    for question in LISTINGS[rpc].others:
        found = [item for page in walk(admin, rpc, 1, **question) for item in page]
        assert len(found) == len(set(found)) > 0
        assert set(found) < everything


@each
def test_a_size_of_zero_is_the_default_a_large_one_is_clamped_a_negative_one_refused(
    filled: World, admin: Caller, rpc: str
) -> None:
    default = getattr(admin, rpc)()
    assert len(getattr(default, LISTINGS[rpc].items)) >= COUNT
    assert getattr(admin, rpc)(page_size=2**31 - 1) == default or rpc == "ListConsents"
    for size in (-1, -(2**31)):
        found = refused(getattr(admin, rpc), page_size=size)
        assert (found.reason, found.violations) == ("INVALID_FIELD", {"page_size": "OUT_OF_RANGE"})


def test_the_default_is_a_hundred_and_the_largest_a_thousand(world: World, admin: Caller) -> None:
    tenant_id = world.tenant_id(tenants.ACME)

    def many(tx: Any) -> None:
        for number in range(1001):
            tenants.add_key(tx, operator(tenant_id), f"one-of-very-many-keys-{number}", CredentialDraft(Role.READER))

    world.storage.write(tenant_id, many)
    assert len(admin.ListCredentials().credentials) == 100
    assert len(admin.ListCredentials(page_size=1001).credentials) == 1000


@each
def test_what_is_made_between_two_pages_neither_repeats_nor_hides_anything(
    filled: World, admin: Caller, rpc: str
) -> None:
    before = [item for page in walk(admin, rpc, 1000) for item in page]
    first = getattr(admin, rpc)(page_size=3)
    relay(admin, tenants.OTHER_CLIENT, EXPRESS, "+16505552999")
    admin.CreateSender(sender={"id": "aaa", "kind": 4})
    admin.CreatePurpose(purpose={"id": "aaa", "rule": 2})
    hear(admin, tenants.WIDE_DEPARTMENT, "STOP_SUSPECTED_MESSAGE_RECEIVED", "+16505552999")
    admin.CreateContact(contact={"id": "aaa"})
    admin.CreateCredential(credential={"role": 1})
    found = [LISTINGS[rpc].identity(item) for item in getattr(first, LISTINGS[rpc].items)]
    token = first.next_page_token
    while token:
        answer = getattr(admin, rpc)(page_size=3, page_token=token)
        found += [LISTINGS[rpc].identity(item) for item in getattr(answer, LISTINGS[rpc].items)]
        token = answer.next_page_token
    assert len(found) == len(set(found))
    assert set(before) <= set(found)


def _token(caller: Caller, rpc: str, **question: Any) -> str:
    token = str(getattr(caller, rpc)(page_size=1, **question).next_page_token)
    assert token
    return token


def _refuses(caller: Caller, rpc: str, token: str, **question: Any) -> None:
    found = refused(getattr(caller, rpc), page_token=token, **question)
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
    assert (found.metadata, found.violations) == ({}, {"page_token": "INVALID_FORMAT"})


@each
def test_a_tampered_token_is_refused_whatever_was_changed(filled: World, admin: Caller, rpc: str) -> None:
    token = _token(admin, rpc)
    for place, letter in enumerate(token[:-1]):
        _refuses(admin, rpc, token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :])
    for wrong in (token[:-1], token[1:], token + "AAAA", token + token, token[:16], "A", "=", "ü", " ", "[]", "0"):
        _refuses(admin, rpc, wrong)


@each
def test_a_token_is_bound_to_its_filter_tenant_and_listing(
    filled: World, admin: Caller, bound_admin: Caller, rival: Caller, rpc: str
) -> None:
    token = _token(admin, rpc)
    for question in LISTINGS[rpc].others:
        _refuses(admin, rpc, token, **question)
        _refuses(admin, rpc, _token(admin, rpc, **question))
    _refuses(rival, rpc, token)
    if rpc not in {"ListContacts", "ListPurposes"}:  # whose answers do not depend on what a caller is bound to
        _refuses(bound_admin, rpc, token)
    for other in LISTINGS:
        if other != rpc:
            _refuses(admin, other, token)


@each
def test_a_token_outlives_the_process_and_the_page_size(filled: World, admin: Caller, rpc: str) -> None:
    elsewhere = Caller(filled.another_process(), admin.metadata)
    answer = getattr(elsewhere, rpc)(page_size=2, page_token=_token(admin, rpc))
    ids = [LISTINGS[rpc].identity(item) for item in getattr(answer, LISTINGS[rpc].items)]
    assert ids == [item for page in walk(admin, rpc, 100) for item in page][1:3]


def test_a_token_of_consents_holds_no_address(filled: World, admin: Caller) -> None:
    token = _token(admin, "ListConsents")
    signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"6505552000" not in signed
    assert re.fullmatch(rb'\[\d+,"[^"+@]*","\*"\]', signed[SIGNATURE:])


def _senders(caller: Caller, **question: Any) -> set[str]:
    return {record.sender for record in caller.ListConsents(page_size=1000, **question).consents}


def test_a_bound_caller_sees_the_records_of_its_senders_and_the_tenants(filled: World, bound_reader: Caller) -> None:
    admin = filled.holder(tenants.ADMIN)
    assert _senders(admin) == {tenants.CLIENT, tenants.OTHER_CLIENT, "*"}
    assert _senders(bound_reader) == {tenants.CLIENT, "*"}
    assert {item[2] for page in walk(bound_reader, "ListConsents", 1) for item in page} == {tenants.CLIENT, "*"}
    assert _senders(bound_reader, sender="*") == {"*"}
    assert _senders(bound_reader, recipient={"channel": 1, "address": PHONE}) == {tenants.CLIENT, "*"}
    assert refused(bound_reader.ListConsents, sender=tenants.OTHER_CLIENT).reason == "SENDER_NOT_PERMITTED"


def test_a_bound_admin_lists_its_senders_and_what_is_no_wider_than_itself(filled: World, bound_admin: Caller) -> None:
    listed = [item for page in walk(bound_admin, "ListSenders", 1) for item in page]
    assert listed == sorted(tenants.BOUND_SENDERS)
    credentials = bound_admin.ListCredentials(page_size=1000).credentials
    assert all(credential.senders and set(credential.senders) <= tenants.BOUND_SENDERS for credential in credentials)
    assert tenants.SPARE in {credential.id for credential in credentials}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_of_credentials_do_not_show_that_there_are_others(filled: World, bound_admin: Caller, size: int) -> None:
    """What is outside a credential's senders must not show: not as an empty page, nor inside a token."""
    own = [credential.id for credential in bound_admin.ListCredentials(page_size=1000).credentials]
    pages = walk(bound_admin, "ListCredentials", size)
    assert pages == [own[start : start + size] for start in range(0, len(own), size)]


def test_the_revision_of_a_page_is_the_ledgers(filled: World, reader: Caller) -> None:
    assert reader.ListConsents().revision == len(filled.events(tenants.ACME))


def test_an_unknown_recipient_has_no_records(reader: Caller) -> None:
    answer = reader.ListConsents(recipient={"channel": 1, "address": "+16505550000"})
    assert (len(answer.consents), answer.next_page_token) == (0, "")
