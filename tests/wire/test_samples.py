"""Each documented operation with its vendor's own sample: what the server is asked, and what the caller gets."""

from __future__ import annotations

import httpx
import pytest
from consent.v1 import auto_response_pb2, channel_consent_pb2, opt_out_status_pb2, user_opt_out_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.wire import samples
from tests.wire.script import Script


def time(text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromJsonString(text)
    return stamp


def setting(printed: samples.Json) -> auto_response_pb2.AutoResponse:
    return auto_response_pb2.AutoResponse(
        id=printed["id"],
        country_code=printed["country_code"],
        keywords=printed["keywords"],
        op=auto_response_pb2.AutoResponseOp.Value(f"AUTO_RESPONSE_OP_{printed['op'].upper()}"),
        resp_text=printed.get("resp_text"),
        created_at=time(printed["created_at"]),
        updated_at=time(printed["updated_at"]),
    )


def test_print_forms_are_the_same_to_the_byte(http: httpx.Client, script: Script) -> None:
    script.answer = user_opt_out_pb2.OptOutUserByEmailResponse(
        user=user_opt_out_pb2.User(
            id="1", role="enduser", opt_status_detail=user_opt_out_pb2.OPT_STATUS_DETAIL_OPTED_OUT
        )
    )
    answer = http.put(samples.HIMARLEY_PATH, headers=samples.HIMARLEY_HEADERS)
    assert answer.content == (
        b'{"id":"1","first":"","last":"","email":"","mobile":"","role":"enduser",'
        b'"optStatus":false,"optStatusDetail":"OPTED_OUT"}'
    )
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", [samples.MYKAARMA_PATH, samples.MYKAARMA_BARE_PATH])
def test_mykaarma_update(http: httpx.Client, script: Script, path: str) -> None:
    answer = http.post(path, json=samples.MYKAARMA_REQUEST, headers=samples.MYKAARMA_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.MYKAARMA_ANSWER)
    assert script.only.request == opt_out_status_pb2.UpdateOptOutStatusRequest(
        department_uuid=samples.DEPARTMENT,
        customer_uuid="string",
        message_uuid="string",
        user_uuid="string",
        api_call_source="string",
        communication_attributes_list=[
            opt_out_status_pb2.CommunicationAttributes(
                communication_type=opt_out_status_pb2.COMMUNICATION_TYPE_TEXT,
                communication_value="+16105551212",
                ok_to_communicate=True,
                customer_uuid="string",
            )
        ],
        event=opt_out_status_pb2.OPT_OUT_EVENT_STOP_MESSAGE_RECEIVED,
        update_type=opt_out_status_pb2.OPT_OUT_UPDATE_TYPE_MESSAGE,
        process_synchronously=True,
    )


def test_mykaarma_prints_warnings(http: httpx.Client, script: Script) -> None:
    script.answer = opt_out_status_pb2.UpdateOptOutStatusResponse(
        warnings=[
            opt_out_status_pb2.OptOutStatusWarning(
                warning_code=opt_out_status_pb2.OPT_OUT_WARNING_CODE_PROTECTED_OPT_OUT, warning_description="stands"
            )
        ]
    )
    answer = http.post(samples.MYKAARMA_PATH, json=samples.MYKAARMA_REQUEST, headers=samples.MYKAARMA_HEADERS)
    assert answer.json() == {
        "errors": [],
        "warnings": [{"warningCode": "PROTECTED_OPT_OUT", "warningDescription": "stands"}],
    }


def test_mykaarma_tells_absent_from_false(http: httpx.Client, script: Script) -> None:
    attributes = [{"okToCommunicate": given} for given in (True, False, None)] + [{}]
    http.post(samples.MYKAARMA_PATH, json={"communicationAttributesList": attributes}, headers=samples.MYKAARMA_HEADERS)
    sent = script.only.request.communication_attributes_list
    assert [item.ok_to_communicate if item.HasField("ok_to_communicate") else None for item in sent] == [
        True,
        False,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("field", "key", "enum"),
    [
        ("event", "event", opt_out_status_pb2.OptOutEvent),
        ("update_type", "updateType", opt_out_status_pb2.OptOutUpdateType),
    ],
)
def test_mykaarma_knows_every_word(
    http: httpx.Client, script: Script, field: str, key: str, enum: samples.Json
) -> None:
    for name, number in enum.items():
        prefix = enum.Name(0).removesuffix("UNSPECIFIED")
        http.post(
            samples.MYKAARMA_PATH, json={key: name.removeprefix(prefix)}, headers=samples.MYKAARMA_HEADERS
        ).raise_for_status()
        got = getattr(script.asked[-1].request, field)
        assert got == number if number else got not in enum.values()


@pytest.mark.parametrize("path", [samples.RELAY_PATH, samples.RELAY_BASE_PATH])
@pytest.mark.parametrize("header", ["xx-relay-api-key", "x-relay-api-key"])
def test_relay_update(http: httpx.Client, script: Script, path: str, header: str) -> None:
    script.answer = channel_consent_pb2.UpdateChannelConsentResponse(
        consent=channel_consent_pb2.ChannelConsent(
            client_id="relay_developer",
            created_at=time("2024-07-05T22:16:12.934Z"),
            updated_at=time("2024-07-05T22:16:12.934999Z"),
            channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
            channel_addr="6105551212",
            consent_type=channel_consent_pb2.CONSENT_TYPE_WRITTEN,
        ),
        applied=True,
    )
    answer = http.put(path, json=samples.RELAY_REQUEST, headers={header: "wire-relay-key-0001"})
    assert (answer.status_code, answer.json()) == (200, samples.RELAY_ANSWER)
    assert script.only.metadata[header] == "wire-relay-key-0001"
    assert script.only.request == channel_consent_pb2.UpdateChannelConsentRequest(
        client_id="relay_developer",
        channel_addr="6105551212",
        channel_type=channel_consent_pb2.CHANNEL_TYPE_SMS,
        consent_type=channel_consent_pb2.CONSENT_TYPE_WRITTEN,
    )


@pytest.mark.parametrize("base", ["", "/v2"])
def test_telnyx_create_answers_200(http: httpx.Client, script: Script, base: str) -> None:
    script.answer = auto_response_pb2.CreateAutoResponseResponse(data=setting(samples.TELNYX_SETTING))
    answer = http.post(base + samples.TELNYX_PATH, json=samples.TELNYX_REQUEST, headers=samples.TELNYX_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.TELNYX_ANSWER)
    assert list(answer.json()["data"]) == list(samples.TELNYX_SETTING)
    assert script.only.request == auto_response_pb2.CreateAutoResponseRequest(
        profile_id=samples.PROFILE,
        country_code="US",
        keywords=["keyword1", "keyword2"],
        op=auto_response_pb2.AUTO_RESPONSE_OP_START,
        resp_text="Thank you for your message",
    )


def test_telnyx_leaves_an_unset_text_out(http: httpx.Client, script: Script) -> None:
    plain = {key: value for key, value in samples.TELNYX_SETTING.items() if key != "resp_text"}
    script.answer = auto_response_pb2.UpdateAutoResponseResponse(data=setting(plain))
    answer = http.put(
        samples.TELNYX_SETTING_PATH,
        json={**samples.TELNYX_REQUEST, "resp_text": None},
        headers=samples.TELNYX_HEADERS,
    )
    assert (answer.status_code, answer.json()) == (200, {"data": plain})
    assert script.only.request.autoresp_cfg_id == samples.SETTING
    assert not script.only.request.HasField("resp_text")


def test_telnyx_keeps_an_empty_text(http: httpx.Client, script: Script) -> None:
    script.answer = auto_response_pb2.UpdateAutoResponseResponse(
        data=setting({**samples.TELNYX_SETTING, "resp_text": ""})
    )
    answer = http.put(
        samples.TELNYX_SETTING_PATH, json={**samples.TELNYX_REQUEST, "resp_text": ""}, headers=samples.TELNYX_HEADERS
    )
    assert script.only.request.HasField("resp_text")
    assert answer.json()["data"]["resp_text"] == ""


def test_telnyx_get(http: httpx.Client, script: Script) -> None:
    script.answer = auto_response_pb2.GetAutoResponseResponse(data=setting(samples.TELNYX_SETTING))
    answer = http.get(samples.TELNYX_SETTING_PATH, headers=samples.TELNYX_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.TELNYX_ANSWER)
    assert script.only.request == auto_response_pb2.GetAutoResponseRequest(
        profile_id=samples.PROFILE, autoresp_cfg_id=samples.SETTING
    )


def test_telnyx_delete_answers_null(http: httpx.Client, script: Script) -> None:
    headers = {**samples.TELNYX_HEADERS, "content-type": "application/json"}
    answer = http.delete(samples.TELNYX_SETTING_PATH, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"null")
    assert script.only.method == "DeleteAutoResponse"


def test_telnyx_list(http: httpx.Client, script: Script) -> None:
    script.answer = auto_response_pb2.ListAutoResponsesResponse(
        data=map(setting, samples.TELNYX_LIST["data"]),
        meta=auto_response_pb2.PaginationMeta(**samples.TELNYX_LIST["meta"]),
    )
    answer = http.get(samples.TELNYX_PATH, headers=samples.TELNYX_HEADERS)
    assert (answer.status_code, answer.json()) == (200, samples.TELNYX_LIST)


def test_telnyx_lists_nothing_with_its_meta(http: httpx.Client) -> None:
    answer = http.get(samples.TELNYX_PATH, headers=samples.TELNYX_HEADERS)
    assert answer.json() == {
        "data": [],
        "meta": {"page_number": 0, "page_size": 0, "total_pages": 0, "total_results": 0},
    }


@pytest.mark.parametrize(
    "query",
    [
        "created_at[gte]=2023-03-21T23:37:45.858535+00:00&page[size]=5",
        "created_at%5Bgte%5D=2023-03-21T23%3A37%3A45.858535%2B00%3A00&page%5Bsize%5D=5",
    ],
)
def test_telnyx_reads_raw_and_encoded_keys(http: httpx.Client, script: Script, query: str) -> None:
    http.get(f"{samples.TELNYX_PATH}?{query}", headers=samples.TELNYX_HEADERS).raise_for_status()
    assert script.only.request == auto_response_pb2.ListAutoResponsesRequest(
        profile_id=samples.PROFILE, created_at_gte=time("2023-03-21T23:37:45.858535Z"), page_size=5
    )


def test_telnyx_reads_every_filter(http: httpx.Client, script: Script) -> None:
    query = (
        "country_code=%2A&created_at[gte]=2023-03-21&created_at[lte]=2023-03-21T10:00:00Z"
        "&updated_at[gte]=2023-03-21T10:00:00%2B02:00&updated_at[lte]=2023-03-21T10:00:00.5"
        "&page[number]=2&page[size]=99999999999&unknown=1"
    )
    http.get(f"{samples.TELNYX_PATH}?{query}", headers=samples.TELNYX_HEADERS).raise_for_status()
    assert script.only.request == auto_response_pb2.ListAutoResponsesRequest(
        profile_id=samples.PROFILE,
        country_code="*",
        created_at_gte=time("2023-03-21T00:00:00Z"),
        created_at_lte=time("2023-03-21T10:00:00Z"),
        updated_at_gte=time("2023-03-21T08:00:00Z"),
        updated_at_lte=time("2023-03-21T10:00:00.5Z"),
        page_number=2,
        page_size=2**31 - 1,
    )


@pytest.mark.parametrize("credential", [{"x-api-key": "wire-marley-key"}, {"authorization": "Bearer wire-marley-key"}])
def test_himarley_opt_out(http: httpx.Client, script: Script, credential: dict[str, str]) -> None:
    script.answer = user_opt_out_pb2.OptOutUserByEmailResponse(
        user=user_opt_out_pb2.User(
            id="bc13bc97-23eb-40eb-ac0f-12341ee99aae",
            first="james",
            last="bondd",
            email="testertester123@verizon.net",
            mobile="+15552320405",
            role="enduser",
            opt_status=False,
            opt_status_detail=user_opt_out_pb2.OPT_STATUS_DETAIL_OPTED_OUT,
        )
    )
    answer = http.put(samples.HIMARLEY_PATH, headers=credential)
    assert (answer.status_code, answer.json()) == (200, samples.HIMARLEY_ANSWER)
    assert list(answer.json()) == list(samples.HIMARLEY_ANSWER)
    assert script.only.request == user_opt_out_pb2.OptOutUserByEmailRequest(email="testertester123@verizon.net")
