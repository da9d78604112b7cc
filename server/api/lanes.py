"""All lanes of a server: which calls run in which, how many may be open, what becomes of those that take too long."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from server.api import status
from server.api.arrivals import Arrival, Stage
from server.api.call import REQUEST_ID
from server.api.capacity import USUAL, Capacity
from server.api.lane import Lane, Plan
from server.api.untaken import Untaken
from server.domain.errors import CallTooLong, ConsentError, DeadlinePassed
from server.domain.model import Role
from server.metrics.metrics import Meter, Metrics

# SQLite answers a check at once: more threads would only take the interpreter's lock from one another.
CHECKING_THREADS = 2
# A server that answers from elsewhere is waited for.
CHECKING_THREADS_REMOTE = 16
# Batches are long, and run no faster side by side: two at a time, and no call of another kind behind them.
BATCHES = Plan("batch", threads=2, room=16)
# Writers wait for a commit that they share: as many as a commit may carry without being late for the next.
WRITES = Plan("write", threads=64, room=1024)
OTHERS = Plan("call", threads=16, room=256)
HEALTH = Plan("health", threads=2, room=256, capped=False)
HEALTH_WATCHES = Plan("health-watch", threads=64, room=64, capped=False)
VERIFICATIONS = Plan("verify", threads=2, room=64, capped=False)
CHECKS_WAITING = 512
# Threads that are never watches, so that one too many can be refused.
_SPARE_WATCHES = 8

MESSAGE_SECONDS = 10.0
"""How long a caller may take to send its message."""
_SWEEP_SECONDS = 0.25
_HASTE_SECONDS = 0.05
_ANSWERS_A_REFUSAL = 12
_LEAST_REFUSALS = 8
"""In each such time no more calls that were put off are refused than this part of those that were answered, and at
least so many: the more refusals, the fewer answers."""
_TELL_SECONDS = 10.0

log = structlog.get_logger()


class Lanes:
    """The lanes of one server. From `start` to `stop` what takes too long is refused."""

    def __init__(self, metrics: Metrics, capacity: Capacity = USUAL, checking: int = CHECKING_THREADS) -> None:
        self._metrics = metrics
        self.capacity = capacity
        self.untaken = Untaken(capacity.untaken_bytes)
        self._meters: dict[str, Meter] = {}
        self._stopped = threading.Event()
        self._refused = 0
        self._told = time.monotonic()
        self.checks = self._make(Plan("check", checking, CHECKS_WAITING))
        self.batches, self.writes, self.others = map(self._make, (BATCHES, WRITES, OTHERS))
        self._counted = (self.checks, self.batches, self.writes, self.others)
        self.watches = self._make(Plan("watch", capacity.watches + _SPARE_WATCHES, room=64, capped=False))
        self.verifications, self.health = map(self._make, (VERIFICATIONS, HEALTH))
        self.health_watches = self._make(HEALTH_WATCHES)
        self._all = (*self._counted, self.watches, self.verifications, self.health, self.health_watches)

    def of(self, roles: Mapping[str, Role]) -> Mapping[str, ThreadPoolExecutor]:
        """The lane of each method, by the roles that the methods need."""
        own = {
            "CheckConsent": self.checks,
            "BatchCheckConsent": self.batches,
            "WatchConsentEvents": self.watches,
            "VerifyLedger": self.verifications,
        }
        usual = {name: self.writes if role is Role.WRITER else self.others for name, role in roles.items()}
        return {name: own.get(name, lane) for name, lane in usual.items()}

    def start(self) -> None:
        """Begin to look after calls that take too long."""
        threading.Thread(target=self._run, name="consent-sweep", daemon=True).start()

    def stop(self) -> None:
        """End the threads, when nothing waits any more."""
        self._stopped.set()
        for lane in self._all:
            lane.stop()

    def _make(self, plan: Plan) -> Lane:
        # Of a stream there is one message at a time, since its thread waits until that is taken.
        return Lane(plan, self._is_full, self._refuse, self.untaken if plan.capped else None)

    def _is_full(self, lane: Lane) -> bool:
        if lane.plan.capped:
            return sum([len(counted.open) for counted in self._counted]) >= self.capacity.calls
        return len(lane.open) >= lane.plan.threads + lane.plan.room

    def _refuse(self, arrival: Arrival, error: ConsentError) -> None:
        given = arrival.given_id
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        if not arrival.refuse(status.encode(error, request_id), request_id):
            return
        self._metrics.limited(error.reason.lower())
        name = arrival.method.rpartition("/")[2]
        meter = self._meters.get(name)
        if meter is None:
            meter = self._meters[name] = self._metrics.meter(name)
        meter.observe(status.code_of(error).name, time.monotonic() - arrival.since)
        self._refused += 1

    def _run(self) -> None:
        swept, answered = time.monotonic(), 0
        while not self._stopped.wait(_HASTE_SECONDS if any(lane.has_put_off for lane in self._all) else _SWEEP_SECONDS):
            answered, before = sum(lane.answered for lane in self._all), answered
            most = max(_LEAST_REFUSALS, (answered - before) // _ANSWERS_A_REFUSAL)
            for lane in self._all:
                most -= lane.refuse_stale(most)
            if time.monotonic() - swept >= _SWEEP_SECONDS:
                swept = time.monotonic()
                self.sweep()

    def sweep(self) -> None:
        """Refuse the calls that have taken too long by now."""
        now = time.monotonic()
        for lane in self._all:
            for arrival in list(lane.open):
                error = self._overdue(arrival, now - arrival.since, lane.plan.capped)
                if error is not None:
                    self._refuse(arrival, error)
        if self._refused and now - self._told > _TELL_SECONDS:
            log.warning("calls were refused: there were more than can be answered in time", calls=self._refused)
            self._refused, self._told = 0, now

    def _overdue(self, arrival: Arrival, age: float, capped: bool) -> ConsentError | None:
        match arrival.stage:
            case Stage.RECEIVING if age > MESSAGE_SECONDS:
                return DeadlinePassed()
            case Stage.WAITING if capped and age > self.capacity.call_seconds:
                return DeadlinePassed()
            case Stage.RUNNING if capped and age > self.capacity.call_seconds:
                return CallTooLong(self.capacity.call_seconds)
            case _:
                return None
