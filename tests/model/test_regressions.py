"""Histories that once told service and model apart, shrunk, under the rule that they are about."""

from __future__ import annotations

from tests.model.conftest import NewDatabase
from tests.model.documented import Department, OptOutUser
from tests.model.game import play
from tests.model.rules import BUSINESS, BY_BUSINESS, RCS, RECIPIENT, SMS, WRITTEN, Key, Who
from tests.model.statements import Inbound, Record, Resolve, Stated
from tests.model.world import CLIENTS, DEPARTMENTS, PHONES, PROFILES

ANN = Who(SMS, PHONES[0])


def test_a_judged_suspicion_beside_an_older_stop_leaves_no_permit_wider_than_the_stop(
    new_database: NewDatabase,
) -> None:
    """The suspicion is dated later than the STOP whose reply is permitted, and is judged to be none after it."""
    doubt, stop = Inbound(PROFILES[0], ANN, "ok, stop", at=4), Inbound(PROFILES[0], ANN, "Stop!")
    play(new_database(), [doubt, stop, Resolve(0, no=False)])


def test_a_user_opted_out_before_the_users_own_newer_yes_stays_in(new_database: NewDatabase) -> None:
    """The yes is dated up to five minutes ahead (DESIGN section 3: a no no older is SUPERSEDED)."""
    yes = Stated("yes", Key(ANN, "*", "*"), RECIPIENT, at=4, strength=WRITTEN)
    play(new_database(), [Record((yes,)), OptOutUser("mobile", PHONES[0])])


def test_nothing_recorded_has_no_revision(new_database: NewDatabase) -> None:
    """A dry run answers what would happen, and revision 0."""
    no = Stated("no", Key(ANN, "*", "*"), RECIPIENT)
    play(new_database(), [Record((no,), dry=True)])


def test_a_yes_elsewhere_answers_no_suspicion_here(new_database: NewDatabase) -> None:
    """A judgement of one suspicion lets the other one deny until it is judged (WIRE section 1), though the recipient
    said yes to another sender since: only a yes at the same or a wider scope answers it (DESIGN section 3)."""
    doubts = [Inbound(PROFILES[0], ANN, "ok, stop", message) for message in ("i1", "i2")]
    elsewhere = Inbound(CLIENTS[0], ANN, "START")
    play(new_database(), [*doubts, elsewhere, Resolve(0, no=False)])


def test_a_yes_by_rcs_answers_no_request_by_sms(new_database: NewDatabase) -> None:
    """Channels are judged alone but for their noes (DESIGN section 1), so nobody was asked by RCS."""
    key = Key(ANN, DEPARTMENTS[0], "*")
    no = Stated("no", key, BUSINESS, lifted_by=BY_BUSINESS)
    request = Department(DEPARTMENTS[0], "USER_REQUESTED_SEND_OPTIN_REQUEST", (ANN,))
    play(new_database(), [Record((no,)), request, Inbound(DEPARTMENTS[0], Who(RCS, PHONES[0]), "YES")])
