"""One person's events in a file that proves itself, without this service (proof_guide says how)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from server.cli.output import Meter, meter, stamp
from server.cli.proof_guide import guide
from server.cli.session import Unusable
from server.cli.timeline import Seen
from server.domain.ledger import GENESIS, Header
from server.domain.model import Recipient
from server.storage.protocol import Snapshot
from server.usecases.pages import MAX_PAGE_SIZE

FORMAT = "consent-proof-1"


def write_proof(snapshot: Snapshot, events: Sequence[Seen], file: Path) -> None:
    """Write the proof of at least one event; the file is there as a whole or not at all. Raises Unusable."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream, meter(snapshot.tenant.head_revision) as bar:
                _write(snapshot, events, stream, bar)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise Unusable(f"{file}: cannot be written: {error.strerror}") from error


def _write(snapshot: Snapshot, events: Sequence[Seen], stream: BinaryIO, bar: Meter) -> None:
    """The person's part at once, then the links one by one: there may be millions."""
    first = events[0].event.header.revision
    document = orjson.dumps(_document(snapshot, events, first), option=orjson.OPT_INDENT_2)
    stream.write(document.removesuffix(b"\n}") + b',\n  "links": {')
    theirs = {seen.event.header.revision for seen in events}
    comma = b""
    for revision, link in _links(snapshot, first, theirs, bar):
        stream.write(b'%b\n    "%d": %b' % (comma, revision, orjson.dumps(link)))
        comma = b","
    stream.write(b"\n  }\n}\n")


def _document(snapshot: Snapshot, events: Sequence[Seen], first: int) -> dict[str, Any]:
    tenant = snapshot.tenant
    before = snapshot.event(first - 1)
    people = {seen.event.header.recipient_id: seen.recipient for seen in events}
    return {
        "format": FORMAT,
        "how_to_verify": guide(),
        "tenant": {"id": tenant.id, "name": tenant.name},
        "write_time": stamp(snapshot.now),
        "recipients": [_person(number, recipient) for number, recipient in people.items()],
        "events": [_event(seen) for seen in events],
        "ledger": {
            "first_revision": first,
            "previous_hash": (before.hash if before else GENESIS).hex(),
            "head_revision": tenant.head_revision,
            "head_hash": tenant.head_hash.hex(),
        },
    }


def _person(number: int | None, recipient: Recipient) -> dict[str, Any]:
    address = None if recipient.forgotten else recipient.address
    return {"recipient_id": number, "channel": recipient.channel.name, "address": address}


def _event(seen: Seen) -> dict[str, Any]:
    event = seen.event
    return {
        "header": _header(event.header),
        "payload": event.payload.decode() if event.payload is not None else None,
        "salt": event.salt.hex() if event.salt is not None else None,
        "hash": event.hash.hex(),
    }


def _header(header: Header) -> dict[str, Any]:
    """The header's fields as they are hashed, in their order."""
    return {
        "tenant_id": header.tenant_id,
        "revision": header.revision,
        "kind": header.kind,
        "effective_time": header.effective_time,
        "record_time": header.record_time,
        "recipient_id": header.recipient_id,
        "sender": header.scope.sender,
        "purpose": header.scope.purpose,
        "before": header.before,
        "after": header.after,
        "applied": header.applied,
        "not_applied_reason": header.not_applied_reason.name if header.not_applied_reason else None,
        "actor": header.actor.name,
        "credential_id": header.credential_id,
        "source": header.source,
        "batch_id": header.batch_id,
        "payload_digest": header.payload_digest.hex(),
    }


def _links(snapshot: Snapshot, first: int, theirs: set[int], bar: Meter) -> Iterator[tuple[int, dict[str, Any]]]:
    """The headers of the events from the first on that are not the person's."""
    position = first - 1
    while page := snapshot.events(position, MAX_PAGE_SIZE):
        for event in page:
            if event.header.revision not in theirs:
                yield event.header.revision, _header(event.header)
        position = page[-1].header.revision
        bar.advance(position, f"{position:,} events")
