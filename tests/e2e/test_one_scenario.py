"""One person's story of consent, told once, through each way in: the same verdicts, reasons and records."""

from __future__ import annotations

import pytest

from server.gateway.bindings import BINDINGS
from tests.e2e.accounts import CLIENT, STORE, Account
from tests.e2e.process import Served
from tests.e2e.ways.missing import MISSING, WAYS, having
from tests.e2e.ways.way import STEPS, Event, Question, Saying, Standing, Way, steps_of

NUMBERS = dict(zip((kind.name for kind in WAYS), range(6_502_536_000, 6_502_536_999), strict=False))
FORM = {
    "method": "WEB_FORM",
    "text_shown": "Yes, send me offers.",
    "text_version": "2026-11",
    "language": "en",
    "url": "https://brand.example/join",
    "ip_address": "203.0.113.7",
    "user_agent": "Browser/1.0",
    "jurisdiction": "US-CA",
}
DOUBT = "please stop texting me"

STANDING = [
    Standing("*", "*", "OPTED_OUT", "", suspected=False),
    Standing(CLIENT, "*", "OPTED_IN", "EXPRESS", suspected=False),
    Standing(CLIENT, "marketing", "OPTED_IN", "EXPRESS_WRITTEN", suspected=False),
]
EVENTS = [
    Event("OPT_IN", CLIENT, "marketing", "RECIPIENT"),
    Event("OPT_OUT", CLIENT, "*", "RECIPIENT"),
    Event("OPT_IN", CLIENT, "*", "BUSINESS", "PROTECTED_OPT_OUT"),
    Event("OPT_IN", CLIENT, "*", "IMPORT", "PROTECTED_OPT_OUT"),
    Event("OPT_IN", CLIENT, "*", "RECIPIENT"),
    Event("SUSPECT", CLIENT, "*", "RECIPIENT"),
    Event("CLEAR", CLIENT, "*", "BUSINESS"),
    Event("OPT_OUT", "*", "*", "RECIPIENT"),
    Event("OPT_IN", CLIENT, "marketing", "RECIPIENT", "WIDER_OPT_OUT"),
    Event("OPT_IN", CLIENT, "*", "RECIPIENT", "WIDER_OPT_OUT"),
]
"""What the story leaves, whichever way it was told."""


@pytest.fixture(params=WAYS, ids=lambda kind: kind.name)
def way(request: pytest.FixtureRequest, served: Served, account: Account) -> Way:
    kind: type[Way] = request.param
    return kind(served, account)


@pytest.fixture
def address(way: Way) -> str:
    """A number that no other way tells of."""
    return f"+1{NUMBERS[way.name]}"


def told(way: Way, address: str, purpose: str = "marketing", sender: str = CLIENT) -> str:
    """`ALLOW OPTED_IN`: the verdict and its reason, now."""
    return way.check(Question(address, purpose, sender)).told


@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.name)
def test_what_a_way_has_not_is_a_decision(kind: type[Way]) -> None:
    assert frozenset(STEPS) - steps_of(kind) == MISSING[kind.name].keys()


def test_json_has_what_is_annotated() -> None:
    """A path more, and the table of what JSON has not must be thought over."""
    assert {binding.method.name for binding in BINDINGS} == {
        "CheckConsent",
        "BatchCheckConsent",
        "RecordConsent",
        "ListConsents",
        "ListConsentEvents",
        "HandleInboundMessage",
    }


def test_the_story(way: Way, address: str) -> None:
    # Nobody ever said anything.
    nothing = way.check(Question(address))
    assert nothing.told == "DENY NO_CONSENT"
    assert told(way, address, "transactional") == "ALLOW ALLOWED_BY_RULE"

    # The person says yes in a form; once more is no news.
    agreed = Saying(address, "EXPRESS_WRITTEN", "RECIPIENT", evidence=FORM)
    yes = way.record(agreed)
    assert (yes.applied, yes.unchanged, yes.not_applied) == (True, False, "")
    allowed = way.check(Question(address))
    assert allowed.told == "ALLOW OPTED_IN"
    assert having(way, "check_campaign").check_campaign([address, "nobody"]) == [
        "ALLOW OPTED_IN",
        "DENY INVALID_RECIPIENT",
    ]

    # A call for help is answered by a permit, and changes nothing.
    helped = way.hear(address, "HELP", f"help-{address}")
    assert (helped.intent, helped.outcome, helped.item) == ("HELP", None, "")
    reply = having(way, "check_reply").check_reply(Question(address, permit=helped.permit))
    assert reply.told == "ALLOW REPLY_PERMIT"

    # STOP is a no to everything of this sender. The business cannot lift it, nor a file.
    stopped = way.hear(address, "Stop!!", f"stop-{address}")
    assert stopped.intent == "STOP"
    assert stopped.outcome is not None
    assert stopped.outcome.applied
    for purpose in ("marketing", "transactional"):
        assert told(way, address, purpose) == "DENY OPTED_OUT"
    for actor in ("BUSINESS", "IMPORT"):
        refused = way.record(Saying(address, "EXPRESS_WRITTEN", actor, purpose="*"))
        assert (refused.applied, refused.not_applied) == (False, "PROTECTED_OPT_OUT")
    assert told(way, address) == "DENY OPTED_OUT"

    # The person's own START lifts it.
    started = way.hear(address, "start", f"start-{address}")
    assert (started.intent, bool(started.permit)) == ("START", True)
    assert told(way, address, "informational") == "ALLOW OPTED_IN"

    # A doubt denies until it is judged.
    doubt = way.hear(address, DOUBT, f"doubt-{address}")
    assert doubt.intent == "STOP_SUSPECTED"
    assert told(way, address) == "DENY OPT_OUT_SUSPECTED"
    assert having(way, "waiting").waiting()[doubt.item] == "STOP_SUSPECTED"
    assert having(way, "judge").judge(doubt.item, "NOT_AN_OPT_OUT") == "NOT_AN_OPT_OUT"
    assert doubt.item not in having(way, "waiting").waiting()
    assert told(way, address, "informational") == "ALLOW OPTED_IN"

    # A wider no: a narrower yes is recorded without effect, and so is START at one sender.
    left = {"method": "CALL", "artifact_hash": "sha256:0123"}
    assert way.record(Saying(address, "", "RECIPIENT", "*", "*", left)).applied
    narrower = way.record(agreed)
    assert (narrower.applied, narrower.not_applied) == (False, "WIDER_OPT_OUT")
    again = way.hear(address, "START", f"again-{address}")
    assert again.outcome is not None
    assert (again.intent, again.outcome.not_applied, again.permit) == ("START", "WIDER_OPT_OUT", "")
    assert having(way, "waiting").waiting()[again.item] == "WIDER_OPT_OUT"
    for sender in (CLIENT, STORE):
        assert told(way, address, "transactional", sender) == "DENY OPTED_OUT"

    # What stands, and how it came to be.
    assert way.consents(address) == STANDING
    events = way.events(address)
    assert events == EVENTS
    assert events[0].evidence == FORM
    assert events[1].evidence["body"] == "Stop!!"
    assert events[7].evidence == left

    # How it stood then: by revision, by moment, and by both, which asks the same question again.
    assert way.check(Question(address, revision=yes.revision)).told == "ALLOW OPTED_IN"
    assert way.check(Question(address, revision=yes.revision - 1)).told == "DENY NO_CONSENT"
    assert way.check(Question(address, moment=nothing.moment)).told == "DENY NO_CONSENT"
    assert way.check(Question(address, revision=allowed.revision, moment=allowed.moment)) == allowed
    assert having(way, "verify").verify()
