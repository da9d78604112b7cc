"""What is wrong, missing or in the way, as each vendor tells it, by the real server's own judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.wire import samples
from tests.wire.real import Real, client_at, real_service, told
from tests.wire.test_faults import HIMARLEY, MYKAARMA, RELAY, TELNYX, Api

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_service(tmp_path_factory.mktemp("real")) as service:
        yield service


@pytest.fixture
def http(real: Real) -> Iterator[httpx.Client]:
    with client_at(real) as client:
        yield client


NOT_FOUND = [
    (
        MYKAARMA,
        samples.MYKAARMA_PATH.replace(samples.DEPARTMENT, NOBODY),
        samples.mykaarma_errors(("DEPARTMENT_NOT_FOUND", f"no such sender: {NOBODY}")),
    ),
    (
        MYKAARMA,
        samples.MYKAARMA_PATH.replace(samples.DEPARTMENT, samples.PROFILE),
        samples.mykaarma_errors(("DEPARTMENT_NOT_FOUND", f"no such sender: {samples.PROFILE}")),
    ),
    (
        RELAY,
        samples.RELAY_PATH.replace("relay_developer", "nobody"),
        samples.relay_error("CLIENT_NOT_FOUND", "no such sender: nobody"),
    ),
    (
        TELNYX,
        samples.TELNYX_PATH.replace(samples.PROFILE, "nobody"),
        samples.telnyx_error("10005", "Resource not found", "no such sender: nobody", {"parameter": "profile_id"}),
    ),
    (
        HIMARLEY,
        "/api/user/actions/optout/email/nobody@example.com",
        samples.himarley_error(
            "USER_NOT_FOUND", "no such contact", path="/api/user/actions/optout/email/nobody@example.com"
        ),
    ),
    (
        HIMARLEY,
        "/api/user/actions/optout/email/mia@example.com",
        samples.himarley_error(
            "USER_NOT_FOUND",
            "the customer has no mobile number, so there is nothing to opt out",
            path="/api/user/actions/optout/email/mia@example.com",
        ),
    ),
]


@pytest.mark.parametrize(("api", "path", "body"), NOT_FOUND)
def test_not_found(http: httpx.Client, api: Api, path: str, body: samples.Json) -> None:
    assert told(api.send(http, url=path)) == (404, body)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_such_setting(http: httpx.Client, method: str) -> None:
    body = samples.TELNYX_REQUEST if method == "PUT" else None
    answer = http.request(method, f"{samples.TELNYX_PATH}/{NOBODY}", json=body, headers=samples.TELNYX_HEADERS)
    detail = f"no such auto response: {NOBODY}"
    source = {"parameter": "autoresp_cfg_id"}
    assert told(answer) == (404, samples.telnyx_error("10005", "Resource not found", detail, source))
    assert answer.headers["x-should-retry"] == "false"


def test_conflict(http: httpx.Client) -> None:
    """A no that the recipient alone lifts stands for the whole tenant; WIRE section 2."""
    assert HIMARLEY.send(http).status_code == 200
    path = samples.RELAY_PATH.replace("6105551212", "5552320405")
    answer = http.put(path, json={"consent_type": "express"}, headers=samples.RELAY_HEADERS)
    message = "the statement was recorded without effect: a no stands that it cannot lift"
    assert told(answer) == (409, samples.relay_error("WIDER_OPT_OUT", message))


ATTRIBUTE = samples.MYKAARMA_REQUEST["communicationAttributesList"][0]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"event": None, "updateType": None}, ["INSUFFICIENT_INFORMATION", "INSUFFICIENT_INFORMATION"]),
        ({"event": "NO_SUCH_EVENT"}, ["INVALID_EVENT"]),
        ({"updateType": "NO_SUCH_TYPE"}, ["INVALID_UPDATE_TYPE"]),
        ({"messageUUID": ""}, ["MISSING_MESSAGE_UUID"]),
        ({"event": "USER_REQUESTED_OPT_OUT", "updateType": "CUSTOMER", "customerUUID": ""}, ["MISSING_CUSTOMER_UUID"]),
        (
            {"event": "USER_REQUESTED_OPT_OUT", "updateType": "CUSTOMER", "communicationAttributesList": []},
            ["INSUFFICIENT_INFORMATION"],
        ),
        ({"communicationAttributesList": []}, ["INSUFFICIENT_INFORMATION"]),
        (
            {"communicationAttributesList": [ATTRIBUTE, {**ATTRIBUTE, "communicationValue": "12"}]},
            ["INVALID_COMMUNICATION_ATTRIBUTES"],
        ),
        (
            {"communicationAttributesList": [{**ATTRIBUTE, "communicationType": "EMAIL"}]},
            ["INVALID_COMMUNICATION_ATTRIBUTES"],
        ),
        ({"event": 7}, ["MALFORMED_JSON"]),
    ],
)
def test_mykaarma_invalid(http: httpx.Client, changes: Mapping[str, object], codes: list[str]) -> None:
    status, body = told(MYKAARMA.send(http, json={**MYKAARMA.body, **changes}))
    assert (status, [error["errorCode"] for error in body["errors"]]) == (400, codes)
    assert all(list(error) == ["errorCode", "errorDescription", "errorUID"] for error in body["errors"])


def test_mykaarma_names_the_index(http: httpx.Client) -> None:
    items = [ATTRIBUTE, {**ATTRIBUTE, "communicationValue": "12"}]
    _, body = told(MYKAARMA.send(http, json={**MYKAARMA.body, "communicationAttributesList": items}))
    assert body["errors"][0]["errorDescription"].startswith("communicationAttributesList[1].communicationValue: ")


def test_mykaarma_warns_of_an_event_of_another_type(http: httpx.Client) -> None:
    status, body = told(MYKAARMA.send(http, json={**MYKAARMA.body, "updateType": "CUSTOMER"}))
    assert (status, body["errors"], body["warnings"][0]["warningCode"]) == (200, [], "EVENT_NOT_APPLICABLE")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (samples.RELAY_PATH, {"consent_type": "maybe"}),
        (samples.RELAY_PATH, {}),
        (samples.RELAY_PATH.replace("sms", "fax"), samples.RELAY_REQUEST),
        (samples.RELAY_PATH.replace("6105551212", "610555121"), samples.RELAY_REQUEST),
        (samples.RELAY_PATH.replace("6105551212", "+16105551212"), samples.RELAY_REQUEST),
    ],
)
def test_relay_invalid(http: httpx.Client, path: str, body: samples.Json) -> None:
    status, printed = told(http.put(path, json=body, headers=samples.RELAY_HEADERS))
    assert (status, list(printed), printed["code"]) == (400, ["message", "code", "request_id"], "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"op": "begin"}, "10032", "/op"),
        ({"op": None}, "10004", "/op"),
        ({"keywords": ["STOP"]}, "10027", "/keywords/0"),
        ({"keywords": [f"word{number}" for number in range(21)]}, "10025", "/keywords"),
        ({"country_code": "XX"}, "10027", "/country_code"),
    ],
)
def test_telnyx_unprocessable(http: httpx.Client, changes: Mapping[str, object], code: str, pointer: str) -> None:
    answer = TELNYX.send(http, json={**TELNYX.body, **changes})
    status, body = told(answer)
    (error,) = body["errors"]
    assert (status, error["code"], error["source"]) == (422, code, {"pointer": pointer})
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("page[size]=-1", 422, "10033"),
        ("page[number]=-1", 422, "10033"),
        ("page[number]=one", 400, "10015"),
        ("created_at[gte]=2023-02-30", 400, "10015"),
    ],
)
def test_telnyx_query(http: httpx.Client, query: str, status: int, code: str) -> None:
    answer = http.get(f"{samples.TELNYX_PATH}?{query}", headers=samples.TELNYX_HEADERS)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert answer.json()["errors"][0]["source"] == {"parameter": query.partition("=")[0]}


@pytest.mark.parametrize("email", ["no-at", "a@", "a b@example.com"])
def test_himarley_invalid(http: httpx.Client, email: str) -> None:
    path = f"/api/user/actions/optout/email/{email}".replace(" ", "%20")
    status, body = told(HIMARLEY.send(http, url=path))
    (error,) = body["errors"]
    assert (status, error["code"], error["category"], error["path"]) == (400, "INVALID_EMAIL", "ClientError", path)
