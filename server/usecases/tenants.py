"""Tenants: made by the operator only, with the shipped purposes inside."""

from __future__ import annotations

import re

from server.domain.errors import FieldFault, InvalidField, NotFound, Violation
from server.domain.model import SHIPPED_PURPOSES, Principal, Role, Scope, Tenant
from server.storage.protocol import Storage, Transaction
from server.usecases.countries import read_country
from server.usecases.settings import append_setting, purpose_snapshot

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def operator(tenant_id: int) -> Principal:
    """The person at the command line: every right within the tenant, and no credential."""
    return Principal(tenant_id, Role.ADMIN, allow_force=True)


def create_tenant(storage: Storage, name: str, country: str = "") -> Tenant:
    """Make a tenant with the shipped purposes. Raises InvalidField or AlreadyExists."""
    if not _NAME.fullmatch(name):
        description = "1 to 63 lower-case letters, digits, - and _, beginning with a letter or digit"
        raise InvalidField(Violation("name", FieldFault.INVALID_FORMAT, description))
    return storage.create_tenant(name, read_country(country, "country"), _seed)


def _seed(tx: Transaction) -> None:
    principal = operator(tx.tenant.id)
    for purpose in SHIPPED_PURPOSES:
        tx.put_purpose(purpose)
        append_setting(tx, principal, "cli", "{}", purpose_snapshot(purpose), Scope(purpose=purpose.id))


def find_tenant(storage: Storage, name: str) -> Tenant:
    """Find a tenant by name. Raises NotFound."""
    for tenant in storage.tenants():
        if tenant.name == name:
            return tenant
    raise NotFound("TENANT", name)
