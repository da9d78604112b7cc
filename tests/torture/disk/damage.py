"""A bit of an SQLite file is flipped: what do checks say, and who notices?

Each trial has a copy of one database, of which every verdict is known, with one bit changed in it somewhere.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from server import demo
from server.domain.errors import StorageUnavailable
from server.domain.model import Actor, Channel, LiftedBy, State, Strength
from server.domain.policy import Verdict
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.storage.engines import DatabaseUnusable
from server.storage.preparation import prepare
from server.storage.protocol import Transaction
from server.usecases.checks import batch_check_consent, check_at_a_glance
from server.usecases.records import Draft, Terms, record_consent
from server.usecases.tenants import operator
from server.usecases.verification import verify_ledger
from tests.servicer.world import KEYS

PEOPLE = 120
PURPOSES = ("transactional", "informational")
_PROOF = {"method": "WEB_FORM", "url": "https://example.com/join"}
_DECIDING = ("consents", "recipients", "recipients_tenant_address_channel", "senders", "purposes")
_PAGE = 4096
_DECIDING_SHARE = 0.8

Verdicts = dict[tuple[str, str, str], bool]
"""Whether it is allowed, by the way of asking, the purpose and the address."""


@dataclass
class Flips:
    """One database and what its bits are worth."""

    folder: Path
    counts: Counter[str] = field(default_factory=Counter)
    unnoticed: list[str] = field(default_factory=list)
    """Flips that made a yes of a no, and that `consent verify` does not name."""
    strange: list[str] = field(default_factory=list)
    """Flips that were answered otherwise than by UNAVAILABLE, or a verdict."""

    def __post_init__(self) -> None:
        path = self.folder / "whole.db"
        prepare(str(path), KEYS, wall_clock())
        storage = open_storage(str(path), KEYS)
        demo.create_demo(storage, KEYS)
        (tenant,) = storage.tenants()
        self._tenant_id = tenant.id
        self._addresses = [f"+1650{2_530_000 + number:07}" for number in range(PEOPLE)]
        storage.write(tenant.id, self._fill)
        self.truth = self._ask(storage)
        storage.close()
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            marks = ", ".join("?" * len(_DECIDING))
            found = database.execute(f"SELECT rootpage FROM sqlite_schema WHERE name IN ({marks})", _DECIDING)
            roots = [int(root) for (root,) in found]
        self._raw = path.read_bytes()
        self._deciding = sorted({page for root in roots for page in _pages(self._raw, root)})

    def flip(self, dice: random.Random) -> None:
        """Flip one bit, mostly where verdicts come from, and see."""
        place, bit = dice.randrange(len(self._raw)), dice.randrange(8)
        if dice.random() < _DECIDING_SHARE:
            place = (dice.choice(self._deciding) - 1) * _PAGE + dice.randrange(_PAGE)
        damaged = bytearray(self._raw)
        damaged[place] ^= 1 << bit
        self.counts[self._outcome(bytes(damaged), f"byte {place}, bit {bit}")] += 1

    def _outcome(self, damaged: bytes, where: str) -> str:
        path = self.folder / "damaged.db"
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(damaged)
        try:
            storage = open_storage(str(path), KEYS)
        except DatabaseUnusable:
            return "refused at the start"
        try:
            said = self._ask(storage)
        except StorageUnavailable:
            return "UNAVAILABLE"
        except Exception as error:
            self.strange.append(f"{where}: {error!r}")
            return "another failure"
        else:
            return self._judge(storage, said, where)
        finally:
            storage.close()

    def _judge(self, storage: SqlStorage, said: Verdicts, where: str) -> str:
        if said == self.truth:
            return "no verdict changed"
        wrong = [key for key, allowed in said.items() if allowed and not self.truth[key]]
        if not wrong:
            return "a yes became a no"
        if self._verifies(storage):
            self.unnoticed.append(f"{where}: {wrong[0]}")
        return "a no became a yes"

    def _verifies(self, storage: SqlStorage) -> bool:
        try:
            *_, end = verify_ledger(lambda: storage.read(self._tenant_id), operator(self._tenant_id), 0, 0)
            return end.complete and storage.damage() is None
        except Exception:
            return False

    def _fill(self, tx: Transaction) -> None:
        for number, address in enumerate(self._addresses):
            for yes, sender in _STORIES[number % len(_STORIES)]:
                record_consent(tx, operator(self._tenant_id), _draft(address, yes, sender), Terms())

    def _ask(self, storage: SqlStorage) -> Verdicts:
        principal, said = operator(self._tenant_id), {}
        for purpose in PURPOSES:
            with storage.read(self._tenant_id) as snapshot:
                batch = batch_check_consent(snapshot, principal, demo.BRAND, purpose, [Channel.SMS], self._addresses)
            for address, reason in zip(self._addresses, batch.reasons, strict=True):
                said["batch", purpose, address] = reason.verdict is Verdict.ALLOW
                one = check_at_a_glance(storage, principal, demo.BRAND, Channel.SMS, address, purpose)
                said["single", purpose, address] = one is not None and one.decisions[0][1].verdict is Verdict.ALLOW
        return said


_STORIES = (
    ((True, demo.BRAND),),
    ((False, demo.BRAND),),
    ((True, demo.BRAND), (False, "*")),
    ((False, demo.CLIENT),),
)


def _draft(address: str, yes: bool, sender: str) -> Draft:
    return Draft(
        Channel.SMS,
        address,
        sender,
        "*",
        State.OPTED_IN if yes else State.OPTED_OUT,
        Actor.RECIPIENT,
        Strength.EXPRESS_WRITTEN if yes else None,
        None if yes else LiftedBy.RECIPIENT,
        None,
        None,
        _PROOF,
        "test",
    )


def _pages(raw: bytes, root: int) -> list[int]:
    """A table's or index's pages: the root, and those that it leads to, of a tree of at most two levels."""
    at = (root - 1) * _PAGE
    kind, cells = raw[at], int.from_bytes(raw[at + 3 : at + 5])
    if kind in (0x0A, 0x0D):
        return [root]
    pointers = (int.from_bytes(raw[at + 12 + 2 * cell : at + 14 + 2 * cell]) for cell in range(cells))
    children = [int.from_bytes(raw[at + pointer : at + pointer + 4]) for pointer in pointers]
    return [root, *children, int.from_bytes(raw[at + 8 : at + 12])]
