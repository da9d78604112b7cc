"""A refused call, read as a client reads it: status code, ErrorInfo, BadRequest, RetryInfo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

DETAILS = "grpc-status-details-bin"


class Refused(Exception):
    """A call that did not end with OK. Its details must agree with its status."""

    def __init__(self, code: grpc.StatusCode, message: str, trailers: Mapping[str, Any]) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.status = Status.FromString(trailers[DETAILS])
        assert (self.status.code, self.status.message) == (code.value[0], message)
        info = self._detail(ErrorInfo)
        assert info is not None
        self.reason, self.domain = info.reason, info.domain
        self.metadata = dict(info.metadata)
        self.request_id = self.metadata.pop("request_id")
        assert trailers["x-request-id"] == self.request_id
        bad = self._detail(BadRequest)
        self.bad_request = list(bad.field_violations) if bad else []
        retry = self._detail(RetryInfo)
        self.retry_after_seconds = retry.retry_delay.seconds if retry else None

    @property
    def violations(self) -> dict[str, str]:
        """Each field that is wrong, with what is wrong."""
        assert all(violation.description for violation in self.bad_request)
        return {violation.field: violation.reason for violation in self.bad_request}

    def _detail(self, kind: type[Message]) -> Any:
        unpacked = kind()
        found = [detail for detail in self.status.details if detail.Is(kind.DESCRIPTOR)]
        assert len(found) <= 1
        return unpacked if found and found[0].Unpack(unpacked) else None


def refused(rpc: Callable[..., Any], *arguments: Any, **fields: Any) -> Refused:
    """Make a call that must be refused, and answer how."""
    with pytest.raises(Refused) as caught:
        rpc(*arguments, **fields)
    return caught.value
