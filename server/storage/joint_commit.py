"""One commit that several units of work share: what they have in common, and the rows that they leave to be written.

A unit reads what it needs and leaves rows; most need nothing else of the database, so that a unit that fails is undone
by forgetting its rows, and those of all units are given at once, at the end. Where a unit runs any other statement the
database itself takes over first: it is given all rows that wait, behind a savepoint from the unit on (`secure`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import Database, DataError, IntegrityError

from server.domain.errors import StorageUnavailable
from server.domain.model import Purpose, Sender, Tenant
from server.storage import rows
from server.storage.engines import Engine
from server.storage.sql import Sql
from server.storage.waiting import Waiting

# What a row itself is at fault for; whoever left it fails alone.
OWN_FAULTS = (IntegrityError, DataError)


class SharedFault(Exception):
    """A row that some unit left was refused, so that none of the commit remains; whose shows when each runs apart."""


class JointCommit:
    """The tenants as the last unit left them, and the senders and purposes that were read, in one transaction.

    Nobody else can change them meanwhile: the transaction has locked its tenants. A unit that is undone leaves
    nothing here.
    """

    def __init__(self, database: Engine, sql: Sql) -> None:
        self._database = database
        self._sql = sql
        self._found: dict[int, Tenant] = {}
        self._left: dict[int, Tenant] = {}
        self._leaving: dict[int, Tenant] = {}
        self.senders: dict[tuple[int, str], Sender | None] = {}
        self.purposes: dict[tuple[int, str], Purpose | None] = {}
        self.others = Waiting()
        self.own = Waiting()
        self._secured = False

    def tenant(self, tenant_id: int) -> Tenant:
        """A tenant as the last unit left it. Raises StorageUnavailable where there is none."""
        known = self._leaving.get(tenant_id) or self._left.get(tenant_id) or self._found.get(tenant_id)
        if known is None:
            row: rows.Row | None = self._database.execute_sql(self._sql.tenant, (tenant_id,)).fetchone()
            if row is None:
                raise StorageUnavailable
            known = self._found[tenant_id] = rows.tenant(row)
        return known

    def await_answer(self, key: tuple[object, ...]) -> None:
        """Have an answer that waits in the database. Raises SharedFault."""
        if key in self.others.answers or key in self.own.answers:
            self.secure()

    def await_person(self, tenant_id: int, address: str) -> None:
        """Have all that waits of an address in the database. Raises SharedFault."""
        if (tenant_id, address) in self.others.addresses or (tenant_id, address) in self.own.addresses:
            self.secure()

    def leave(self, tenant: Tenant) -> None:
        """Note how the unit at work leaves its tenant."""
        self._leaving[tenant.id] = tenant

    def secure(self) -> None:
        """Give the database what waits, that of the unit at work behind a savepoint. Raises SharedFault."""
        if not self._secured:
            self._give_others()
            self._database.execute_sql("SAVEPOINT unit")
            self._secured = True
        self._give(self.own)
        self.own = Waiting()

    def keep(self) -> None:
        """Let the unit at work be done."""
        if self._secured:
            self._database.execute_sql("RELEASE SAVEPOINT unit")
            self._secured = False
        self._left |= self._leaving
        self._leaving = {}
        self.others.take_over(self.own)

    def undo(self) -> None:
        """Undo the unit at work, and forget what it may have read of what it wrote itself, such as a tenant it made."""
        self._leaving = {}
        self.own = Waiting()
        if self._secured:
            self._database.roll_back_to("unit")
            self._database.execute_sql("RELEASE SAVEPOINT unit")
            self._secured = False
        self._found = {tenant_id: self._found[tenant_id] for tenant_id in self._left}
        self.senders.clear()
        self.purposes.clear()

    def finish(self) -> None:
        """Give the database the rest, and move the heads of the ledgers that grew. Raises SharedFault."""
        self._give_others()
        for tenant_id, tenant in self._left.items():
            if tenant.head_revision != self._found[tenant_id].head_revision:
                head = (tenant.head_revision, tenant.head_hash, tenant.head_time, tenant_id)
                self._database.execute_sql(self._sql.move_head, head)

    def _give_others(self) -> None:
        try:
            self._give(self.others)
        except OWN_FAULTS as error:
            raise SharedFault from error
        self.others = Waiting()

    def _give(self, waiting: Waiting) -> None:
        for statement, found in waiting.statements(self._sql):
            self._database.execute_many(statement, found)


class SettledDatabase:
    """A database that is settled before each statement: whoever speaks to it sees every row that was left before."""

    def __init__(self, database: Database, settle: Callable[[], None]) -> None:
        self._database = database
        self._settle = settle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def execute(self, query: Any, **options: Any) -> Any:
        """Run a query as the database would."""
        self._settle()
        return self._database.execute(query, **options)

    def execute_sql(self, sql: str, parameters: object = None) -> Any:
        """Run a statement as the database would."""
        self._settle()
        return self._database.execute_sql(sql, parameters)
