"""What of a record counts for the reason of a verdict, packed into one number.

So a database can answer it for thousands of recipients, and the policy judges each combination once.
A standing at a moment: the state (1 to 3), 4 times the strength (0: none), 16 where an opt-out is suspected, 32 where
a request is open, 64 where a yes has ended.
"""

from __future__ import annotations

from functools import cache

from server.domain.errors import StorageUnavailable
from server.domain.model import Instant, Purpose, Record, Scope, Sender, State, Strength
from server.domain.policy import Reason, decide

STRENGTH = 4
SUSPECTED = 16
REQUESTED = 32
ENDED = 64

_STATE_MASK = STRENGTH - 1


def standing(record: Record, moment: Instant) -> int:
    """Pack a record as it stands at a moment."""
    ended = record.expire_time is not None and record.expire_time <= moment
    return (
        record.state
        + STRENGTH * (record.strength or 0)
        + SUSPECTED * (record.suspect_time is not None)
        + REQUESTED * (record.request_time is not None)
        + ENDED * ended
    )


@cache
def forbids(number: int) -> bool:
    """Whether it is a no or a suspicion, which the sibling channel shares."""
    return number & _STATE_MASK == State.OPTED_OUT or bool(number & SUSPECTED)


class Judge:
    """Answers the reason for one sender and purpose; `policy.decide` is asked once for each combination."""

    def __init__(self, sender: Sender, purpose: Purpose) -> None:
        self._sender = sender
        self._purpose = purpose
        self._reasons: dict[tuple[int, ...], Reason] = {}

    def reason(self, standings: tuple[int, ...]) -> Reason:
        """The reason where these are the standings of all covering records."""
        reason = self._reasons.get(standings)
        if reason is None:
            records = [self._record(number) for number in standings]
            reason = self._reasons[standings] = decide(self._sender, self._purpose, records, _NOW).reason
        return reason

    def _record(self, number: int) -> Record:
        """A record of this standing at `_NOW`. Raises StorageUnavailable for a number that is none."""
        strength = number % SUSPECTED // STRENGTH
        state = number & _STATE_MASK
        if not state:
            raise StorageUnavailable
        return Record(
            recipient_id=0,
            scope=Scope(self._sender.id, self._purpose.id),
            state=State(state),
            strength=Strength(strength) if strength else None,
            suspect_time=_NOW if number & SUSPECTED else None,
            request_time=_NOW if number & REQUESTED else None,
            expire_time=_NOW if number & ENDED else None,
        )


_NOW: Instant = 1
