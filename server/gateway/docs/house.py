"""What is told of the gateway's own paths."""

from __future__ import annotations

from server.gateway.docs.doc import Doc, Manual, Spelling, Style

_ANSWER = {"status": str}

ALIVE = Doc("isAlive", "Whether the process answers", answer=_ANSWER, sample={"status": "ok"})
READY = Doc(
    "isReady",
    "Whether the server behind it serves",
    answer=_ANSWER,
    sample={"status": "ok"},
    failures={503: "It does not serve now."},
)

MANUAL = Manual(
    about="Whether the service is alive and ready. No credential is needed.",
    style=Style("House.", Spelling.WHOLE),
    envelope=_ANSWER,
    failures={},
    failure_sample={"status": "unavailable"},
)
