"""The lines of single calls: what was asked, how it ended and how long it took; never of what or of whom."""

from __future__ import annotations

import time

import grpc
import structlog

from server.api import status
from server.api.call import Call
from server.domain.errors import ConsentError
from server.telemetry import AccessLog, Sparing

_OURS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN})
"""What is the service's own fault, and so more than a remark."""

log = structlog.get_logger()


class CallLog:
    """Writes the lines that the operator wants: of refused calls, of all (then without any bound), of none."""

    def __init__(self, wanted: AccessLog) -> None:
        self.tells_refusals = wanted != "off"
        self.tells_answers = wanted == "all"
        self._sparing = Sparing()

    def refused(self, call: Call, error: Exception) -> None:
        """Tell of a call that failed."""
        if not (self.tells_answers or self._sparing.allows()):
            return
        code = status.code_of(error)
        write = log.warning if code in _OURS else log.info
        reason = error.reason if isinstance(error, ConsentError) else "INTERNAL"
        write("call refused", **_of(call), code=code.name, reason=reason)

    def answered(self, call: Call) -> None:
        """Tell of a call that was answered; of a stream, that it ended."""
        log.info("call answered", **_of(call), code=grpc.StatusCode.OK.name)


def _of(call: Call) -> dict[str, object]:
    seconds = round(time.perf_counter() - call.began, 6)
    return {"method": call.method.name, "request_id": call.request_id, "tenant": call.tenant_id, "seconds": seconds}
