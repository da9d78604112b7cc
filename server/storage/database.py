"""protocol.Storage on a peewee database."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import structlog
from peewee import IntegrityError

from server.domain.errors import AlreadyExists, ConsentError, StorageUnavailable
from server.domain.forgetting import judged_forms
from server.domain.ledger import GENESIS
from server.domain.model import Channel, Credential, Instant, Recipient, State, Tenant
from server.domain.service_key import ServiceKeys
from server.metrics.metrics import Metrics
from server.storage import rows
from server.storage.commits import Commits
from server.storage.engines import FAILURES, Engine, SqliteFile, open_engine
from server.storage.engines.pool import PoolUse
from server.storage.figures import read_figures
from server.storage.joint_commit import JointCommit
from server.storage.protocol import Figures, Glimpse, Login, Snapshot, Transaction
from server.storage.readiness import defect, is_tied, tie_to_key
from server.storage.scrubber import Scrubber
from server.storage.snapshot import SqlSnapshot
from server.storage.sql import Sql
from server.storage.tables import AnswerRow, CredentialRow, CredentialSecretRow, TenantRow
from server.storage.transaction import SqlTransaction
from server.storage.visits import Visits
from server.storage.vitals import Vitals
from server.storage.writer import Writer

T = TypeVar("T")

# What Sql.glimpse asks of a channel. As plain numbers: sqlite3 looks for an adapter for those of an enum.
_JUDGED_TOGETHER = {
    channel: (int(channel), int(channel.sibling or channel), int(channel), int(State.OPTED_OUT)) for channel in Channel
}

# How long `close` waits for calls that are at work still; what they have asked of SQLite it ends at once.
CLOSING_SECONDS = 2.0

log = structlog.get_logger()


def wall_clock() -> Instant:
    """The moment, by the machine's clock."""
    return time.time_ns() // 1000


def random_uuid() -> str:
    """A fresh UUID as text."""
    return str(uuid.uuid4())


class SqlStorage:
    """The durable state in one database. The clock and the ids are passed in.

    It works only while the schema is at head and the keys are those that the database was made under. It looks at the
    first call and at every `check`, and says once in the log why not.
    """

    def __init__(
        self,
        database: Engine,
        keys: ServiceKeys,
        clock: Callable[[], Instant] = wall_clock,
        new_id: Callable[[], str] = random_uuid,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._sql = Sql(database)
        self._clock = clock
        self._new_id = new_id
        self._closed = False
        self._visits = Visits()
        # Tenants of which somebody was forgotten, as far as this process has seen: to look for digests at once.
        self._forgetful: set[int] = set()
        self._ready = False
        self._defect: str | None = None
        self._commits = Commits()
        self._joint = JointCommit(database, self._sql)
        self._vitals = Vitals(metrics or Metrics())
        self._writer = Writer(database, self._commits, self._together, self._vitals)
        self._scrubber = Scrubber(database) if isinstance(database, SqliteFile) else None

    @contextmanager
    def read(self, tenant_id: int) -> Iterator[Snapshot]:
        with self._available(), self._database.snapshot():
            yield SqlSnapshot(self._database, self._sql, self._tenant(tenant_id), self._clock(), self._keys)

    def glimpse(self, tenant_id: int, sender_id: str, purpose_id: str, recipient: Recipient) -> Glimpse:
        addresses: tuple[str, ...] = (recipient.address,)
        if tenant_id in self._forgetful:
            addresses += judged_forms(self._keys, tenant_id, recipient)
        asked = (sender_id, purpose_id, *addresses, *_JUDGED_TOGETHER[recipient.channel], tenant_id)
        # By hand what `_available` does: a context manager would be a tenth of the price.
        visit = object()
        self._visits.add(visit)
        try:
            if self._closed or not self._ready:
                self._await_readiness()
            found = self._database.look(self._sql.glimpse(len(addresses)), asked)
            if not found:
                raise StorageUnavailable
            if not rows.is_forgetful(found) or len(addresses) > 1:
                return rows.glimpse(found, self._clock())
        except FAILURES as error:
            raise self._unavailable(error) from error
        finally:
            self._visits.discard(visit)
        self._forgetful.add(tenant_id)
        return self.glimpse(tenant_id, sender_id, purpose_id, recipient)

    def write(self, tenant_id: int, work: Callable[[Transaction], T]) -> T:
        self._await_readiness()
        result, erased = self._writer.submit(lambda: self._transact(tenant_id, work), tenant_id)
        if erased and self._scrubber is not None:
            self._scrubber.scrub()
        return result

    def _transact(self, tenant_id: int, work: Callable[[Transaction], T]) -> tuple[T, bool]:
        """Answer what `work` answered, and whether it erased anything."""
        joint = self._joint
        transaction = SqlTransaction(
            self._database, self._sql, joint, tenant_id, self._clock(), self._keys, self._new_id
        )
        result = work(transaction)
        joint.leave(transaction.tenant)
        return result, transaction.erased

    @contextmanager
    def _together(self) -> Iterator[JointCommit]:
        """Around the units that share a commit, within its transaction."""
        self._joint = JointCommit(self._database, self._sql)
        yield self._joint
        self._joint.finish()

    @property
    def pool_use(self) -> PoolUse | None:
        """How much of its connections a PostgreSQL database's reads use now; SQLite has none."""
        return self._database.pool_use

    def await_commit(self, seen: int, timeout_seconds: float) -> int:
        if self._closed:
            raise StorageUnavailable
        self._database.listen(self._commits.count)
        return self._commits.wait(seen, timeout_seconds)

    def create_tenant(
        self, name: str, country: str | None, seed: Callable[[Transaction], None] | None = None
    ) -> Tenant:
        def unit() -> Tenant:
            row = {
                "name": name,
                "country": country,
                "head_revision": 0,
                "head_hash": GENESIS,
                "head_time": 0,
                "create_time": self._clock(),
                "epoch": secrets.token_hex(8),
                "erased_count": 0,
            }
            try:
                tenant_id = TenantRow.insert(row).execute(self._database)
            except IntegrityError as error:
                raise AlreadyExists("TENANT", name) from error
            if seed is not None:
                self._transact(tenant_id, seed)
            return self._joint.tenant(tenant_id)

        self._await_readiness()
        return self._writer.submit(unit)

    def tenants(self) -> Sequence[Tenant]:
        with self._available():
            query = TenantRow.select().order_by(TenantRow.name).tuples()
            return [rows.tenant(row) for row in query.execute(self._database)]

    def find_by_key(self, digests: Sequence[bytes], moment: Instant) -> Credential | None:
        lives = CredentialSecretRow.expire_time.is_null() | (CredentialSecretRow.expire_time > moment)
        query = (
            CredentialRow.select()
            .join(CredentialSecretRow, on=CredentialSecretRow.credential_id == CredentialRow.id)
            .where(CredentialSecretRow.key_digest.in_(list(digests)), lives)
        )
        with self._available():
            return next((rows.credential(row) for row in query.tuples().execute(self._database)), None)

    def find_by_user(self, user: str) -> Login | None:
        by_name = CredentialRow.select().where(CredentialRow.basic_user == user)
        with self._available(), self._database.snapshot():
            # No text of a database holds a NUL, and PostgreSQL takes none.
            fitting = () if "\0" in user else by_name.tuples().execute(self._database)
            found = next((rows.credential(row) for row in fitting), None)
            if found is None:
                return None
            hashes = CredentialSecretRow.select(
                CredentialSecretRow.password_hash, CredentialSecretRow.expire_time
            ).where(CredentialSecretRow.credential_id == found.id, CredentialSecretRow.password_hash.is_null(False))
            return Login(found, tuple(hashes.tuples().execute(self._database)))

    def touch_credential(self, credential_id: str, moment: Instant) -> None:
        # Not behind anybody else who notes it: two notes on two credentials could wait for each other.
        found = self._database.passing_locked(
            CredentialRow.select(CredentialRow.id).where(CredentialRow.id == credential_id)
        )
        used = CredentialRow.update(last_used_time=moment).where(CredentialRow.id.in_(found))
        self._writer.post(lambda: used.execute(self._database))

    def forget_answers(self, before: Instant) -> int:
        old = AnswerRow.delete().where(AnswerRow.create_time < before)
        self._await_readiness()
        return int(self._writer.submit(lambda: old.execute(self._database)))

    def figures(self) -> Figures:
        with self._available(), self._database.snapshot():
            return read_figures(self._database)

    def damage(self) -> str | None:
        """What the engine finds wrong with the database's own pages, in a line. Raises StorageUnavailable."""
        with self._available():
            return self._database.damage()

    def check(self) -> None:
        ready = False
        try:
            with self._answering():
                ready = self._examine()
        finally:
            self._ready = ready
        if not ready:
            raise StorageUnavailable

    def _examine(self) -> bool:
        """Look whether the database may be worked on, and say so in the log where that has changed."""
        self._database.look_afresh()
        with self._database.snapshot():
            found = defect(self._database, self._keys)
            tied = found is not None or is_tied(self._database, self._keys.current)
        if found is not None:
            if found != self._defect:
                log.error("not ready to serve", reason=found)
            self._defect = found
            return False
        if not tied:
            self._writer.submit(lambda: tie_to_key(self._database, self._keys.current))
        if self._defect is not None:
            log.info("the database is ready now")
        self._defect = None
        return True

    def _await_readiness(self) -> None:
        if self._closed:
            raise StorageUnavailable
        if not self._ready:
            self.check()

    def close(self) -> None:
        self._closed = True
        if self._scrubber is not None:
            self._scrubber.close()
        self._writer.close()
        idle = self._visits.await_end(self._database.interrupt, CLOSING_SECONDS)
        if not idle:
            log.warning("the storage is closed while calls are at work still", calls=len(self._visits))
        self._database.close_all(idle=idle)

    def _tenant(self, tenant_id: int) -> Tenant:
        row: rows.Row | None = self._database.execute_sql(self._sql.tenant, (tenant_id,)).fetchone()
        if row is None:
            raise StorageUnavailable
        return rows.tenant(row)

    @contextmanager
    def _available(self) -> Iterator[None]:
        """Work on a database that is ready; what it says becomes StorageUnavailable, with the details in the log."""
        self._await_readiness()
        with self._answering():
            yield

    @contextmanager
    def _answering(self) -> Iterator[None]:
        visit = object()
        self._visits.add(visit)
        try:
            if self._closed:
                raise StorageUnavailable
            yield
        except ConsentError:
            raise
        except FAILURES as error:
            raise self._unavailable(error) from error
        finally:
            self._visits.discard(visit)

    def _unavailable(self, error: Exception) -> StorageUnavailable:
        # What an end interrupts is no failure of the database.
        if not self._closed:
            log.error("the database failed", error=self._vitals.failed(error))
        return StorageUnavailable()


def open_storage(
    url: str,
    keys: ServiceKeys,
    clock: Callable[[], Instant] = wall_clock,
    new_id: Callable[[], str] = random_uuid,
    metrics: Metrics | None = None,
) -> SqlStorage:
    """Open the storage that `url` names. Raises DatabaseUnusable.

    Until the database is prepared with these keys, every call raises StorageUnavailable. What it does is counted by
    `metrics`.
    """
    return SqlStorage(open_engine(url), keys, clock, new_id, metrics)
