"""protocol.Storage on a peewee database."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import structlog
from peewee import IntegrityError, InterfaceError, PeeweeException

from server.domain.errors import AlreadyExists, ConsentError, StorageUnavailable
from server.domain.forgetting import judged_forms
from server.domain.ledger import GENESIS
from server.domain.model import Credential, Instant, Recipient, State, Tenant
from server.domain.service_key import ServiceKey, ServiceKeys
from server.storage import migrations, rows
from server.storage.engines import DatabaseUnusable, SqliteFile, open_sqlite, sqlite_path
from server.storage.protocol import Glimpse, Login, Snapshot, Transaction
from server.storage.scrubber import Scrubber
from server.storage.snapshot import SqlSnapshot
from server.storage.sql import Sql
from server.storage.tables import AnswerRow, CredentialRow, CredentialSecretRow, ServiceKeyRow, TenantRow
from server.storage.transaction import SqlTransaction
from server.storage.writer import Writer

T = TypeVar("T")

_KEY_PROOF = "service key proof"

log = structlog.get_logger()


def wall_clock() -> Instant:
    """The moment, by the machine's clock."""
    return time.time_ns() // 1000


def random_uuid() -> str:
    """A fresh UUID as text."""
    return str(uuid.uuid4())


class SqlStorage:
    """The durable state in one database whose schema is at head. The clock and the ids are passed in."""

    def __init__(
        self,
        database: SqliteFile,
        keys: ServiceKeys,
        clock: Callable[[], Instant] = wall_clock,
        new_id: Callable[[], str] = random_uuid,
    ) -> None:
        self._database = database
        self._keys = keys
        self._sql = Sql(database)
        self._clock = clock
        self._new_id = new_id
        self._closed = False
        # Tenants of which somebody was forgotten, as far as this process has seen: to look for digests at once.
        self._forgetful: set[int] = set()
        self._writer = Writer(database)
        self._scrubber = Scrubber(database)

    @contextmanager
    def read(self, tenant_id: int) -> Iterator[Snapshot]:
        with self._available(), self._database.atomic("DEFERRED"):
            yield SqlSnapshot(self._database, self._sql, self._tenant(tenant_id), self._clock(), self._keys)

    def glimpse(self, tenant_id: int, sender_id: str, purpose_id: str, recipient: Recipient) -> Glimpse:
        addresses: tuple[str, ...] = (recipient.address,)
        if tenant_id in self._forgetful:
            addresses += judged_forms(self._keys, tenant_id, recipient)
        channel, sibling = recipient.channel, recipient.channel.sibling or recipient.channel
        asked = (sender_id, purpose_id, *addresses, channel, sibling, channel, State.OPTED_OUT, tenant_id)
        with self._available():
            self._database.check_place()
            found = self._database.execute_sql(self._sql.glimpse(len(addresses)), asked).fetchall()
        if not found:
            raise StorageUnavailable
        seen = rows.glimpse(found, self._clock())
        if seen.tenant.erased_count and len(addresses) == 1:
            self._forgetful.add(tenant_id)
            return self.glimpse(tenant_id, sender_id, purpose_id, recipient)
        return seen

    def write(self, tenant_id: int, work: Callable[[Transaction], T]) -> T:
        result, erased = self._writer.submit(lambda: self._transact(tenant_id, work))
        if erased:
            self._scrubber.scrub()
        return result

    def _transact(self, tenant_id: int, work: Callable[[Transaction], T]) -> tuple[T, bool]:
        """Answer what `work` answered, and whether it erased anything."""
        tenant = self._tenant(tenant_id)
        transaction = SqlTransaction(self._database, self._sql, tenant, self._clock(), self._keys, self._new_id)
        result = work(transaction)
        transaction.finish()
        return result, transaction.erased

    def await_commit(self, seen: int, timeout_seconds: float) -> int:
        if self._closed:
            raise StorageUnavailable
        return self._writer.await_commit(seen, timeout_seconds)

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
            return self._tenant(tenant_id)

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
        with self._available(), self._database.atomic("DEFERRED"):
            found = next((rows.credential(row) for row in by_name.tuples().execute(self._database)), None)
            if found is None:
                return None
            hashes = CredentialSecretRow.select(
                CredentialSecretRow.password_hash, CredentialSecretRow.expire_time
            ).where(CredentialSecretRow.credential_id == found.id, CredentialSecretRow.password_hash.is_null(False))
            return Login(found, tuple(hashes.tuples().execute(self._database)))

    def touch_credential(self, credential_id: str, moment: Instant) -> None:
        used = CredentialRow.update(last_used_time=moment).where(CredentialRow.id == credential_id)
        self._writer.post(lambda: used.execute(self._database))

    def forget_answers(self, before: Instant) -> int:
        old = AnswerRow.delete().where(AnswerRow.create_time < before)
        return int(self._writer.submit(lambda: old.execute(self._database)))

    def check(self) -> None:
        with self._available(), self._database.atomic("DEFERRED"):
            version = migrations.current_version(self._database)
        if version != migrations.HEAD:
            log.error("the schema is not at head", found=version, head=migrations.HEAD)
            raise StorageUnavailable

    def close(self) -> None:
        self._closed = True
        self._scrubber.close()
        self._writer.close()
        self._database.close_all()

    def _tenant(self, tenant_id: int) -> Tenant:
        row: rows.Row | None = self._database.execute_sql(self._sql.tenant, (tenant_id,)).fetchone()
        if row is None:
            raise StorageUnavailable
        return rows.tenant(row)

    @contextmanager
    def _available(self) -> Iterator[None]:
        """Turn what a database says into StorageUnavailable, with the details in the log."""
        if self._closed:
            raise StorageUnavailable
        try:
            yield
        except ConsentError:
            raise
        except (PeeweeException, InterfaceError) as error:
            log.error("the database failed", error=repr(error))
            raise StorageUnavailable from error


def prepare(url: str, keys: ServiceKeys, now: Instant) -> list[migrations.Migration]:
    """Bring the database that `url` names to head and tie it to the service key; answer what was applied.

    Raises DatabaseUnusable where it cannot be written, was made by a newer program, or under a key that is not given.
    """
    path = sqlite_path(url)
    database = open_sqlite(path)
    try:
        if database.table_exists("service_keys"):
            _check_keys(database, keys)
        applied = migrations.migrate(database, now)
        _tie_to_key(database, keys.current)
        _finish_forgetting(database)
    except migrations.SchemaTooNew as error:
        raise DatabaseUnusable(str(error)) from error
    except PeeweeException as error:
        raise DatabaseUnusable(f"the database {path} cannot be brought up to date: {error}") from error
    finally:
        database.close_all()
    return applied


def open_storage(
    url: str,
    keys: ServiceKeys,
    clock: Callable[[], Instant] = wall_clock,
    new_id: Callable[[], str] = random_uuid,
) -> SqlStorage:
    """Open the storage that `url` names; it must have been prepared with these keys. Raises DatabaseUnusable."""
    return SqlStorage(open_sqlite(sqlite_path(url)), keys, clock, new_id)


def _check_keys(database: SqliteFile, keys: ServiceKeys) -> None:
    """Hold the keys to those that the database was used with, before anything in it is changed."""
    proofs = {key.id: _proof(key) for key in keys.all}
    for key_id, proof in ServiceKeyRow.select().tuples().execute(database):
        if proofs.get(key_id) != bytes(proof):
            raise DatabaseUnusable(
                f"the database was made under the service key {key_id}, which is not given: "
                "set CONSENT_SERVICE_KEY to it (older keys after a comma)"
            )


def _tie_to_key(database: SqliteFile, key: ServiceKey) -> None:
    row = {"key_id": key.id, "proof": _proof(key)}
    ServiceKeyRow.insert(row).on_conflict_ignore().execute(database)


def _finish_forgetting(database: SqliteFile) -> None:
    """Empty the log where a process forgot somebody and ended before it could; readers in the way do that later."""
    if TenantRow.select().where(TenantRow.erased_count > 0).exists(database):
        database.truncate_log(timeout_seconds=1.0)


def _proof(key: ServiceKey) -> bytes:
    return key.digest(_KEY_PROOF, b"")
