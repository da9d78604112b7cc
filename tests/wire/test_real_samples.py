"""Each sample of the four vendors' pages against the real server: same status, keys, order, types and print forms.

Ids and times are masked by their form; every value that follows from the request is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.wire import samples
from tests.wire.real import Real, client_at, real_service

FORMS = {
    "<id>": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "<time, six digits>": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"),
    "<time, three digits>": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_service(tmp_path_factory.mktemp("real")) as service:
        yield service


@pytest.fixture
def http(real: Real) -> Iterator[httpx.Client]:
    with client_at(real) as client:
        yield client


def mask(printed: Any) -> Any:
    """Printed JSON with ids and times as the names of their forms; objects as pairs, so that order counts."""
    match printed:
        case dict():
            return [(key, mask(value)) for key, value in printed.items()]
        case list():
            return [mask(value) for value in printed]
        case str():
            return next((form for form, pattern in FORMS.items() if pattern.fullmatch(printed)), printed)
        case _:
            return printed


def assert_like(answer: httpx.Response, sample: samples.Json) -> None:
    """200, JSON, and masked the vendor's sample."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == samples.REQUEST_ID
    assert mask(answer.json()) == mask(sample)


# --- myKaarma -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [samples.MYKAARMA_PATH, samples.MYKAARMA_BARE_PATH])
def test_mykaarma(http: httpx.Client, path: str) -> None:
    body = {**samples.MYKAARMA_REQUEST, "messageUUID": path}
    headers = {**samples.MYKAARMA_HEADERS, "accept": "application/json"}
    assert_like(http.post(path, json=body, headers=headers), samples.MYKAARMA_ANSWER)


def test_mykaarma_prints_a_warning_as_its_schema_has_it(http: httpx.Client) -> None:
    body = {**samples.MYKAARMA_REQUEST, "messageUUID": "twice"}
    answers = [http.post(samples.MYKAARMA_PATH, json=body, headers=samples.MYKAARMA_HEADERS) for _ in range(2)]
    (warning,) = answers[1].json()["warnings"]
    assert (list(warning), warning["warningCode"]) == (["warningCode", "warningDescription"], "NO_CHANGE")


def test_mykaarmas_curl_sample_as_it_is_printed(http: httpx.Client) -> None:
    """The page leaves every value a placeholder, which is told, in the page's own schema of an error."""
    attributes = {"communicationType": "string", "communicationValue": "string"}
    item = {**samples.MYKAARMA_REQUEST["communicationAttributesList"][0], **attributes}
    body = {**samples.MYKAARMA_REQUEST, "communicationAttributesList": [item]}
    verbatim = http.post(samples.MYKAARMA_PATH, json=body, headers=samples.MYKAARMA_HEADERS)
    assert verbatim.status_code == 400
    (error,) = verbatim.json()["errors"]
    assert list(error) == ["errorCode", "errorDescription", "errorUID"]
    assert error["errorCode"] == "INVALID_COMMUNICATION_ATTRIBUTES"
    path = "/communications/department/:departmentUUID/optoutstatus"
    placeholder = http.post(path, json=samples.MYKAARMA_REQUEST, headers=samples.MYKAARMA_HEADERS)
    assert placeholder.status_code == 400
    assert [error["errorCode"] for error in placeholder.json()["errors"]] == ["INVALID_DEPARTMENT_UUID"]


EVENTS = {
    "MESSAGE": [
        "STOP_MESSAGE_RECEIVED",
        "STOP_SUSPECTED_MESSAGE_RECEIVED",
        "OPTIN_MESSAGE_RECEIVED",
        "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED",
        "GENERIC_MESSAGE_RECEIVED",
    ],
    "CUSTOMER": [
        "COMMUNICATION_VALUE_CREATION",
        "COMMUNICATION_STATUS_NOT_FOUND",
        "USER_REQUESTED_SEND_OPTIN_REQUEST",
        "USER_REQUESTED_OPT_OUT",
    ],
    "DEPLOYMENT": ["DOUBLE_OPTIN_ROLLOUT", "DOUBLE_OPTIN_ROLLBACK"],
}


def test_mykaarma_takes_all_eleven_events(http: httpx.Client) -> None:
    for update_type, events in EVENTS.items():
        for event in events:
            body = {**samples.MYKAARMA_REQUEST, "messageUUID": event, "event": event, "updateType": update_type}
            answer = http.post(samples.MYKAARMA_PATH, json=body, headers=samples.MYKAARMA_HEADERS)
            assert (answer.status_code, answer.json()["errors"]) == (200, [])
            codes = {warning["warningCode"] for warning in answer.json()["warnings"]}
            assert codes <= {"NO_CHANGE"}, (event, codes)


# --- Relay Network ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [samples.RELAY_PATH, samples.RELAY_BASE_PATH])
@pytest.mark.parametrize("header", ["xx-relay-api-key", "x-relay-api-key"])
def test_relay(http: httpx.Client, path: str, header: str) -> None:
    credential = {header: samples.RELAY_HEADERS["xx-relay-api-key"]}
    path = path.replace("6105551212", "6105551214")
    sample = {"consent": {**samples.RELAY_ANSWER["consent"], "channel_addr": "6105551214"}}
    assert_like(http.put(path, json=samples.RELAY_REQUEST, headers=credential), sample)


@pytest.mark.parametrize("consent_type", ["written", "express", "stop"])
def test_relay_takes_all_its_words(http: httpx.Client, consent_type: str) -> None:
    answer = http.put(samples.RELAY_PATH, json={"consent_type": consent_type}, headers=samples.RELAY_HEADERS)
    assert_like(answer, {"consent": {**samples.RELAY_ANSWER["consent"], "consent_type": consent_type}})


def test_relay_echoes_the_number_as_it_was_given(http: httpx.Client) -> None:
    path = samples.RELAY_PATH.replace("6105551212", "16105551212")
    answer = http.put(path, json=samples.RELAY_REQUEST, headers=samples.RELAY_HEADERS)
    assert_like(answer, {"consent": {**samples.RELAY_ANSWER["consent"], "channel_addr": "16105551212"}})


# --- Telnyx -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["", "/v2"])
def test_telnyx(http: httpx.Client, base: str) -> None:
    path = base + samples.TELNYX_PATH
    headers = samples.TELNYX_HEADERS
    created = http.post(path, json=samples.TELNYX_REQUEST, headers=headers)
    assert_like(created, {"data": {**samples.TELNYX_SETTING, **samples.TELNYX_REQUEST}})
    one = f"{path}/{created.json()['data']['id']}"
    assert http.get(one, headers=headers).json() == created.json()

    sample = {key: samples.TELNYX_SETTING[key] for key in ("country_code", "keywords", "op", "resp_text")}
    assert_like(http.put(one, json=sample, headers=headers), samples.TELNYX_ANSWER)
    assert_like(http.get(one, headers=headers), samples.TELNYX_ANSWER)

    unset = {key: value for key, value in sample.items() if key != "resp_text"}
    without = {key: value for key, value in samples.TELNYX_SETTING.items() if key != "resp_text"}
    assert_like(http.put(one, json=unset, headers=headers), {"data": without})

    deleted = http.request("DELETE", one, headers={**headers, "content-type": "application/json"})
    assert_like(deleted, None)
    assert deleted.content == b"null"


def test_telnyx_list(http: httpx.Client) -> None:
    newest_first = [samples.TELNYX_LIST["data"][index] for index in (0, 2, 1)]
    for setting in reversed(newest_first):
        draft = {key: setting[key] for key in ("country_code", "keywords", "op", "resp_text")}
        made = http.post(samples.TELNYX_PATH, json=draft, headers=samples.TELNYX_HEADERS)
        assert_like(made, {"data": setting})
    expected = {"data": newest_first, "meta": samples.TELNYX_LIST["meta"]}
    for key in ("page[size]", "page%5Bsize%5D"):
        assert_like(http.get(f"{samples.TELNYX_PATH}?{key}=5", headers=samples.TELNYX_HEADERS), expected)
    listed = http.get(f"{samples.TELNYX_PATH}?country_code=%2A", headers=samples.TELNYX_HEADERS)
    meta = {"page_number": 1, "page_size": 20, "total_pages": 1, "total_results": 1}
    assert_like(listed, {"data": [newest_first[1]], "meta": meta})


# --- Hi Marley ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", [samples.HIMARLEY_HEADERS, {"authorization": "Bearer wire-marley-key-0001"}])
@pytest.mark.parametrize(
    "email", ["testertester123@verizon.net", "testertester123%40verizon.net", "TesterTester123@Verizon.NET"]
)
def test_himarley(http: httpx.Client, credential: dict[str, str], email: str) -> None:
    path = f"/api/user/actions/optout/email/{email}"
    answer = http.put(path, headers=credential)
    assert_like(answer, samples.HIMARLEY_ANSWER)
    assert answer.json()["id"] == samples.HIMARLEY_ANSWER["id"]
