"""Everybody who may not, at every door, by every way that we could think of."""

from __future__ import annotations

from base64 import b64encode
from random import Random

from server.telemetry import configure_logging
from tests.servicer import tenants
from tests.torture.attack import forging, sizes, timing
from tests.torture.attack.doors import Headers
from tests.torture.attack.matrix import Matrix
from tests.torture.attack.tricks import Tricks
from tests.torture.fuzz.suite import resident
from tests.torture.stand import CANARY_KEY, Stand, standing, standing_here
from tests.torture.trial import Suite, Trial

RPCS = "no RPC is answered without a credential, with one that opens nothing, or below its role"
PATHS = "nor is a JSON path; and what others have is as what nobody has"
SPELLINGS = "no spelling of a path gets around its credential"
CLAIMS = "no header and no metadata gives a right"
PUBLIC = "what is told to everybody holds nothing of a tenant"
UNCHANGED = "whatever was refused has changed no row of any table"
SIZES = "too much of anything is refused, in bounded memory, and the others are served"
LOGS = "no value forges a line of the log or steers a terminal, and no secret is in it"
KEY_TIMES = "an almost right key takes as long as any wrong one"
LOGIN_TIMES = "a login that fails takes as long whatever is wrong with it"

_SCALE = 6.0
"""Standard errors."""
_BOMB_MIB = 1024
_MOST_MIB = 256
_NOT_USABLE = {False: 25e-6, True: 3e-3}
"""Seconds that a network hides many times over; `True`: where the refusal itself takes fifty milliseconds."""


def run(trial: Trial) -> None:
    """First every table of questions, then sizes, logs and times; again with other chances while there is time."""
    # What this process serves is refused thousands of times.
    configure_logging("console", "error")
    while trial.left or not trial.rounds:
        trial.rounds += 1
        _refuse(trial)
        if trial.rounds == 1:
            _measure(trial)
            _overwhelm(trial)


def _refuse(trial: Trial) -> None:
    folder = trial.folder / f"round-{trial.rounds}"
    folder.mkdir()
    with standing_here(folder) as (stand, world):
        world.clock.advance(tenants.EXPIRES_AFTER_SECONDS)
        before, heads = world.contents(), stand.head(CANARY_KEY)

        def forget_failures() -> None:
            world.clock.advance(1)

        matrix = Matrix(stand, forget_failures, more=_nonsense(trial.random))
        tricks = Tricks(stand, forget_failures)
        for promise, attempt, counted in (
            (RPCS, matrix.try_rpcs, matrix),
            (PATHS, matrix.try_paths, matrix),
            (SPELLINGS, tricks.try_spellings, tricks),
            (CLAIMS, tricks.try_claims, tricks),
            (CLAIMS, tricks.try_metadata, tricks),
            (CLAIMS, tricks.try_two_credentials, tricks),
            (PUBLIC, tricks.try_public, tricks),
        ):
            trial.tell(f"round {trial.rounds}: {promise}")
            asked = counted.asked
            trial.hold(promise, list(attempt()), times=counted.asked - asked)
            trial.inputs += counted.asked - asked
        wrong = [table for table, rows in world.contents().items() if before[table] != rows]
        if stand.head(CANARY_KEY) != heads:
            wrong.append("the canary's ledger")
        trial.hold(UNCHANGED, [*wrong, *stand.sing()], times=len(before))


def _nonsense(random: Random) -> tuple[Headers, ...]:
    """Headers of which nobody ever made a credential."""
    made = []
    for _ in range(8):
        text = "".join(chr(random.randrange(33, 127)) for _ in range(random.randrange(1, 60)))
        scheme = random.choice(
            ("Bearer ", "Basic ", "", "bearer  ", "Basic " + b64encode(text.encode()).decode() + " ")
        )
        made.append(((random.choice(("authorization", "x-api-key", "xx-relay-api-key")), scheme + text),))
    return tuple(made)


def _measure(trial: Trial) -> None:
    folder = trial.folder / "times"
    folder.mkdir()
    with standing_here(folder) as (stand, world):
        world.clock.advance(tenants.EXPIRES_AFTER_SECONDS)
        for promise, passwords, rounds in ((KEY_TIMES, False, 1000), (LOGIN_TIMES, True, 150)):
            trial.tell(promise)
            spreads = timing.measure(
                stand.grpc, lambda: world.clock.advance(1), trial.random, rounds, passwords=passwords
            )
            for kind, spread in spreads.items():
                trial.figure(f"time of a refusal, {kind}, µs", round(spread.median * 1e6, 1))
            apart = timing.tell_apart(spreads, _SCALE, _NOT_USABLE[passwords])
            trial.hold(promise, apart, times=rounds * len(spreads))


def _overwhelm(trial: Trial) -> None:
    for form, read in (("json", forging.read_json), ("console", forging.read_console)):
        folder = trial.folder / form
        folder.mkdir()
        with standing(folder, "--log-format", form, "--log-level", "debug") as stand:
            trial.tell(LOGS)
            sent = forging.try_forging(stand)
            assert stand.served is not None
            trial.hold(LOGS, list(read(stand.served.log)), times=sent)
            trial.inputs += sent
            if form == "json":
                _oversize(trial, stand)


def _oversize(trial: Trial, stand: Stand) -> None:
    trial.tell(SIZES)
    assert stand.served is not None
    pids = stand.served.children()
    before = {pid: resident(pid) for pid in pids.values()}
    wrong = [*sizes.try_headers(stand), *sizes.try_metadata(stand), *sizes.try_bombs(stand, _BOMB_MIB), *stand.sing()]
    if stand.served.children() != pids:
        wrong.append("a process ended")
    most = max(resident(pid) - size for pid, size in before.items())
    trial.figure("growth under bombs, MiB", most)
    if most > _MOST_MIB:
        wrong.append(f"a process grew by {most:.0f} MiB")
    trial.hold(SIZES, wrong, times=4 * len(sizes.SIZES) + 3)


SUITE = Suite(
    "attack",
    "tries every door as everybody who may not",
    (RPCS, PATHS, SPELLINGS, CLAIMS, PUBLIC, UNCHANGED, SIZES, LOGS, KEY_TIMES, LOGIN_TIMES),
    run,
    minutes=5.0,
)
