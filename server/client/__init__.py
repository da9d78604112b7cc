"""The client for internal services: `ConsentClient`, what it asks and answers, and what it raises.

For your own tests there is `server.client.testing`.
"""

from server.client.calls import Retries
from server.client.client import ConsentClient
from server.client.decisions import Consent, Decision
from server.client.errors import (
    BadAnswer,
    ClientClosed,
    Conflict,
    ConsentClientError,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResumeTokenOutOfRange,
    ServiceFault,
    Throttled,
    Unauthenticated,
    Unavailable,
    Violation,
)
from server.client.events import ConsentEvent
from server.client.inbound import Heard, Reply
from server.client.recipients import ALL, Recipient, email, rcs, sms, voice, whatsapp
from server.client.statements import Evidence, Recorded, Refused, Statement, opt_in, opt_out
from server.client.tls import tls_credentials
from server.client.vocabulary import (
    Actor,
    Channel,
    EventKind,
    EvidenceMethod,
    Intent,
    LiftedBy,
    NotAppliedReason,
    Reason,
    State,
    Strength,
    Verdict,
)
from server.client.watch import Watch

__all__ = [
    "ALL",
    "Actor",
    "BadAnswer",
    "Channel",
    "ClientClosed",
    "Conflict",
    "Consent",
    "ConsentClient",
    "ConsentClientError",
    "ConsentEvent",
    "DeadlineExceeded",
    "Decision",
    "EventKind",
    "Evidence",
    "EvidenceMethod",
    "Heard",
    "Intent",
    "InvalidRequest",
    "LiftedBy",
    "NotAppliedReason",
    "NotFound",
    "PermissionDenied",
    "Reason",
    "Recipient",
    "Recorded",
    "Refused",
    "Reply",
    "ResumeTokenOutOfRange",
    "Retries",
    "ServiceFault",
    "State",
    "Statement",
    "Strength",
    "Throttled",
    "Unauthenticated",
    "Unavailable",
    "Verdict",
    "Violation",
    "Watch",
    "email",
    "opt_in",
    "opt_out",
    "rcs",
    "sms",
    "tls_credentials",
    "voice",
    "whatsapp",
]
