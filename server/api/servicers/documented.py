"""The four vendors' documented operations: decode, call the use case, encode."""

from __future__ import annotations

from consent.v1 import auto_response_pb2 as auto
from consent.v1 import channel_consent_pb2 as channel
from consent.v1 import opt_out_status_pb2 as status
from consent.v1 import user_opt_out_pb2 as user

from server.api import convert, convert_statements
from server.api.call import Call
from server.api.units import Units
from server.domain.model import Role
from server.domain.opt_out_events import OptOutEvent, UpdateType
from server.storage.protocol import Transaction
from server.usecases import auto_responses, channel_consents, opt_out_reads, opt_out_status, user_opt_outs
from server.usecases.permits import ReplyPermits

ROLES = {
    "UpdateOptOutStatus": Role.WRITER,
    "UpdateChannelConsent": Role.WRITER,
    "ListAutoResponses": Role.READER,
    "CreateAutoResponse": Role.WRITER,
    "GetAutoResponse": Role.READER,
    "UpdateAutoResponse": Role.WRITER,
    "DeleteAutoResponse": Role.WRITER,
    "OptOutUserByEmail": Role.WRITER,
    "OptOutUserByMobile": Role.WRITER,
    "GetUser": Role.READER,
    "BatchGetOptOutStatus": Role.READER,
    "BatchUpdateChannelConsents": Role.WRITER,
    "ListMessagingOptOuts": Role.READER,
}


class DocumentedServicer:
    """UpdateOptOutStatus, UpdateChannelConsent, the auto-responses, the users' opt-outs, and their companions."""

    def __init__(self, units: Units, permits: ReplyPermits) -> None:
        self._units = units
        self._permits = permits

    def UpdateOptOutStatus(
        self, call: Call, request: status.UpdateOptOutStatusRequest
    ) -> status.UpdateOptOutStatusResponse:
        """Tell an event at a department."""
        update = _update(request)

        def work(tx: Transaction) -> status.UpdateOptOutStatusResponse:
            answer = status.UpdateOptOutStatusResponse()
            updated = opt_out_status.update_opt_out_status(tx, call.principal, self._permits, update)
            answer.reply_permits.extend(updated.reply_permits)
            for warning in updated.warnings:
                code = status.OptOutWarningCode.ValueType(warning.code)
                answer.warnings.add(warning_code=code, warning_description=warning.description)
            return answer

        return self._units.write(call, request, status.UpdateOptOutStatusResponse, work)

    def UpdateChannelConsent(
        self, call: Call, request: channel.UpdateChannelConsentRequest
    ) -> channel.UpdateChannelConsentResponse:
        """Set the consent of a number at a client."""
        update = _channel_update(request)

        def work(tx: Transaction) -> channel.UpdateChannelConsentResponse:
            stands = channel_consents.update_channel_consent(tx, call.principal, request.client_id, update)
            return convert.channel_consent(request.client_id, request, stands)

        return self._units.write(call, request, channel.UpdateChannelConsentResponse, work)

    def BatchUpdateChannelConsents(
        self, call: Call, request: channel.BatchUpdateChannelConsentsRequest
    ) -> channel.BatchUpdateChannelConsentsResponse:
        """Set the consents of many numbers at a client."""
        batch = list(map(_channel_update, request.batch))

        def work(tx: Transaction) -> channel.BatchUpdateChannelConsentsResponse:
            stand = channel_consents.update_channel_consents(tx, call.principal, request.client_id, batch)
            return channel.BatchUpdateChannelConsentsResponse(
                results=[
                    convert.channel_consent(request.client_id, asked, stands)
                    for asked, stands in zip(request.batch, stand, strict=True)
                ]
            )

        return self._units.write(call, request, channel.BatchUpdateChannelConsentsResponse, work)

    def BatchGetOptOutStatus(
        self, call: Call, request: status.BatchGetOptOutStatusRequest
    ) -> status.BatchGetOptOutStatusResponse:
        """Get the statuses of numbers, addresses and customers at a department."""
        asked = [
            opt_out_reads.Communication(
                convert_statements.COMMUNICATION_CHANNELS[each.communication_type],
                each.communication_value,
                each.customer_uuid,
                each.ok_to_communicate if each.HasField("ok_to_communicate") else None,
            )
            for each in request.communication_list
        ]
        with self._units.read(call) as snapshot:
            found = opt_out_reads.get_opt_out_statuses(
                snapshot, call.principal, request.department_uuid.lower(), asked, request.customer_uuid_list
            )
        return status.BatchGetOptOutStatusResponse(
            opt_out_status_list=[convert_statements.opt_out_status(*each) for each in found]
        )

    def ListMessagingOptOuts(
        self, call: Call, request: auto.ListMessagingOptOutsRequest
    ) -> auto.ListMessagingOptOutsResponse:
        """List the numbers that opted out of messaging profiles."""
        wanted = opt_out_reads.ProfileFilter(
            request.messaging_profile_id,
            str(getattr(request, "from")),
            convert.instant(request.created_at_gte) if request.HasField("created_at_gte") else None,
            convert.instant(request.created_at_lte) if request.HasField("created_at_lte") else None,
        )
        with self._units.read(call) as snapshot:
            page = opt_out_reads.list_profile_opt_outs(
                snapshot, call.principal, wanted, request.page_number, request.page_size
            )
        return convert_statements.opt_out_page(page, redacted=request.redaction_enabled)

    def ListAutoResponses(self, call: Call, request: auto.ListAutoResponsesRequest) -> auto.ListAutoResponsesResponse:
        """List a profile's settings."""
        wanted = auto_responses.Filter(
            request.country_code.upper(),
            *(
                convert.instant(getattr(request, bound)) if request.HasField(bound) else None
                for bound in ("created_at_gte", "created_at_lte", "updated_at_gte", "updated_at_lte")
            ),
        )
        with self._units.read(call) as snapshot:
            page = auto_responses.list_auto_responses(
                snapshot, call.principal, request.profile_id, wanted, request.page_number, request.page_size
            )
        return auto.ListAutoResponsesResponse(
            data=[convert.auto_response(setting) for setting in page.settings],
            meta=auto.PaginationMeta(
                page_number=page.number,
                page_size=page.size,
                total_pages=page.total_pages,
                total_results=page.total_results,
            ),
        )

    def CreateAutoResponse(
        self, call: Call, request: auto.CreateAutoResponseRequest
    ) -> auto.CreateAutoResponseResponse:
        """Make a setting."""
        draft = convert.auto_response_draft(request)

        def work(tx: Transaction) -> auto.CreateAutoResponseResponse:
            setting = auto_responses.create_auto_response(tx, call.principal, request.profile_id, draft)
            return auto.CreateAutoResponseResponse(data=convert.auto_response(setting))

        return self._units.write(call, request, auto.CreateAutoResponseResponse, work)

    def GetAutoResponse(self, call: Call, request: auto.GetAutoResponseRequest) -> auto.GetAutoResponseResponse:
        """Get one setting."""
        with self._units.read(call) as snapshot:
            setting = auto_responses.get_auto_response(
                snapshot, call.principal, request.profile_id, request.autoresp_cfg_id
            )
        return auto.GetAutoResponseResponse(data=convert.auto_response(setting))

    def UpdateAutoResponse(
        self, call: Call, request: auto.UpdateAutoResponseRequest
    ) -> auto.UpdateAutoResponseResponse:
        """Replace one setting whole."""
        draft = convert.auto_response_draft(request)

        def work(tx: Transaction) -> auto.UpdateAutoResponseResponse:
            setting = auto_responses.replace_auto_response(
                tx, call.principal, request.profile_id, request.autoresp_cfg_id, draft
            )
            return auto.UpdateAutoResponseResponse(data=convert.auto_response(setting))

        return self._units.write(call, request, auto.UpdateAutoResponseResponse, work)

    def DeleteAutoResponse(
        self, call: Call, request: auto.DeleteAutoResponseRequest
    ) -> auto.DeleteAutoResponseResponse:
        """Delete one setting."""

        def work(tx: Transaction) -> auto.DeleteAutoResponseResponse:
            auto_responses.delete_auto_response(tx, call.principal, request.profile_id, request.autoresp_cfg_id)
            return auto.DeleteAutoResponseResponse()

        return self._units.write(call, request, auto.DeleteAutoResponseResponse, work)

    def OptOutUserByEmail(self, call: Call, request: user.OptOutUserByEmailRequest) -> user.OptOutUserByEmailResponse:
        """Opt a customer out of SMS for the whole tenant."""

        def work(tx: Transaction) -> user.OptOutUserByEmailResponse:
            found = user_opt_outs.opt_out_user_by_email(tx, call.principal, request.email)
            return user.OptOutUserByEmailResponse(user=convert.user(found))

        return self._units.write(call, request, user.OptOutUserByEmailResponse, work)

    def OptOutUserByMobile(
        self, call: Call, request: user.OptOutUserByMobileRequest
    ) -> user.OptOutUserByMobileResponse:
        """Opt a customer out of SMS for the whole tenant."""

        def work(tx: Transaction) -> user.OptOutUserByMobileResponse:
            found = user_opt_outs.opt_out_user_by_mobile(tx, call.principal, request.mobile)
            return user.OptOutUserByMobileResponse(user=convert.user(found))

        return self._units.write(call, request, user.OptOutUserByMobileResponse, work)

    def GetUser(self, call: Call, request: user.GetUserRequest) -> user.GetUserResponse:
        """Find a customer, and how SMS to the mobile stands."""
        key = request.WhichOneof("key") or ""
        with self._units.read(call) as snapshot:
            found = user_opt_outs.find_user(snapshot, key, getattr(request, key) if key else "")
        return user.GetUserResponse(user=convert.user(found))


def _channel_update(
    request: channel.UpdateChannelConsentRequest | channel.ChannelConsentUpdate,
) -> channel_consents.ConsentUpdate:
    return channel_consents.ConsentUpdate(request.channel_addr, channel_consents.ConsentType(request.consent_type))


def _update(request: status.UpdateOptOutStatusRequest) -> opt_out_status.Update:
    return opt_out_status.Update(
        department_id=request.department_uuid.lower(),
        customer_id=request.customer_uuid,
        message_id=request.message_uuid,
        user_id=request.user_uuid,
        api_call_source=request.api_call_source,
        attributes=[
            opt_out_status.Attribute(
                convert_statements.COMMUNICATION_CHANNELS[attribute.communication_type],
                attribute.communication_value,
                attribute.ok_to_communicate if attribute.HasField("ok_to_communicate") else None,
                attribute.customer_uuid,
            )
            for attribute in request.communication_attributes_list
        ],
        event=OptOutEvent(request.event),
        update_type=UpdateType(request.update_type),
        process_synchronously=request.process_synchronously,
    )
