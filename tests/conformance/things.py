"""Things to store, with every field told, and reading all of a tenant at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from server.domain.ledger import GENESIS, chain_hash, payload_digest
from server.domain.model import (
    Actor,
    AutoResponse,
    Channel,
    Contact,
    Credential,
    LiftedBy,
    NotAppliedReason,
    Op,
    Purpose,
    Reach,
    Recipient,
    Record,
    Role,
    Rule,
    Scope,
    Sender,
    SenderKind,
    State,
    Strength,
)
from server.storage.protocol import ERASED, SETTING, Entry, Storage, StoredEvent, Transaction

ANN = Recipient(Channel.SMS, "+14155552671")
ANN_RCS = Recipient(Channel.RCS, "+14155552671")
BOB = Recipient(Channel.EMAIL, "bob@example.com")
PURPOSE = Purpose("marketing", Rule.OPT_IN_REQUIRED, Strength.EXPRESS_WRITTEN, ignores_opt_out=True)


def sender(name: str = "dept", **changed: Any) -> Sender:
    return replace(Sender(name, SenderKind.DEPARTMENT, True, "US", Reach.TENANT, 11, 12), **changed)


def contact(name: str = "c1", **changed: Any) -> Contact:
    told = Contact(name, "x1", "Ann", "Lee", "Ann@Example.com", "+14155552671", 11, 12)
    return replace(told, **changed)


def setting(name: str = "s1", **changed: Any) -> AutoResponse:
    return replace(AutoResponse(name, "US", ("JOIN", "ouí"), Op.START, "Welcome “all”", 11, 12), **changed)


def credential(tenant_id: int, name: str = "k1", **changed: Any) -> Credential:
    told = Credential(name, tenant_id, Role.WRITER, frozenset({"a", "b"}), None, True, 99, 11, 13, 14)
    return replace(told, **changed)


def entry(recipient_id: int | None = None, **changed: Any) -> Entry:
    told = Entry(
        kind="OPT_OUT",
        scope=Scope("dept"),
        before="{}",
        after='{"state":"OPTED_OUT"}',
        actor=Actor.RECIPIENT,
        source="test",
        payload=b'{"body":"STOP"}',
        effective_time=5,
        recipient_id=recipient_id,
        credential_id="k1",
        batch_id="b1",
    )
    return replace(told, **changed)


def refused(recipient_id: int | None = None) -> Entry:
    return entry(recipient_id, not_applied_reason=NotAppliedReason.SUPERSEDED, credential_id=None, batch_id=None)


def no(recipient_id: int, **changed: Any) -> Record:
    told = Record(
        recipient_id,
        Scope("dept"),
        State.OPTED_OUT,
        lifted_by=LiftedBy.RECIPIENT,
        actor=Actor.RECIPIENT,
        effective_time=5,
    )
    return told._replace(**changed)


def opt_out(tx: Transaction, recipient: Recipient = ANN, **changed: Any) -> int:
    """One no, written as the statement function writes it; answers its revision."""
    recipient_id = tx.ensure_recipient(recipient)
    record = no(recipient_id, **changed)
    return tx.append(entry(recipient_id, scope=record.scope), record)


def fill(tx: Transaction, mark: str) -> None:
    """Write one of everything that a snapshot can show, under the same ids in every tenant; `mark` tells them apart."""
    tx.put_sender(sender(country=mark))
    tx.put_purpose(replace(PURPOSE, minimum=Strength.EXPRESS if mark == "AA" else None))
    for recipient in (ANN, ANN_RCS, BOB):
        opt_out(tx, recipient)
    tx.append(entry(kind=SETTING))
    tx.append(entry(tx.ensure_recipient(BOB), kind=ERASED))
    tx.put_contact(contact(first=mark), "ann@example.com")
    tx.put_auto_response("dept", setting(resp_text=mark))
    tx.put_credential(credential(tx.tenant.id, f"k-{mark}", basic_user=f"user-{mark}"))
    tx.add_secret(f"k-{mark}", b"key " + mark.encode(), None)
    tx.add_secret(f"k-{mark}", None, f"hash {mark}")
    tx.message_was_stated("dept", "m1", "STOP", tx.ensure_recipient(ANN))
    tx.keep_answer("k1", "Method", "r1", b"print", mark.encode())
    tx.add_review_item(tx.ensure_recipient(ANN), "dept", "STOP_SUSPECTED", 1)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a tenant's snapshot shows."""

    facts: tuple[object, ...]


def everything(storage: Storage, tenant_id: int) -> Shown:
    with storage.read(tenant_id) as snapshot:
        facts: list[object] = [
            snapshot.tenant,
            snapshot.senders("", 100),
            snapshot.sender("dept"),
            snapshot.purpose("marketing"),
            [(snapshot.recipient_id(r), snapshot.records(r)) for r in (ANN, ANN_RCS, BOB)],
            snapshot.consents(None, 100),
            snapshot.events(0, 100),
            snapshot.contact("c1"),
            snapshot.contact_by_external_id("x1"),
            snapshot.contacts_by_email("ann@example.com"),
            snapshot.contacts("", 100),
            snapshot.auto_responses("dept"),
            snapshot.credentials("", 100),
        ]
        facts += [snapshot.credential(f"k-{mark}") for mark in ("AA", "BB")]
    facts += [storage.find_by_key([b"key " + mark], 0) for mark in (b"AA", b"BB")]
    facts += [storage.find_by_user(f"user-{mark}") for mark in ("AA", "BB")]
    return Shown(tuple(facts))


def events_of(storage: Storage, tenant_id: int) -> list[StoredEvent]:
    with storage.read(tenant_id) as snapshot:
        return list(snapshot.events(0, 1_000_000))


def assert_whole_chain(storage: Storage, tenant_id: int) -> list[StoredEvent]:
    """The ledger is gap-free, hashed, in order of time, and ends where the tenant's head says."""
    with storage.read(tenant_id) as snapshot:
        events, tenant = list(snapshot.events(0, 1_000_000)), snapshot.tenant
    assert [event.header.revision for event in events] == list(range(1, len(events) + 1))
    previous, moment = GENESIS, 0
    for event in events:
        assert event.hash == chain_hash(previous, event.header)
        assert event.salt is not None
        assert event.payload is not None
        assert event.header.payload_digest == payload_digest(event.salt, event.payload)
        assert event.header.record_time >= moment
        previous, moment = event.hash, event.header.record_time
    assert (tenant.head_revision, tenant.head_hash) == (len(events), previous)
    assert tenant.head_time == moment
    return events
