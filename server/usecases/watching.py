"""WatchConsentEvents: the ledger as it grows, each event once and in order.

A watch reads pages of the ledger, each in a snapshot of its own, woken by this process's commits and at least every
200 ms, since other processes write too. It holds nothing while its caller is slow to take what it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from server.domain.errors import (
    FieldFault,
    InvalidField,
    InvalidPageToken,
    ResumeTokenOutOfRange,
    SenderNotPermitted,
    Violation,
)
from server.domain.model import ALL, Principal
from server.storage.protocol import EventFilter, Snapshot, Storage
from server.usecases import access
from server.usecases.events import SeenEvent, fitting
from server.usecases.pages import PageTokens

HEARTBEAT_SECONDS = 10.0
POLL_SECONDS = 0.2
# Between two looks, so that a busy ledger is read in pages and not event by event.
PAUSE_SECONDS = 0.005
EVENTS_A_MESSAGE = 200
# How many revisions one look passes over at most, where few of them are for this caller.
REVISIONS_A_LOOK = 5000


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """Where to begin, and which senders' events are wanted; none: all that the caller may see."""

    resume_token: str = ""
    after_revision: int = 0
    senders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WatchSignals:
    """What a watch asks of its surroundings.

    `check_open` raises where the watch must end, and answers False where its caller has gone; `check_credential`
    raises where the credential is no longer valid; `pause` waits; `monotonic` answers seconds.
    """

    check_open: Callable[[], bool]
    check_credential: Callable[[], object]
    pause: Callable[[float], object]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class WatchMessage:
    """Events, or none in a heartbeat; and where to go on after them."""

    events: Sequence[SeenEvent]
    resume_token: str
    revision: int


def watch_events(
    storage: Storage, principal: Principal, tokens: PageTokens, query: WatchQuery, signals: WatchSignals
) -> Iterator[WatchMessage]:
    """Answer events for ever; a heartbeat after ten seconds without one, and at once to who begins with the next.

    Raises InvalidField, SenderNotPermitted, ResumeTokenOutOfRange, what `signals` raises, or StorageUnavailable.
    """
    tenant_id = principal.tenant_id
    senders = _senders(principal, query.senders)
    commits = storage.await_commit(-1, 0)
    with storage.read(tenant_id) as snapshot:
        epoch = snapshot.tenant.epoch
        position = _begin(snapshot, tokens, query)

    def message(events: Sequence[SeenEvent]) -> WatchMessage:
        return WatchMessage(events, tokens.seal(_question(tenant_id), [epoch, position]), position)

    if query.after_revision < 0 and not query.resume_token:
        yield message(())
    told = checked = signals.monotonic()
    while signals.check_open():
        now = signals.monotonic()
        quiet = now - told >= HEARTBEAT_SECONDS
        if quiet or now - checked >= HEARTBEAT_SECONDS:
            signals.check_credential()
            checked = now
        with storage.read(tenant_id) as snapshot:
            events, position, more = _look(snapshot, position, senders)
        if events or quiet:
            yield message(events)
            told = signals.monotonic()
        if not more:
            commits = storage.await_commit(commits, POLL_SECONDS)
            signals.pause(PAUSE_SECONDS)


def _senders(principal: Principal, wanted: frozenset[str]) -> frozenset[str]:
    """The sender sides of the events to answer; empty: all."""
    visible = access.visible_senders(principal)
    if not wanted:
        return visible
    if visible and not wanted <= visible:
        raise SenderNotPermitted
    return wanted | {ALL}


def _question(tenant_id: int) -> tuple[object, ...]:
    return ("watch", tenant_id)


def _begin(snapshot: Snapshot, tokens: PageTokens, query: WatchQuery) -> int:
    """The revision after which the watch begins."""
    head = snapshot.tenant.head_revision
    if query.resume_token:
        try:
            position = tokens.open(_question(snapshot.tenant.id), query.resume_token)
        except InvalidPageToken as error:
            description = "is none of this service's, or of another tenant"
            raise InvalidField(Violation("resume_token", FieldFault.INVALID_FORMAT, description)) from error
        epoch, revision = position or ("", 0)
        if epoch != snapshot.tenant.epoch or int(revision) > head:
            raise ResumeTokenOutOfRange
        return int(revision)
    if query.after_revision > head:
        description = f"the ledger has revisions up to {head}"
        raise InvalidField(Violation("after_revision", FieldFault.OUT_OF_RANGE, description))
    return head if query.after_revision < 0 else query.after_revision


def _look(snapshot: Snapshot, position: int, senders: frozenset[str]) -> tuple[Sequence[SeenEvent], int, bool]:
    """Events after a position, the position after them, and whether there is more to look at."""
    head = snapshot.tenant.head_revision
    if position >= head:
        return (), position, False
    last = min(position + REVISIONS_A_LOOK, head)
    found = snapshot.events_where(EventFilter(position + 1, last, senders=senders), EVENTS_A_MESSAGE)
    events = fitting(found)
    if len(events) < len(found) or len(found) == EVENTS_A_MESSAGE:
        last = events[-1][0].header.revision
    return events, last, last < head
