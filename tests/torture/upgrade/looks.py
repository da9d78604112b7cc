"""Looking at an older database once it was migrated: the ledger, the verdicts, the credentials, writing."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

from server.api.auth import Authenticator
from server.domain.errors import ConsentError
from server.domain.model import Actor, Channel, LiftedBy, Recipient, Scope, Tenant
from server.domain.transitions import Move, Statement
from server.storage.database import SqlStorage, open_storage, wall_clock
from server.usecases.as_of import NOW, AsOf
from server.usecases.checks import check_consent
from server.usecases.statements import Provenance, record_statement
from server.usecases.tenants import operator
from server.usecases.verification import verify_ledger
from tests.torture.upgrade.past import API_KEY, HEADS, IN_ACME, LOGIN, OLD, VERDICTS, Asked

VERIFIES = "a database of each earlier migration opens, migrates, and its ledgers verify, before and after writes"
ANSWERS = "every verdict is what was said then, now and as of the old head"
OPENS = "the credentials of then open"
Fault = tuple[str, str]
NEW = Recipient(Channel.SMS, "+16505550199")


def look(url: str, version: int) -> Iterator[Fault]:
    """Hold a migrated database to what was said; answer each promise that is broken, and how."""
    storage = open_storage(url, OLD)
    try:
        for tenant in storage.tenants():
            if tenant.head_revision != HEADS[version][tenant.name]:
                yield VERIFIES, f"{tenant.name} ends at {tenant.head_revision}"
            yield from _verify(storage, tenant)
            yield from _ask(storage, tenant, version, NOW)
            storage.write(tenant.id, lambda tx: record_statement(tx, NEW, _no(tx.now), _origin(tx.tenant.id)))
            yield from _ask(storage, tenant, version, AsOf(HEADS[version][tenant.name]))
            yield from _verify(storage, tenant)
        yield from _authenticate(storage)
    finally:
        storage.close()


def _no(now: int) -> Statement:
    return Statement(Move.OPT_OUT, Scope(), Actor.RECIPIENT, now, lifted_by=LiftedBy.RECIPIENT)


def _origin(tenant_id: int) -> Provenance:
    return Provenance(operator(tenant_id), "upgrade", {"method": "CALL", "message_id": "m1"})


def _verify(storage: SqlStorage, tenant: Tenant) -> Iterator[Fault]:
    (*_, end) = verify_ledger(lambda: storage.read(tenant.id), operator(tenant.id), 0, 0)
    if not end.complete:
        yield VERIFIES, f"{tenant.name}: {end.failure}"


def _ask(storage: SqlStorage, tenant: Tenant, version: int, as_of: AsOf) -> Iterator[Fault]:
    expected = {**VERDICTS[version], **(IN_ACME if tenant.name == "acme" else {})}
    with storage.read(tenant.id) as snapshot:
        for asked, reason in expected.items():
            found = _reason(snapshot, tenant, asked, as_of)
            if found != reason:
                yield ANSWERS, f"{tenant.name}, {asked}, {as_of}: {found}, not {reason}"


def _reason(snapshot: object, tenant: Tenant, asked: Asked, as_of: AsOf) -> str:
    sender, purpose, channel, address = asked
    check = check_consent(snapshot, operator(tenant.id), sender, channel, address, [purpose], as_of=as_of)  # type: ignore[arg-type]
    return check.decisions[0][1].reason.name


def _authenticate(storage: SqlStorage) -> Iterator[Fault]:
    authenticator = Authenticator(storage, OLD, wall_clock, time.monotonic)
    basic = "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()
    for header in ({"x-api-key": API_KEY}, {"authorization": basic}):
        try:
            authenticator.authenticate(header, lambda: "test:1")
        except ConsentError as refusal:
            yield OPENS, f"{next(iter(header))}: {refusal}"
