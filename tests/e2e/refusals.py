"""What a call over gRPC was refused with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status


@dataclass(frozen=True)
class Refusal:
    """A failure's code, its documented reason, and the fields that were at fault."""

    code: grpc.StatusCode
    reason: str
    message: str
    fields: tuple[str, ...] = ()


def refusal(call: Callable[[], object]) -> Refusal:
    """Make a call that must fail, and read how."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    error = raised.value
    info, bad = ErrorInfo(), BadRequest()
    for detail in Status.FromString(_details(error)).details:
        detail.Unpack(info)
        detail.Unpack(bad)
    assert info.domain == "consent.v1"
    fields = tuple(violation.field for violation in bad.field_violations)
    return Refusal(error.code(), info.reason, error.details() or "", fields)


def _details(error: grpc.RpcError) -> bytes:
    for item in error.trailing_metadata() or ():
        if item.key == "grpc-status-details-bin":
            assert isinstance(item.value, bytes)
            return item.value
    raise AssertionError(f"no details: {error}")
