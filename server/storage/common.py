"""What the units of work that share a commit have in common, read once and written once for all of them."""

from __future__ import annotations

from peewee import Database

from server.domain.errors import StorageUnavailable
from server.domain.model import Purpose, Sender, Tenant
from server.storage import rows
from server.storage.sql import Sql


class Common:
    """The tenants as the last unit left them, and the senders and purposes that were read, in one transaction.

    Nobody else can change them meanwhile: the transaction has locked its tenants. A unit that is undone leaves
    nothing here: its tenant is kept by `leave` only when it is done, and `undo` drops what it may have read of its own.
    """

    def __init__(self, database: Database, sql: Sql) -> None:
        self._database = database
        self._sql = sql
        self._found: dict[int, Tenant] = {}
        self._left: dict[int, Tenant] = {}
        self.senders: dict[tuple[int, str], Sender | None] = {}
        self.purposes: dict[tuple[int, str], Purpose | None] = {}

    def tenant(self, tenant_id: int) -> Tenant:
        """A tenant as the last unit left it. Raises StorageUnavailable where there is none."""
        known = self._left.get(tenant_id) or self._found.get(tenant_id)
        if known is None:
            row: rows.Row | None = self._database.execute_sql(self._sql.tenant, (tenant_id,)).fetchone()
            if row is None:
                raise StorageUnavailable
            known = self._found[tenant_id] = rows.tenant(row)
        return known

    def leave(self, tenant: Tenant) -> None:
        """Keep a tenant as a unit that is done has left it."""
        self._left[tenant.id] = tenant

    def undo(self) -> None:
        """Forget what a unit that failed may have read of what it wrote itself, a tenant that it made included."""
        self._found = {tenant_id: self._found[tenant_id] for tenant_id in self._left}
        self.senders.clear()
        self.purposes.clear()

    def finish(self) -> None:
        """Move the heads of the ledgers that grew."""
        for tenant_id, tenant in self._left.items():
            if tenant.head_revision != self._found[tenant_id].head_revision:
                head = (tenant.head_revision, tenant.head_hash, tenant.head_time, tenant_id)
                self._database.execute_sql(self._sql.move_head, head)
