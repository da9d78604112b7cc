"""Questions and answers that the tests of the client share."""

from __future__ import annotations

from datetime import UTC, datetime

from consent.v1 import consent_pb2, decision_pb2, ledger_pb2

from server.client import Actor, Evidence, EvidenceMethod, Statement, Strength, opt_in, opt_out, sms

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PERSON = sms("+16505551234")
YES: Statement = opt_in(
    "acme",
    PERSON,
    "marketing",
    strength=Strength.EXPRESS_WRITTEN,
    actor=Actor.RECIPIENT,
    evidence=Evidence(EvidenceMethod.WEB_FORM, url="https://acme.example/join", ip_address="192.0.2.1"),
    effective_time=NOON,
)
NO: Statement = opt_out("acme", PERSON, "*", actor=Actor.BUSINESS)


def decision(
    verdict: int = decision_pb2.VERDICT_ALLOW,
    reason: int = decision_pb2.VERDICT_REASON_OPTED_IN,
    purpose: str = "marketing",
) -> decision_pb2.Decision:
    return decision_pb2.Decision(
        purpose=purpose,
        verdict=decision_pb2.Verdict.ValueType(verdict),
        reason=decision_pb2.VerdictReason.ValueType(reason),
    )


def answer(*decisions: decision_pb2.Decision) -> decision_pb2.CheckConsentResponse:
    return decision_pb2.CheckConsentResponse(decisions=decisions or [decision()], revision=7)


def batch_answer(request: decision_pb2.BatchCheckConsentRequest) -> decision_pb2.BatchCheckConsentResponse:
    """ALLOW for the addresses that end in an even digit, NO_CONSENT for the rest."""
    even = [address[-1] in "02468" for address in request.addresses]
    return decision_pb2.BatchCheckConsentResponse(
        verdicts=[decision_pb2.VERDICT_ALLOW if yes else decision_pb2.VERDICT_DENY for yes in even],
        reasons=[
            decision_pb2.VERDICT_REASON_OPTED_IN if yes else decision_pb2.VERDICT_REASON_NO_CONSENT for yes in even
        ],
        revision=7,
    )


def event(revision: int) -> ledger_pb2.ConsentEvent:
    return ledger_pb2.ConsentEvent(
        revision=revision,
        kind=ledger_pb2.CONSENT_EVENT_KIND_OPT_OUT,
        recipient=consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address="+16505551234"),
        sender="acme",
        purpose="*",
    )
