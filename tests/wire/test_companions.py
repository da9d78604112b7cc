"""The operations that go with the documented ones: reads, bulk, and the other keys of a user."""

from __future__ import annotations

import grpc
import httpx
import pytest
import telnyx
from consent.v1 import auto_response_pb2, channel_consent_pb2, consent_pb2, opt_out_status_pb2, user_opt_out_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.fields import UNKNOWN
from tests.wire import samples
from tests.wire.script import Failure, Script
from tests.wire.test_vendor_faults import INVALID

EMPTY: samples.Json = {}
TEXT = opt_out_status_pb2.COMMUNICATION_TYPE_TEXT
EMAIL = opt_out_status_pb2.COMMUNICATION_TYPE_EMAIL


def time(text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromJsonString(text)
    return stamp


# --- myKaarma -----------------------------------------------------------------------------------------------------

DEPARTMENT_PATH = f"/department/{samples.DEPARTMENT}"
STATUS_PATH = DEPARTMENT_PATH + "/communicationType/TEXT/communicationValue/%2B16105551212/optoutstatus"
LIST_PATH = DEPARTMENT_PATH + "/communications/optoutstatus/list"
CUSTOMERS_PATH = DEPARTMENT_PATH + "/customers/optoutstatus/list"
OPTED_OUT = opt_out_status_pb2.OptOutStatus(
    opt_out_state=opt_out_status_pb2.OPT_OUT_STATE_OPTED_OUT,
    can_send_optin_request=True,
    time_of_change=time("2025-03-28T11:34:43.330Z"),
)
OPTED_IN = opt_out_status_pb2.OptOutStatus(opt_out_state=opt_out_status_pb2.OPT_OUT_STATE_OPTED_IN)


def statuses(
    *items: tuple[opt_out_status_pb2.CommunicationAttributes, opt_out_status_pb2.OptOutStatus],
) -> samples.Json:
    return opt_out_status_pb2.BatchGetOptOutStatusResponse(
        opt_out_status_list=[
            opt_out_status_pb2.CommunicationOptOutStatus(communication=communication, opt_out_status=status)
            for communication, status in items
        ]
    )


def number(**fields: samples.Json) -> opt_out_status_pb2.CommunicationAttributes:
    return opt_out_status_pb2.CommunicationAttributes(
        communication_type=TEXT, communication_value="+16105551212", **fields
    )


@pytest.mark.parametrize("base", ["", "/communications"])
def test_mykaarma_status(http: httpx.Client, script: Script, base: str) -> None:
    script.answer = statuses((number(), OPTED_OUT))
    answer = http.get(base + STATUS_PATH, headers=samples.MYKAARMA_HEADERS)
    assert answer.status_code == 200
    assert answer.content == (
        b'{"optOutStatus":{"optOutState":"OPTED_OUT","canSendOptinRequest":true,'
        b'"timeOfChange":"2025-03-28T11:34:43.330Z"},"requestUUID":"wire-test-1","errors":[],"warnings":[]}'
    )
    assert script.only.request == opt_out_status_pb2.BatchGetOptOutStatusRequest(
        department_uuid=samples.DEPARTMENT, communication_list=[number()]
    )


def test_mykaarma_status_of_one_of_whom_nothing_is_known(http: httpx.Client, script: Script) -> None:
    script.answer = statuses((number(), OPTED_IN))
    answer = http.get(STATUS_PATH, headers=samples.MYKAARMA_HEADERS)
    assert answer.content == (
        b'{"optOutStatus":{"optOutState":"OPTED_IN","canSendOptinRequest":false},'
        b'"requestUUID":"wire-test-1","errors":[],"warnings":[]}'
    )


@pytest.mark.parametrize("base", ["", "/communications"])
def test_mykaarma_list(http: httpx.Client, script: Script, base: str) -> None:
    mail = opt_out_status_pb2.CommunicationAttributes(communication_type=EMAIL, communication_value="a@b.example")
    script.answer = statuses((number(ok_to_communicate=False, customer_uuid="c-1"), OPTED_OUT), (mail, OPTED_IN))
    body = {
        "communicationList": [
            {
                "communicationType": "TEXT",
                "communicationValue": "+16105551212",
                "okToCommunicate": False,
                "customerUUID": "c-1",
            },
            {"communicationType": "EMAIL", "communicationValue": "a@b.example"},
        ],
        "customerUUIDList": ["not read here"],
    }
    answer = http.post(base + LIST_PATH, json=body, headers=samples.MYKAARMA_HEADERS)
    assert answer.status_code == 200
    assert answer.content == (
        b'{"optOutStatusList":[{"communication":{"communicationType":"TEXT","communicationValue":"+16105551212",'
        b'"okToCommunicate":false,"customerUUID":"c-1"},"optOutStatus":{"optOutState":"OPTED_OUT",'
        b'"canSendOptinRequest":true,"timeOfChange":"2025-03-28T11:34:43.330Z"}},'
        b'{"communication":{"communicationType":"EMAIL","communicationValue":"a@b.example","customerUUID":""},'
        b'"optOutStatus":{"optOutState":"OPTED_IN","canSendOptinRequest":false}}],'
        b'"requestUUID":"wire-test-1","errors":[],"warnings":[]}'
    )
    assert script.only.request == opt_out_status_pb2.BatchGetOptOutStatusRequest(
        department_uuid=samples.DEPARTMENT,
        communication_list=[number(ok_to_communicate=False, customer_uuid="c-1"), mail],
    )


@pytest.mark.parametrize("base", ["", "/communications"])
def test_mykaarma_customers(http: httpx.Client, script: Script, base: str) -> None:
    answer = http.post(
        base + CUSTOMERS_PATH, json={"customerUUIDList": ["c-1", "c-2"]}, headers=samples.MYKAARMA_HEADERS
    )
    assert (answer.status_code, answer.json()) == (
        200,
        {"optOutStatusList": [], "requestUUID": samples.REQUEST_ID, "errors": [], "warnings": []},
    )
    assert script.only.request == opt_out_status_pb2.BatchGetOptOutStatusRequest(
        department_uuid=samples.DEPARTMENT, customer_uuid_list=["c-1", "c-2"]
    )


@pytest.mark.parametrize(
    ("path", "field", "reason", "code", "description"),
    [
        (
            STATUS_PATH,
            "communication_list[0].communication_value",
            "INVALID_FORMAT",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationValue: is wrong",
        ),
        (
            STATUS_PATH,
            "communication_list[0].communication_type",
            "UNKNOWN_VALUE",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationType: must be one of TEXT, EMAIL, VOICE_CALL",
        ),
        (STATUS_PATH, "department_uuid", "INVALID_FORMAT", "INVALID_DEPARTMENT_UUID", "departmentUUID: is wrong"),
        (
            LIST_PATH,
            "communication_list[7].communication_value",
            "REQUIRED",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationList[7].communicationValue: is wrong",
        ),
        (
            LIST_PATH,
            "communication_list",
            "TOO_MANY",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationList: is wrong",
        ),
        (LIST_PATH, "communication_list", "REQUIRED", "INSUFFICIENT_INFORMATION", "communicationList: is wrong"),
        (CUSTOMERS_PATH, "communication_list", "REQUIRED", "INSUFFICIENT_INFORMATION", "customerUUIDList: is wrong"),
        (CUSTOMERS_PATH, "customer_uuid_list", "REQUIRED", "INSUFFICIENT_INFORMATION", "customerUUIDList: is wrong"),
        (CUSTOMERS_PATH, "customer_uuid_list[2]", "TOO_LONG", "INVALID_CUSTOMER_UUID", "customerUUIDList[2]: is wrong"),
    ],
)
def test_mykaarma_reads_tell_the_callers_own_fields(
    http: httpx.Client, script: Script, path: str, field: str, reason: str, code: str, description: str
) -> None:
    script.answer = Failure(INVALID, "INVALID_FIELD", violations=[(field, reason, "is wrong")])
    method, body = ("GET", None) if path == STATUS_PATH else ("POST", EMPTY)
    answer = http.request(method, path, json=body, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.mykaarma_errors((code, description)))


def test_mykaarma_status_of_an_unknown_type(http: httpx.Client, script: Script) -> None:
    script.answer = statuses((number(), OPTED_IN))
    http.get(STATUS_PATH.replace("TEXT", "FAX"), headers=samples.MYKAARMA_HEADERS).raise_for_status()
    assert script.only.request.communication_list[0].communication_type == UNKNOWN


def test_mykaarma_value_that_is_no_text(http: httpx.Client) -> None:
    answer = http.get(STATUS_PATH.replace("%2B", "%FF"), headers=samples.MYKAARMA_HEADERS)
    expected = samples.mykaarma_errors(("INVALID_COMMUNICATION_ATTRIBUTES", "communicationValue: is not UTF-8"))
    assert (answer.status_code, answer.json()) == (400, expected)


@pytest.mark.parametrize(
    ("path", "body", "description"),
    [
        (LIST_PATH, {"communicationList": [{}, 1]}, "communicationList[1]: must be an object"),
        (CUSTOMERS_PATH, {"customerUUIDList": "c-1"}, "customerUUIDList: must be a list"),
        (CUSTOMERS_PATH, {"customerUUIDList": ["c-1", 2]}, "customerUUIDList[1]: must be a string"),
    ],
)
def test_mykaarma_lists_of_wrong_types(
    http: httpx.Client, script: Script, path: str, body: samples.Json, description: str
) -> None:
    answer = http.post(path, json=body, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.mykaarma_errors(("MALFORMED_JSON", description)))
    assert script.asked == []


# --- Relay Network ------------------------------------------------------------------------------------------------

BULK_PATH = "/messaging/client/relay_developer/consent/bulk"
BULK_REQUEST = {
    "batch": [
        {"channel_addr": "6105551212", "channel_type": "sms", "consent_type": "written"},
        {"channel_addr": "16105551213", "channel_type": "sms", "consent_type": "express"},
        {"channel_addr": "6105551214", "channel_type": "sms", "consent_type": "stop"},
    ]
}


def consent(address: str, kind: channel_consent_pb2.ConsentType.ValueType) -> channel_consent_pb2.ChannelConsent:
    return channel_consent_pb2.ChannelConsent(
        client_id="relay_developer",
        created_at=time("2024-07-05T22:16:12.934Z"),
        updated_at=time("2024-07-05T22:16:12.934Z"),
        channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
        channel_addr=address,
        consent_type=kind,
    )


@pytest.mark.parametrize("base", ["", "/platform/v3/api"])
def test_relay_bulk_tells_conflicts_apart(http: httpx.Client, script: Script, base: str) -> None:
    script.answer = channel_consent_pb2.BatchUpdateChannelConsentsResponse(
        results=[
            channel_consent_pb2.UpdateChannelConsentResponse(
                consent=consent("6105551212", channel_consent_pb2.CONSENT_TYPE_WRITTEN), applied=True
            ),
            channel_consent_pb2.UpdateChannelConsentResponse(
                consent=consent("16105551213", channel_consent_pb2.CONSENT_TYPE_STOP),
                not_applied_reason=consent_pb2.NOT_APPLIED_REASON_WIDER_OPT_OUT,
            ),
            channel_consent_pb2.UpdateChannelConsentResponse(
                consent=consent("6105551214", channel_consent_pb2.CONSENT_TYPE_STOP), applied=True
            ),
        ]
    )
    answer = http.put(base + BULK_PATH, json=BULK_REQUEST, headers=samples.RELAY_HEADERS)
    printed = samples.RELAY_ANSWER["consent"]
    conflict = {
        "channel_addr": "16105551213",
        "channel_type": "sms",
        "code": "WIDER_OPT_OUT",
        "message": "the statement was recorded without effect: a no stands that it cannot lift",
    }
    assert answer.status_code == 200
    assert answer.json() == {
        "consents": [printed, {**printed, "channel_addr": "6105551214", "consent_type": "stop"}],
        "conflicts": [conflict],
    }
    assert list(answer.json()["consents"][0]) == list(printed)
    sms, kinds = channel_consent_pb2.CHANNEL_TYPE_SMS, channel_consent_pb2
    assert script.only.request == channel_consent_pb2.BatchUpdateChannelConsentsRequest(
        client_id="relay_developer",
        batch=[
            channel_consent_pb2.ChannelConsentUpdate(channel_addr=address, channel_type=sms, consent_type=kind)
            for address, kind in (
                ("6105551212", kinds.CONSENT_TYPE_WRITTEN),
                ("16105551213", kinds.CONSENT_TYPE_EXPRESS),
                ("6105551214", kinds.CONSENT_TYPE_STOP),
            )
        ],
    )


def test_relay_bulk_of_an_empty_batch_prints_its_lists(http: httpx.Client) -> None:
    answer = http.put(BULK_PATH, json={"batch": []}, headers=samples.RELAY_HEADERS)
    assert answer.content == b'{"consents":[],"conflicts":[]}'


def test_relay_bulk_names_the_index_of_an_invalid_item(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        INVALID,
        "INVALID_FIELD",
        violations=[
            ("batch[1].channel_addr", "INVALID_FORMAT", "is no phone number"),
            ("batch[2].consent_type", "UNKNOWN_VALUE", "is unknown"),
        ],
    )
    body = {"batch": [*BULK_REQUEST["batch"][:2], {**BULK_REQUEST["batch"][2], "consent_type": "maybe"}]}
    answer = http.put(BULK_PATH, json=body, headers=samples.RELAY_HEADERS)
    message = "batch[1].channel_addr: is no phone number; batch[2].consent_type: must be one of written, express, stop"
    assert (answer.status_code, answer.json()) == (400, samples.relay_error("INVALID_REQUEST", message))
    assert script.only.request.batch[2].consent_type == UNKNOWN


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({}, "batch: must be a list"),
        ([{}, []], "batch[1]: must be an object"),
        ([{"channel_addr": 6105551212}], "batch[0].channel_addr: must be a string"),
    ],
)
def test_relay_bulk_of_wrong_types(http: httpx.Client, script: Script, batch: samples.Json, message: str) -> None:
    answer = http.put(BULK_PATH, json={"batch": batch}, headers=samples.RELAY_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.relay_error("MALFORMED_REQUEST", message))
    assert script.asked == []


# --- Telnyx -------------------------------------------------------------------------------------------------------

OPT_OUTS_PATH = "/messaging_optouts"


def opt_out(**fields: samples.Json) -> auto_response_pb2.MessagingOptOut:
    return auto_response_pb2.MessagingOptOut(**fields)


OPT_OUTS = auto_response_pb2.ListMessagingOptOutsResponse(
    data=[
        opt_out(
            **{"from": "+16105551212"},
            to="+16105550000",
            messaging_profile_id=samples.PROFILE,
            keyword="STOP",
            created_at=time("2023-03-21T23:37:45.858535Z"),
        ),
        opt_out(**{"from": "+16105551213"}, created_at=time("2023-03-21T23:37:45Z")),
    ],
    meta=auto_response_pb2.PaginationMeta(page_number=1, page_size=20, total_pages=1, total_results=2),
)


@pytest.mark.parametrize("base", ["", "/v2"])
def test_telnyx_opt_outs(http: httpx.Client, script: Script, base: str) -> None:
    script.answer = OPT_OUTS
    answer = http.get(base + OPT_OUTS_PATH, headers=samples.TELNYX_HEADERS)
    assert answer.status_code == 200
    assert answer.content == (
        b'{"data":[{"from":"+16105551212","to":"+16105550000",'
        b'"messaging_profile_id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","keyword":"STOP",'
        b'"created_at":"2023-03-21T23:37:45.858535+00:00"},'
        b'{"from":"+16105551213","to":null,"messaging_profile_id":null,"keyword":null,'
        b'"created_at":"2023-03-21T23:37:45.000000+00:00"}],'
        b'"meta":{"page_number":1,"page_size":20,"total_pages":1,"total_results":2}}'
    )
    assert script.only.request == auto_response_pb2.ListMessagingOptOutsRequest()


def test_telnyx_lists_no_opt_outs_with_their_meta(http: httpx.Client) -> None:
    answer = http.get(OPT_OUTS_PATH, headers=samples.TELNYX_HEADERS)
    meta = {"page_number": 0, "page_size": 0, "total_pages": 0, "total_results": 0}
    assert answer.json() == {"data": [], "meta": meta}


@pytest.mark.parametrize("encode", [lambda key: key, lambda key: key.replace("[", "%5B").replace("]", "%5D")])
def test_telnyx_opt_outs_by_every_filter(http: httpx.Client, script: Script, encode: samples.Json) -> None:
    query = encode(
        f"filter[messaging_profile_id]={samples.PROFILE}&filter[from]=+16105551212&created_at[gte]=2023-03-21"
        "&created_at[lte]=2023-03-22T00:00:00%2B01:00&page[number]=2&page[size]=50&redaction_enabled=True"
    )
    http.get(f"{OPT_OUTS_PATH}?{query}", headers=samples.TELNYX_HEADERS).raise_for_status()
    assert script.only.request == auto_response_pb2.ListMessagingOptOutsRequest(
        messaging_profile_id=samples.PROFILE,
        **{"from": "+16105551212"},
        created_at_gte=time("2023-03-21T00:00:00Z"),
        created_at_lte=time("2023-03-21T23:00:00Z"),
        page_number=2,
        page_size=50,
        redaction_enabled=True,
    )


@pytest.mark.parametrize("given", ["", "false", "False"])
def test_telnyx_redaction_is_off(http: httpx.Client, script: Script, given: str) -> None:
    http.get(f"{OPT_OUTS_PATH}?redaction_enabled={given}", headers=samples.TELNYX_HEADERS).raise_for_status()
    assert not script.only.request.redaction_enabled


@pytest.mark.parametrize(
    ("key", "given", "problem"),
    [
        ("redaction_enabled", "yes", "must be true or false"),
        ("created_at[lte]", "soon", "must be an RFC 3339 date or date-time"),
        ("page[size]", "x", "must be an integer"),
    ],
)
def test_telnyx_opt_out_query_that_cannot_be_read(
    http: httpx.Client, script: Script, key: str, given: str, problem: str
) -> None:
    answer = http.get(OPT_OUTS_PATH, params={key: given}, headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10015", "Bad Request", f"{key}: {problem}", {"parameter": key})
    assert (answer.status_code, answer.json()) == (400, expected)
    assert script.asked == []


@pytest.mark.parametrize("field", ["messaging_profile_id", "from"])
def test_telnyx_names_filters_as_they_were_sent(http: httpx.Client, script: Script, field: str) -> None:
    script.answer = Failure(INVALID, "INVALID_FIELD", violations=[(field, "TOO_LONG", "is wrong")])
    answer = http.get(OPT_OUTS_PATH, headers=samples.TELNYX_HEADERS)
    parameter = f"filter[{field}]"
    expected = samples.telnyx_error("10025", "Value too long", f"{parameter}: is wrong", {"parameter": parameter})
    assert (answer.status_code, answer.json()) == (422, expected)


def test_telnyx_opt_outs_of_an_unknown_profile(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND", "no such profile")
    answer = http.get(OPT_OUTS_PATH, headers=samples.TELNYX_HEADERS)
    source = {"parameter": "filter[messaging_profile_id]"}
    expected = samples.telnyx_error("10005", "Resource not found", "no such profile", source)
    assert (answer.status_code, answer.json()) == (404, expected)


def test_telnyx_own_client_lists_opt_outs(http: httpx.Client, script: Script) -> None:
    script.answer = OPT_OUTS
    with telnyx.Telnyx(api_key="KEY0123456789-wire", base_url=f"{http.base_url}/v2") as client:
        page = client.messaging_optouts.list(filter={"from": "+16105551212"}, redaction_enabled="true")
    assert [(item.from_, item.messaging_profile_id) for item in page.data or []] == [
        ("+16105551212", samples.PROFILE),
        ("+16105551213", None),
    ]
    assert getattr(script.only.request, "from") == "+16105551212"
    assert script.only.request.redaction_enabled


# --- Hi Marley ----------------------------------------------------------------------------------------------------

USER = user_opt_out_pb2.User(
    id="bc13bc97-23eb-40eb-ac0f-12341ee99aae",
    first="james",
    last="bondd",
    email="testertester123@verizon.net",
    mobile="+15552320405",
    role="enduser",
    opt_status=False,
    opt_status_detail=user_opt_out_pb2.OPT_STATUS_DETAIL_OPTED_OUT,
)


def test_himarley_opt_out_by_mobile(http: httpx.Client, script: Script) -> None:
    script.answer = user_opt_out_pb2.OptOutUserByMobileResponse(user=USER)
    answer = http.put("/api/user/actions/optout/mobile/15552320405", headers=samples.HIMARLEY_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.HIMARLEY_ANSWER)
    assert list(answer.json()) == list(samples.HIMARLEY_ANSWER)
    assert script.only.request == user_opt_out_pb2.OptOutUserByMobileRequest(mobile="15552320405")


@pytest.mark.parametrize(
    ("key", "value"),
    [("email", "a+tag@b.example"), ("mobile", "15552320405"), ("id", "bc13bc97-23eb-40eb-ac0f-12341ee99aae")],
)
@pytest.mark.parametrize("status", [False, True])
def test_himarley_status(http: httpx.Client, script: Script, key: str, value: str, status: bool) -> None:
    script.answer = user_opt_out_pb2.GetUserResponse(user=user_opt_out_pb2.User(opt_status=status))
    answer = http.get(f"/api/user/actions/status/{key}/{value}", headers=samples.HIMARLEY_HEADERS)
    assert answer.status_code == 200
    assert answer.content == (b'{"optStatus":true}' if status else b'{"optStatus":false}')
    assert script.only.request == user_opt_out_pb2.GetUserRequest(**{key: value})


def test_himarley_user(http: httpx.Client, script: Script) -> None:
    script.answer = user_opt_out_pb2.GetUserResponse(user=USER)
    answer = http.get("/api/user/email/testertester123%40verizon.net", headers=samples.HIMARLEY_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.HIMARLEY_ANSWER)
    assert script.only.request == user_opt_out_pb2.GetUserRequest(email="testertester123@verizon.net")


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("PUT", "/api/user/actions/optout/mobile/x", "mobile"),
        ("GET", "/api/user/actions/status/mobile/x", "mobile"),
        ("GET", "/api/user/actions/status/id/x", "id"),
        ("GET", "/api/user/actions/status/email/x", "email"),
        ("GET", "/api/user/email/x", "email"),
    ],
)
def test_himarley_faults_of_the_companions(
    http: httpx.Client, script: Script, method: str, path: str, field: str
) -> None:
    script.answer = Failure(INVALID, "INVALID_FIELD", violations=[(field, "INVALID_FORMAT", "is wrong")])
    answer = http.request(method, path, headers=samples.HIMARLEY_HEADERS)
    expected = samples.himarley_error(f"INVALID_{field.upper()}", f"{field}: is wrong", method=method, path=path)
    assert (answer.status_code, answer.json()) == (400, expected)
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, "CONTACT_NOT_FOUND", "nobody")
    answer = http.request(method, path, headers=samples.HIMARLEY_HEADERS)
    expected = samples.himarley_error("USER_NOT_FOUND", "nobody", method=method, path=path)
    assert (answer.status_code, answer.json()) == (404, expected)
