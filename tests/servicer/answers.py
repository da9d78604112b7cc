"""What callers show, ask and say, and the answers in words."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from consent.v1 import consent_pb2 as consent
from consent.v1 import decision_pb2 as decision
from consent.v1 import opt_out_status_pb2 as status

from tests.servicer.world import Caller

SMS, VOICE, EMAIL, WHATSAPP, RCS = range(1, 6)
TEXT, MAIL, CALL = range(1, 4)
MESSAGE, CUSTOMER, DEPLOYMENT = range(1, 4)
WRITTEN, EXPRESS, STOP = range(1, 4)
PHONE = "+16505551234"
OTHER_PHONE = "+16505559876"


def basic(user: str, password: str) -> tuple[str, str]:
    """The header of a user and a password."""
    return ("authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


@dataclass(frozen=True)
class Told:
    """What a record says; as short as can be."""

    state: str
    strength: str = ""
    lifted_by: str = ""
    suspected: bool = False
    requested: bool = False
    actor: str = "RECIPIENT"


def told(record: Any) -> Told:
    return Told(
        consent.ConsentState.Name(record.state).removeprefix("CONSENT_STATE_"),
        consent.Strength.Name(record.strength).removeprefix("STRENGTH_").replace("UNSPECIFIED", ""),
        consent.LiftedBy.Name(record.lifted_by).removeprefix("LIFTED_BY_").replace("UNSPECIFIED", ""),
        record.suspected,
        record.HasField("request_time"),
        consent.Actor.Name(record.actor).removeprefix("ACTOR_"),
    )


def records(caller: Caller, address: str = PHONE, channel: int = SMS) -> dict[str, Told]:
    """A recipient's records by the sender that they cover; each covers every purpose."""
    found = caller.ListConsents(recipient={"channel": channel, "address": address}).consents
    assert all(record.purpose == "*" for record in found)
    return {record.sender: told(record) for record in found}


def check(caller: Caller, sender: str, *purposes: str, address: str = PHONE, channel: int = SMS) -> Any:
    recipient = {"channel": channel, "address": address}
    return caller.CheckConsent(sender=sender, recipient=recipient, purposes=purposes or ("marketing",))


def verdict(caller: Caller, sender: str, purpose: str = "marketing", address: str = PHONE, channel: int = SMS) -> str:
    """`ALLOW OPTED_IN`, `DENY NO_CONSENT` and so on."""
    (decided,) = check(caller, sender, purpose, address=address, channel=channel).decisions
    said = decision.Verdict.Name(decided.verdict).removeprefix("VERDICT_")
    return f"{said} {decision.VerdictReason.Name(decided.reason).removeprefix('VERDICT_REASON_')}"


def attribute(value: str = PHONE, kind: int = TEXT, **more: Any) -> dict[str, Any]:
    return {"communication_type": kind, "communication_value": value, **more}


def update(caller: Caller, department: str, event: str, update_type: int, *attributes: Any, **fields: Any) -> list[str]:
    """Tell an event at a department; answer the warnings' codes. Message and customer are given where they are not."""
    answer = caller.UpdateOptOutStatus(
        **{
            "department_uuid": department,
            "event": status.OptOutEvent.Value(f"OPT_OUT_EVENT_{event}"),
            "update_type": update_type,
            "communication_attributes_list": attributes,
            **({"customer_uuid": "customer-1"} if update_type == CUSTOMER else {}),
            **fields,
        }
    )
    assert not answer.errors
    assert all(warning.warning_description for warning in answer.warnings)
    codes = (status.OptOutWarningCode.Name(warning.warning_code) for warning in answer.warnings)
    return [code.removeprefix("OPT_OUT_WARNING_CODE_") for code in codes]


def hear(caller: Caller, sender: str, event: str, *values: str, message: str = "") -> list[str]:
    """Tell a message that was received, under an id of its own unless one is given."""
    message = message or f"message-{caller.line.calls}"
    return update(
        caller, sender, event, MESSAGE, *(attribute(value) for value in values or (PHONE,)), message_uuid=message
    )


def relay(caller: Caller, client: str, consent_type: int, address: str = PHONE, **fields: Any) -> Any:
    """State a consent type of a North American number at a client."""
    return caller.UpdateChannelConsent(
        client_id=client, channel_addr=address.removeprefix("+"), channel_type=1, consent_type=consent_type, **fields
    )
