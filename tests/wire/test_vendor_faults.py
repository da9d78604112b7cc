"""The faults that each vendor tells in its own way: which field, which code, which place."""

from __future__ import annotations

import grpc
import httpx
import pytest
from consent.v1 import (
    auto_response_pb2,
    channel_consent_pb2,
    consent_pb2,
    error_reason_pb2,
    opt_out_status_pb2,
    user_opt_out_pb2,
)

from server.gateway.fields import UNKNOWN
from tests.wire import samples
from tests.wire.script import Failure, Script

INVALID = grpc.StatusCode.INVALID_ARGUMENT
EVENTS = ", ".join(name.removeprefix("OPT_OUT_EVENT_") for name in opt_out_status_pb2.OptOutEvent.keys()[1:])


def violation(field: str, reason: str) -> Failure:
    return Failure(INVALID, "INVALID_FIELD", "not printed", violations=[(field, reason, "is wrong")])


def test_no_enum_has_the_number_of_an_unknown_word() -> None:
    modules = (
        auto_response_pb2,
        channel_consent_pb2,
        consent_pb2,
        error_reason_pb2,
        opt_out_status_pb2,
        user_opt_out_pb2,
    )
    for module in modules:
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            assert UNKNOWN not in enum.values_by_number


# --- myKaarma -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "reason", "code", "description"),
    [
        ("event", "REQUIRED", "INSUFFICIENT_INFORMATION", "event: is wrong"),
        ("update_type", "REQUIRED", "INSUFFICIENT_INFORMATION", "updateType: is wrong"),
        ("event", "UNKNOWN_VALUE", "INVALID_EVENT", f"event: must be one of {EVENTS}"),
        (
            "update_type",
            "UNKNOWN_VALUE",
            "INVALID_UPDATE_TYPE",
            "updateType: must be one of MESSAGE, CUSTOMER, DEPLOYMENT",
        ),
        ("customer_uuid", "REQUIRED", "MISSING_CUSTOMER_UUID", "customerUUID: is wrong"),
        ("customer_uuid", "TOO_LONG", "INVALID_CUSTOMER_UUID", "customerUUID: is wrong"),
        ("message_uuid", "REQUIRED", "MISSING_MESSAGE_UUID", "messageUUID: is wrong"),
        ("user_uuid", "TOO_LONG", "INVALID_USER_UUID", "userUUID: is wrong"),
        ("api_call_source", "TOO_LONG", "INVALID_API_CALL_SOURCE", "apiCallSource: is wrong"),
        ("department_uuid", "INVALID_FORMAT", "INVALID_DEPARTMENT_UUID", "departmentUUID: is wrong"),
        (
            "communication_attributes_list",
            "REQUIRED",
            "INSUFFICIENT_INFORMATION",
            "communicationAttributesList: is wrong",
        ),
        (
            "communication_attributes_list",
            "TOO_MANY",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationAttributesList: is wrong",
        ),
        (
            "communication_attributes_list[3].communication_value",
            "INVALID_FORMAT",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationAttributesList[3].communicationValue: is wrong",
        ),
        (
            "communication_attributes_list[0].communication_value",
            "REQUIRED",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationAttributesList[0].communicationValue: is wrong",
        ),
        (
            "communication_attributes_list[0].communication_type",
            "UNKNOWN_VALUE",
            "INVALID_COMMUNICATION_ATTRIBUTES",
            "communicationAttributesList[0].communicationType: must be one of TEXT, EMAIL, VOICE_CALL",
        ),
    ],
)
def test_mykaarma_violations(
    http: httpx.Client, script: Script, field: str, reason: str, code: str, description: str
) -> None:
    script.answer = violation(field, reason)
    answer = http.post(samples.MYKAARMA_PATH, json=samples.MYKAARMA_REQUEST, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.mykaarma_errors((code, description)))


def test_mykaarma_tells_each_violation(http: httpx.Client, script: Script) -> None:
    missing = [("event", "REQUIRED", "is needed"), ("update_type", "REQUIRED", "is needed")]
    script.answer = Failure(INVALID, "INVALID_FIELD", violations=missing)
    answer = http.post(samples.MYKAARMA_PATH, json={}, headers=samples.MYKAARMA_HEADERS)
    assert answer.json() == samples.mykaarma_errors(
        ("INSUFFICIENT_INFORMATION", "event: is needed"), ("INSUFFICIENT_INFORMATION", "updateType: is needed")
    )


def test_mykaarma_unknown_department(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND", "no such sender")
    answer = http.post(samples.MYKAARMA_PATH, json=samples.MYKAARMA_REQUEST, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (
        404,
        samples.mykaarma_errors(("DEPARTMENT_NOT_FOUND", "no such sender")),
    )


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ({"event": 5}, "event: must be a string"),
        ({"updateType": ["MESSAGE"]}, "updateType: must be a string"),
        ({"customerUUID": {}}, "customerUUID: must be a string"),
        ({"processSynchronously": "true"}, "processSynchronously: must be true or false"),
        ({"processSynchronously": 1}, "processSynchronously: must be true or false"),
        ({"communicationAttributesList": {}}, "communicationAttributesList: must be a list"),
        ({"communicationAttributesList": ["+1"]}, "communicationAttributesList[0]: must be an object"),
        ({"communicationAttributesList": [{}, None]}, "communicationAttributesList[1]: must be an object"),
        (
            {"communicationAttributesList": [{"communicationValue": 16105551212}]},
            "communicationAttributesList[0].communicationValue: must be a string",
        ),
        (
            {"communicationAttributesList": [{"okToCommunicate": "yes"}]},
            "communicationAttributesList[0].okToCommunicate: must be true or false",
        ),
    ],
)
def test_mykaarma_wrong_types(http: httpx.Client, script: Script, body: dict[str, object], description: str) -> None:
    answer = http.post(samples.MYKAARMA_PATH, json=body, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.mykaarma_errors(("MALFORMED_JSON", description)))
    assert script.asked == []


@pytest.mark.parametrize(
    "word", ["stop_message_received", "UNSPECIFIED", "", "OPT_OUT_EVENT_STOP_MESSAGE_RECEIVED", "2"]
)
def test_an_unknown_word_is_the_servers_to_refuse(http: httpx.Client, script: Script, word: str) -> None:
    http.post(samples.MYKAARMA_PATH, json={"event": word}, headers=samples.MYKAARMA_HEADERS).raise_for_status()
    assert script.only.request.event == UNKNOWN


def test_mykaarma_path_that_is_no_text(http: httpx.Client) -> None:
    path = "/department/%FF/optoutstatus"
    answer = http.post(path, json={}, headers=samples.MYKAARMA_HEADERS)
    assert answer.status_code == 400
    assert answer.json() == samples.mykaarma_errors(("INVALID_DEPARTMENT_UUID", "departmentUUID: is not UTF-8"))


# --- Relay Network ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["PROTECTED_OPT_OUT", "WIDER_OPT_OUT", "SUPERSEDED"])
def test_relay_conflict(http: httpx.Client, script: Script, reason: str) -> None:
    script.answer = channel_consent_pb2.UpdateChannelConsentResponse(
        applied=False, not_applied_reason=consent_pb2.NotAppliedReason.Value("NOT_APPLIED_REASON_" + reason)
    )
    answer = http.put(samples.RELAY_PATH, json={"consent_type": "express"}, headers=samples.RELAY_HEADERS)
    message = "the statement was recorded without effect: a no stands that it cannot lift"
    assert (answer.status_code, answer.json()) == (409, samples.relay_error(reason, message))


def test_relay_other_channel(http: httpx.Client, script: Script) -> None:
    script.answer = violation("channel_type", "UNKNOWN_VALUE")
    path = samples.RELAY_PATH.replace("sms", "SMS")
    answer = http.put(path, json=samples.RELAY_REQUEST, headers=samples.RELAY_HEADERS)
    assert script.only.request.channel_type == UNKNOWN
    message = "channel_type: must be one of sms"
    assert (answer.status_code, answer.json()) == (400, samples.relay_error("INVALID_REQUEST", message))


def test_relay_violations(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        INVALID,
        "INVALID_FIELD",
        violations=[
            ("channel_addr", "INVALID_FORMAT", "is no phone number"),
            ("consent_type", "UNKNOWN_VALUE", "2147483647 is unknown"),
        ],
    )
    answer = http.put(samples.RELAY_PATH, json={"consent_type": "maybe"}, headers=samples.RELAY_HEADERS)
    message = "channel_addr: is no phone number; consent_type: must be one of written, express, stop"
    assert (answer.status_code, answer.json()) == (400, samples.relay_error("INVALID_REQUEST", message))


def test_relay_unknown_client(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND", "no such client")
    answer = http.put(samples.RELAY_PATH, json=samples.RELAY_REQUEST, headers=samples.RELAY_HEADERS)
    assert (answer.status_code, answer.json()) == (404, samples.relay_error("CLIENT_NOT_FOUND", "no such client"))


def test_relay_wrong_type(http: httpx.Client, script: Script) -> None:
    answer = http.put(samples.RELAY_PATH, json={"consent_type": 1}, headers=samples.RELAY_HEADERS)
    message = "consent_type: must be a string"
    assert (answer.status_code, answer.json()) == (400, samples.relay_error("MALFORMED_REQUEST", message))


# --- Telnyx -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "reason", "code", "title", "source"),
    [
        ("country_code", "REQUIRED", "10004", "Missing required parameter", {"pointer": "/country_code"}),
        ("keywords", "TOO_MANY", "10025", "Value too long", {"pointer": "/keywords"}),
        ("keywords[2]", "TOO_LONG", "10025", "Value too long", {"pointer": "/keywords/2"}),
        ("country_code", "INVALID_FORMAT", "10027", "Unprocessable Entity", {"pointer": "/country_code"}),
        ("resp_text", "OUT_OF_RANGE", "10033", "Value out of range", {"pointer": "/resp_text"}),
        ("autoresp_cfg_id", "INVALID_FORMAT", "10027", "Unprocessable Entity", {"parameter": "autoresp_cfg_id"}),
    ],
)
def test_telnyx_violations(
    http: httpx.Client, script: Script, field: str, reason: str, code: str, title: str, source: dict[str, str]
) -> None:
    script.answer = violation(field, reason)
    answer = http.put(samples.TELNYX_SETTING_PATH, json=samples.TELNYX_REQUEST, headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error(code, title, f"{field}: is wrong", source)
    assert (answer.status_code, answer.json()) == (422, expected)
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("op", ["START", "unspecified", "begin"])
def test_telnyx_unknown_op(http: httpx.Client, script: Script, op: str) -> None:
    script.answer = violation("op", "UNKNOWN_VALUE")
    answer = http.post(samples.TELNYX_PATH, json={**samples.TELNYX_REQUEST, "op": op}, headers=samples.TELNYX_HEADERS)
    assert script.only.request.op == UNKNOWN
    expected = samples.telnyx_error(
        "10032", "Invalid enumerated value", "op: must be one of start, stop, info", {"pointer": "/op"}
    )
    assert (answer.status_code, answer.json()) == (422, expected)


def test_telnyx_reserved_keyword(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(
        INVALID,
        "KEYWORD_RESERVED",
        metadata={"keyword": "STOP", "op": "STOP"},
        violations=[("keywords[1]", "NOT_ALLOWED", "STOP always means stop")],
    )
    answer = http.post(samples.TELNYX_PATH, json=samples.TELNYX_REQUEST, headers=samples.TELNYX_HEADERS)
    detail = "keywords[1]: STOP always means stop"
    expected = samples.telnyx_error("10027", "Unprocessable Entity", detail, {"pointer": "/keywords/1"})
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("violations", "message", "detail", "pointer"),
    [
        ((), "JOIN has another op", f"JOIN has another op (setting {samples.SETTING})", "/keywords"),
        (
            [("keywords[0]", "NOT_ALLOWED", f"JOIN has another op in {samples.SETTING}")],
            "not printed",
            f"keywords[0]: JOIN has another op in {samples.SETTING}",
            "/keywords/0",
        ),
    ],
)
def test_telnyx_keyword_clash_names_the_other_setting(
    http: httpx.Client, script: Script, violations: samples.Json, message: str, detail: str, pointer: str
) -> None:
    metadata = {"keyword": "JOIN", "auto_response": samples.SETTING}
    script.answer = Failure(
        grpc.StatusCode.FAILED_PRECONDITION, "KEYWORD_TAKEN", message, metadata=metadata, violations=violations
    )
    answer = http.post(samples.TELNYX_PATH, json=samples.TELNYX_REQUEST, headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10027", "Unprocessable Entity", detail, {"pointer": pointer})
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("reason", "parameter"), [("SENDER_NOT_FOUND", "profile_id"), ("AUTO_RESPONSE_NOT_FOUND", "autoresp_cfg_id")]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_telnyx_not_found(http: httpx.Client, script: Script, method: str, reason: str, parameter: str) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, reason, "no such thing")
    body = samples.TELNYX_REQUEST if method == "PUT" else None
    answer = http.request(method, samples.TELNYX_SETTING_PATH, json=body, headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10005", "Resource not found", "no such thing", {"parameter": parameter})
    assert (answer.status_code, answer.json()) == (404, expected)
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("query", "key", "problem"),
    [
        ("created_at[gte]=yesterday", "created_at[gte]", "must be an RFC 3339 date or date-time"),
        ("created_at%5Blte%5D=2023-02-30", "created_at[lte]", "must be an RFC 3339 date or date-time"),
        ("updated_at[gte]=20230321", "updated_at[gte]", "must be an RFC 3339 date or date-time"),
        ("updated_at[lte]=0001-01-01T00:00:00%2B14:00", "updated_at[lte]", "must be an RFC 3339 date or date-time"),
        ("page[number]=one", "page[number]", "must be an integer"),
        ("page[size]=1.5", "page[size]", "must be an integer"),
        ("page%5Bsize%5D=%D9%A3", "page[size]", "must be an integer"),
        ("page[size]=" + "9" * 5000, "page[size]", "must be an integer"),
        ("country_code=%FF", "country_code", "is not UTF-8"),
    ],
)
def test_telnyx_query_that_cannot_be_read(
    http: httpx.Client, script: Script, query: str, key: str, problem: str
) -> None:
    answer = http.get(f"{samples.TELNYX_PATH}?{query}", headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10015", "Bad Request", f"{key}: {problem}", {"parameter": key})
    assert (answer.status_code, answer.json()) == (400, expected)
    assert script.asked == []


@pytest.mark.parametrize(
    ("field", "parameter"),
    [("page_size", "page[size]"), ("created_at_gte", "created_at[gte]"), ("country_code", "country_code")],
)
def test_telnyx_names_query_fields_as_they_were_sent(
    http: httpx.Client, script: Script, field: str, parameter: str
) -> None:
    script.answer = violation(field, "OUT_OF_RANGE")
    answer = http.get(samples.TELNYX_PATH + "?page[size]=-1", headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10033", "Value out of range", f"{parameter}: is wrong", {"parameter": parameter})
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("body", "problem", "pointer"),
    [
        ({"keywords": "JOIN"}, "keywords: must be a list", "/keywords"),
        ({"keywords": ["JOIN", 2]}, "keywords[1]: must be a string", "/keywords/1"),
        ({"keywords": ["JOIN", None]}, "keywords[1]: must be a string", "/keywords/1"),
        ({"op": 1}, "op: must be a string", "/op"),
        ({"resp_text": False}, "resp_text: must be a string", "/resp_text"),
        ({"country_code": ["US"]}, "country_code: must be a string", "/country_code"),
    ],
)
def test_telnyx_wrong_types(
    http: httpx.Client, script: Script, body: dict[str, object], problem: str, pointer: str
) -> None:
    answer = http.post(samples.TELNYX_PATH, json={**samples.TELNYX_REQUEST, **body}, headers=samples.TELNYX_HEADERS)
    expected = samples.telnyx_error("10015", "Bad Request", problem, {"pointer": pointer})
    assert (answer.status_code, answer.json()) == (400, expected)
    assert script.asked == []


@pytest.mark.parametrize(
    ("method", "code", "repeat"),
    [
        ("GET", grpc.StatusCode.UNAVAILABLE, True),
        ("GET", grpc.StatusCode.DEADLINE_EXCEEDED, True),
        ("POST", grpc.StatusCode.UNAVAILABLE, False),
        ("POST", grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        ("GET", grpc.StatusCode.INTERNAL, False),
        ("POST", grpc.StatusCode.ALREADY_EXISTS, False),
    ],
)
def test_telnyx_tells_its_sdks_where_a_retry_cannot_help(
    http: httpx.Client, script: Script, method: str, code: grpc.StatusCode, repeat: bool
) -> None:
    script.answer = Failure(code)
    body = samples.TELNYX_REQUEST if method == "POST" else None
    answer = http.request(method, samples.TELNYX_PATH, json=body, headers=samples.TELNYX_HEADERS)
    assert answer.headers.get("x-should-retry") == (None if repeat else "false")


def test_already_exists_is_409(http: httpx.Client, script: Script) -> None:
    script.answer = Failure(grpc.StatusCode.ALREADY_EXISTS, message="there is one")
    answer = http.post(samples.TELNYX_PATH, json=samples.TELNYX_REQUEST, headers=samples.TELNYX_HEADERS)
    assert (answer.status_code, answer.json()) == (
        409,
        samples.telnyx_error("10012", "Duplicate resource", "there is one"),
    )


# --- Hi Marley ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["CONTACT_NOT_FOUND", "CONTACT_WITHOUT_MOBILE"])
def test_himarley_unknown_user(http: httpx.Client, script: Script, reason: str) -> None:
    script.answer = Failure(grpc.StatusCode.NOT_FOUND, reason, "why")
    answer = http.put(samples.HIMARLEY_PATH, headers=samples.HIMARLEY_HEADERS)
    assert (answer.status_code, answer.json()) == (404, samples.himarley_error("USER_NOT_FOUND", "why"))


def test_himarley_wrong_email(http: httpx.Client, script: Script) -> None:
    script.answer = violation("email", "INVALID_FORMAT")
    answer = http.put(samples.HIMARLEY_PATH, headers=samples.HIMARLEY_HEADERS)
    assert (answer.status_code, answer.json()) == (400, samples.himarley_error("INVALID_EMAIL", "email: is wrong"))


def test_himarley_email_that_is_no_text(http: httpx.Client, script: Script) -> None:
    path = "/api/user/actions/optout/email/%FF"
    answer = http.put(path, headers=samples.HIMARLEY_HEADERS)
    expected = samples.himarley_error("INVALID_EMAIL", "email: is not UTF-8", path=path)
    assert (answer.status_code, answer.json()) == (400, expected)
    assert script.asked == []
