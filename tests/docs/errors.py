"""docs/errors.md, made from the contract and from what the doors really answer: `python -m tests.docs.errors`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
from consent.v1.error_reason_pb2 import ErrorReason
from grpc.aio import AioRpcError, Metadata

from server.api.status import CODES
from server.domain.errors import FieldFault
from server.gateway.app import VENDORS
from server.gateway.calls import Occasion
from server.gateway.errors import Fault, FaultKind, read_failure
from server.gateway.vendor import Vendor
from tests.docs.remedies import FIELD_REMEDIES, REMEDIES
from tests.wire.comments import read_comments

FILE = Path(__file__).parents[2] / "docs/errors.md"
_PREFIX = "ERROR_REASON_"
_COMMENT = re.compile(r"(?P<code>[A-Z_]+): (?P<meaning>.*?)(?: Metadata: (?P<metadata>.*))?", re.S)
_HEAD = """\
# Errors

<!-- Made by `make generate` from the contract's error_reason.proto. Change that, or tests/docs/remedies.py. -->

A failed call carries a canonical gRPC code, a message for a person, and a `google.rpc.ErrorInfo` with the domain
`consent.v1`, a **reason** and metadata. Decide by the code and the reason; never by the message. The metadata always
has `request_id`, which stands in the service's log on every line about the call.

**No error is a yes.** Whoever got none of `VERDICT_ALLOW` does not send. A DENY is no error: it is an answer, with a
reason of its own.

| code | repeat it? |
|---|---|
| `UNAVAILABLE` | yes, after a pause, no shorter than `RetryInfo` says; a write under the same `request_id` |
| `RESOURCE_EXHAUSTED` | yes, once, after the time that `RetryInfo` says |
| `DEADLINE_EXCEEDED` | a read, yes; a write under the same `request_id`: whether it was done is not known |
| any other | no: the same call will fail again |

`google.rpc.RetryInfo` is a detail of the error; in JSON it is the header `Retry-After`. Under the same `request_id` a
repeated write is safe: it is done once.

In JSON under `/v1` the same stands in `{"error": {"code", "message", "status", "details"}}`. The four vendors' paths
answer in their own envelopes; where such a path has another HTTP status, it is named below.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What the contract says of a reason."""

    name: str
    code: grpc.StatusCode
    meaning: str
    metadata: str


def reasons() -> Iterator[Told]:
    """Every reason, in the contract's order. Raises ValueError for a comment that is not written as the others."""
    comments = read_comments("consent/v1/error_reason.proto")
    for full in ErrorReason.keys()[1:]:
        found = _COMMENT.fullmatch(comments[f"consent.v1.ErrorReason.{full}"])
        if found is None:
            raise ValueError(f"{full}: its comment must begin with the status code: “NOT_FOUND: no such …”")
        name, code = full.removeprefix(_PREFIX), grpc.StatusCode[found["code"]]
        if CODES[name] is not code:
            raise ValueError(f"{full}: its comment says {code.name}, and the service answers {CODES[name].name}")
        yield Told(name, code, found["meaning"], (found["metadata"] or "").rstrip("."))


def write_page() -> str:
    """The page's text. Raises KeyError for a reason that has no remedy."""
    told = list(reasons())
    parts = [_HEAD]
    for code in dict.fromkeys(reason.code for reason in told):
        parts.append(f"## {code.name}\n\n{_statuses(_fault(code, ''))}\n")
        rows = [_row(reason) for reason in told if reason.code is code]
        parts.append(_table(("reason", "it means", "metadata", "what to do"), rows))
    parts += ["## Field violations\n", _FIELDS, _table(("reason", "it means"), _fields())]
    parts += ["## What the doors refuse by themselves\n", _DOORS, _table(("HTTP", "kind", "it means"), _kinds())]
    return "\n".join(parts)


_FIELDS = """\
`INVALID_FIELD`, and other reasons that one field is to blame for, list the fields in `google.rpc.BadRequest`: each with
its path in the contract's names, a description and one of these reasons. Vendors' envelopes name the field as that
vendor writes it.
"""
_DOORS = """\
A request that is no call of the contract is refused before it reaches the service. Under `/v1` the reason is the kind,
or the one above that means the same: `CREDENTIAL_MISSING`, `MALFORMED_REQUEST`.
Over gRPC the library itself answers `UNIMPLEMENTED` for a method that does not exist, `RESOURCE_EXHAUSTED` for a
message of more than 4 MiB, and `UNAVAILABLE` where nothing is reached: those carry no ErrorInfo.
"""


def _row(reason: Told) -> tuple[str, ...]:
    return f"`{reason.name}`", _sentence(reason.meaning), reason.metadata, REMEDIES[reason.name]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _fault(code: grpc.StatusCode, details: str) -> Fault:
    return read_failure(AioRpcError(code, Metadata(), Metadata(), details))


def _statuses(fault: Fault) -> str:
    """`HTTP 400; Telnyx 422.`"""
    by_vendor = {vendor.name: vendor.render(fault, _occasion(vendor)).status for vendor in VENDORS}
    usual = fault.kind.status
    others = [f"{name} {status}" for name, status in by_vendor.items() if status != usual]
    return "; ".join([f"HTTP {usual}", *others]) + "."


def _occasion(vendor: Vendor) -> Occasion:
    return Occasion("5d0f7c1e", "GET", vendor.prefixes[0])


def _fields() -> Iterator[tuple[str, ...]]:
    for fault in FieldFault:
        yield f"`{fault.value}`", FIELD_REMEDIES[fault]


def _kinds() -> Iterator[tuple[str, ...]]:
    # What only the service behind answers is told above.
    for kind in list(FaultKind)[: list(FaultKind).index(FaultKind.WRONG_CREDENTIALS)]:
        yield str(kind.status), f"`{kind.name}`", kind.message
    for kind in (FaultKind.UNAVAILABLE, FaultKind.TIMEOUT):
        yield str(kind.status), f"`{kind.name}`", kind.message


def _table(titles: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    FILE.write_text(write_page(), encoding="utf-8")
