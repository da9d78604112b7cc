"""Bad input through each way in: the same refusal, of the same field, in the same words, and no trace of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from consent.v1 import admin_pb2

from tests.e2e.accounts import Account, calling, open_account
from tests.e2e.process import Served
from tests.e2e.ways.missing import MISSING, WAYS, having
from tests.e2e.ways.way import Question, Refusal, Refused, Saying, Way

FAR = datetime(2100, 1, 1, tzinfo=UTC)
PAST = datetime(2026, 1, 2, tzinfo=UTC)
THEIRS = "sender-of-the-newcomer"
NUMBERS = dict(zip((kind.name for kind in WAYS), range(6_502_537_000, 6_502_537_999), strict=False))

NOT_A_PERMIT = Refusal(
    "INVALID_REPLY_PERMIT",
    (("reply_permit", "the permit is not one of this service's, has ended, or is for another sender or recipient"),),
)
Asked = Callable[[Way, str], object]

CASES: dict[str, tuple[str, Asked, Refusal]] = {
    "as of a moment to come": (
        "check",
        lambda way, address: way.check(Question(address, moment=FAR)),
        Refusal("INVALID_FIELD", (("as_of_time", "is in the future"),)),
    ),
    "effective in the far future": (
        "record",
        lambda way, address: way.record(Saying(address, "EXPRESS", effective=FAR)),
        Refusal("INVALID_FIELD", (("statement.effective_time", "is more than five minutes in the future"),)),
    ),
    "ends before it begins": (
        "record",
        lambda way, address: way.record(
            Saying(address, "EXPRESS", effective=PAST, expires=PAST - timedelta(microseconds=1))
        ),
        Refusal("INVALID_FIELD", (("statement.expire_time", "must be after the effective time"),)),
    ),
    "10,001 items": (
        "check_batch",
        lambda way, address: way.check_batch([address] * 10_001),
        Refusal("INVALID_FIELD", (("addresses", "at most 10000, not 10001"),)),
    ),
    "an empty message": (
        "hear",
        lambda way, address: way.hear(address, "", f"empty-{address}"),
        Refusal("INVALID_FIELD", (("body", "is needed"),)),
    ),
    "a forged permit": (
        "check_reply",
        lambda way, address: way.check_reply(Question(address, permit=forged(way, address))),
        NOT_A_PERMIT,
    ),
    "a sender of another tenant": (
        "check",
        lambda way, address: way.check(Question(address, sender=THEIRS)),
        Refusal("SENDER_NOT_FOUND"),
    ),
}


def those_with(step: str) -> list[type[Way]]:
    """The ways that have this step."""
    return [kind for kind in WAYS if step not in MISSING[kind.name]]


def name_of(parameter: type[Way] | str) -> str:
    """What a test is called by."""
    return parameter if isinstance(parameter, str) else parameter.name


PAIRS = [(kind, name) for name, (step, *_) in CASES.items() for kind in those_with(step)]


def forged(way: Way, address: str) -> str:
    """A permit that differs in one character of its middle from one that was given."""
    permit = way.hear(address, "HELP", f"permit-{address}").permit
    middle = len(permit) // 2
    return permit[:middle] + ("A" if permit[middle] != "A" else "B") + permit[middle + 1 :]


@pytest.fixture(scope="session")
def newcomer(served: Served) -> Account:
    """Another tenant, with a sender of its own."""
    opened = open_account(served, "newcomer")
    with calling(served, opened) as caller:
        sender = admin_pb2.Sender(id=THEIRS, kind=admin_pb2.SENDER_KIND_OTHER)
        caller.admin.CreateSender(admin_pb2.CreateSenderRequest(sender=sender), metadata=caller.as_admin)
    return opened


def refusal(ask: Callable[[], object]) -> Refusal:
    """Ask for what must be refused."""
    with pytest.raises(Refused) as raised:
        ask()
    return raised.value.refusal


@pytest.mark.parametrize(("kind", "name"), PAIRS, ids=name_of)
def test_the_same_refusal(kind: type[Way], name: str, served: Served, account: Account, newcomer: Account) -> None:
    way, address = kind(served, account), f"+1{NUMBERS[kind.name]}"
    _, ask, wanted = CASES[name]
    found = refusal(lambda: ask(way, address))
    assert (found.reason, [field for field, _ in found.fields]) == (
        wanted.reason,
        [field for field, _ in wanted.fields],
    )
    assert found == wanted
    assert having(way, "events").events(address) == []


@pytest.mark.parametrize("kind", those_with("record_once"), ids=name_of)
def test_two_bodies_under_one_request_id(kind: type[Way], served: Served, account: Account) -> None:
    way, address = kind(served, account), f"+1{NUMBERS[kind.name] + 100}"
    saying, once = Saying(address, "EXPRESS_WRITTEN"), f"once-{address[1:]}"
    assert way.record_once(saying, once) == way.record_once(saying, once)
    found = refusal(lambda: way.record_once(Saying(address), once))
    assert found == Refusal("REQUEST_ID_REUSED", (("request_id", "the request id was used with another body"),))
    assert way.check(Question(address)).told == "ALLOW OPTED_IN"
    assert len(way.events(address)) == 1


@pytest.mark.parametrize("kind", WAYS, ids=name_of)
def test_a_credential_of_another_tenant(kind: type[Way], served: Served, account: Account, newcomer: Account) -> None:
    """It sees nothing, judges nothing and answers nobody here; what it records is its own."""
    way, address = kind(served, account), f"+1{NUMBERS[kind.name] + 200}"
    other = way.within(newcomer)
    heard = way.hear(address, "please stop texting me", f"doubt-{address}")
    helped = way.hear(address, "HELP", f"help-{address}")
    assert other.check(Question(address)).told == "DENY NO_CONSENT"
    assert (other.events(address), other.consents(address)) == ([], [])
    assert heard.item not in having(other, "waiting").waiting()
    judging = having(other, "judge")
    assert refusal(lambda: judging.judge(heard.item, "NOT_AN_OPT_OUT")) == Refusal("REVIEW_ITEM_NOT_FOUND")
    replying = having(other, "check_reply")
    found = refusal(lambda: replying.check_reply(Question(address, permit=helped.permit)))
    assert found == NOT_A_PERMIT
    assert other.record(Saying(address, "EXPRESS_WRITTEN")).applied
    assert way.check(Question(address)).told == "DENY OPT_OUT_SUSPECTED"


@pytest.mark.parametrize("kind", those_with("check_campaign"), ids=name_of)
def test_a_campaign_of_the_largest_batch_is_answered(kind: type[Way], served: Served, account: Account) -> None:
    addresses = [f"+1{NUMBERS[kind.name] + 300}"] * 10_000
    assert set(kind(served, account).check_campaign(addresses)) == {"DENY NO_CONSENT"}
