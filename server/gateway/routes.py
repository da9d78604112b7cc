"""Which of a vendor's operations a path names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.gateway.errors import Fault, FaultKind, Refused, refusal
from server.gateway.paths import Template
from server.gateway.vendor import Operation, Vendor


@dataclass(frozen=True, slots=True)
class Match:
    """An operation that a path names, with the values in the path, not yet decoded."""

    operation: Operation
    values: Mapping[str, bytes]


class Routes:
    """The paths of one vendor."""

    def __init__(self, vendor: Vendor) -> None:
        self._prefixes = [tuple(part.encode() for part in prefix.split("/")[1:]) for prefix in vendor.prefixes]
        self._operations = [
            (Template(base + operation.path), operation) for operation in vendor.operations for base in vendor.bases
        ]

    def owns(self, segments: tuple[bytes, ...]) -> bool:
        """Whether a path lies under one of the vendor's prefixes."""
        return any(segments[: len(prefix)] == prefix for prefix in self._prefixes)

    def find(self, segments: tuple[bytes, ...]) -> dict[str, Match]:
        """What a path can do, by method; empty for one that is no path of the vendor. HEAD is wherever GET is."""
        found = {}
        for template, operation in self._operations:
            values = template.match(segments)
            if values is not None:
                found[operation.method] = Match(operation, values)
        if "GET" in found:
            found["HEAD"] = found["GET"]
        return found


def choose(found: Mapping[str, Match], method: str) -> Match:
    """The match for a method. Raises Refused (ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED) where there is none."""
    if not found:
        raise refusal(FaultKind.ROUTE_NOT_FOUND)
    if method not in found:
        kind = FaultKind.METHOD_NOT_ALLOWED
        raise Refused(Fault(kind, kind.message, allow=list_methods(found)))
    return found[method]


def list_methods(found: Mapping[str, Match]) -> str:
    """The value of Allow."""
    return ", ".join(sorted({*found, "OPTIONS"}))
