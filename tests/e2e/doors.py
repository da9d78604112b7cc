"""The four documented operations, told through JSON as the vendors' callers do, and through gRPC; answered alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from consent.v1 import channel_consent_pb2, consent_pb2, opt_out_status_pb2, user_opt_out_pb2

from tests.e2e.accounts import CLIENT, Caller


class Door(Protocol):
    """A way in."""

    caller: Caller

    def tell_department(
        self, department: str, update_type: str, event: str, value: str, ok: bool | None = None
    ) -> list[str]:
        """myKaarma's update; answers the warnings' codes."""
        ...

    def set_consent_type(self, number: str, consent_type: str) -> str:
        """Relay's update; answers what stands, or why it had no effect."""
        ...

    def opt_out(self, email: str) -> tuple[str, bool, str]:
        """Hi Marley's opt-out; answers the customer's mobile and status."""
        ...


@dataclass
class JsonDoor:
    """The gateway."""

    caller: Caller
    told: int = 0

    def tell_department(
        self, department: str, update_type: str, event: str, value: str, ok: bool | None = None
    ) -> list[str]:
        self.told += 1
        attribute = {"communicationType": "TEXT", "communicationValue": value, "okToCommunicate": ok}
        body = {
            "customerUUID": "customer",
            "messageUUID": f"json-{self.told}",
            "communicationAttributesList": [attribute],
            "event": event,
            "updateType": update_type,
        }
        path = f"/communications/department/{department}/optoutstatus"
        answer = self.caller.http.post(path, json=body, auth=self.caller.account.login).raise_for_status().json()
        assert answer["errors"] == []
        return [warning["warningCode"] for warning in answer["warnings"]]

    def set_consent_type(self, number: str, consent_type: str) -> str:
        path = f"/messaging/client/{CLIENT}/consent/channel_addr/{number}/channel_type/sms"
        headers = {"xx-relay-api-key": self.caller.account.key}
        answer = self.caller.http.put(path, json={"consent_type": consent_type}, headers=headers)
        assert answer.status_code in {200, 409}
        printed = answer.json()
        return str(printed["consent"]["consent_type"] if answer.status_code == 200 else printed["code"])

    def opt_out(self, email: str) -> tuple[str, bool, str]:
        headers = {"x-api-key": self.caller.account.key}
        user = self.caller.http.put(f"/api/user/actions/optout/email/{email}", headers=headers).raise_for_status()
        printed = user.json()
        return printed["mobile"], printed["optStatus"], printed["optStatusDetail"]


@dataclass
class GrpcDoor:
    """The service itself."""

    caller: Caller
    told: int = 0

    def tell_department(
        self, department: str, update_type: str, event: str, value: str, ok: bool | None = None
    ) -> list[str]:
        self.told += 1
        request = opt_out_status_pb2.UpdateOptOutStatusRequest(
            department_uuid=department,
            customer_uuid="customer",
            message_uuid=f"grpc-{self.told}",
            communication_attributes_list=[
                opt_out_status_pb2.CommunicationAttributes(
                    communication_type=opt_out_status_pb2.COMMUNICATION_TYPE_TEXT,
                    communication_value=value,
                    ok_to_communicate=ok,
                )
            ],
            event=opt_out_status_pb2.OptOutEvent.Value(f"OPT_OUT_EVENT_{event}"),
            update_type=opt_out_status_pb2.OptOutUpdateType.Value(f"OPT_OUT_UPDATE_TYPE_{update_type}"),
        )
        answer = self.caller.consent.UpdateOptOutStatus(request, metadata=self.caller.as_writer)
        name = opt_out_status_pb2.OptOutWarningCode.Name
        return [name(warning.warning_code).removeprefix("OPT_OUT_WARNING_CODE_") for warning in answer.warnings]

    def set_consent_type(self, number: str, consent_type: str) -> str:
        request = channel_consent_pb2.UpdateChannelConsentRequest(
            client_id=CLIENT,
            channel_addr=number,
            channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
            consent_type=channel_consent_pb2.ConsentType.Value(f"CONSENT_TYPE_{consent_type.upper()}"),
        )
        answer = self.caller.consent.UpdateChannelConsent(request, metadata=self.caller.as_writer)
        if answer.applied:
            name = channel_consent_pb2.ConsentType.Name(answer.consent.consent_type)
            return name.removeprefix("CONSENT_TYPE_").lower()
        reason = consent_pb2.NotAppliedReason.Name(answer.not_applied_reason)
        return reason.removeprefix("NOT_APPLIED_REASON_")

    def opt_out(self, email: str) -> tuple[str, bool, str]:
        request = user_opt_out_pb2.OptOutUserByEmailRequest(email=email)
        user = self.caller.consent.OptOutUserByEmail(request, metadata=self.caller.as_writer).user
        detail = user_opt_out_pb2.OptStatusDetail.Name(user.opt_status_detail).removeprefix("OPT_STATUS_DETAIL_")
        return user.mobile, user.opt_status, detail
