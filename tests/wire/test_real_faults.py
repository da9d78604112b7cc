"""Every fault of the vendors against the real server, each in its vendor's own envelope, and nothing changed by it."""

from __future__ import annotations

import base64
import itertools
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from consent.v1 import admin_pb2

from tests.e2e.process import await_end, watched
from tests.wire.real import AS_ADMIN, Real, client_at, credential_of, real_service, told
from tests.wire.test_faults import (
    CHALLENGES,
    HIMARLEY,
    JSON,
    LARGE,
    METHOD,
    MIB,
    MISSING,
    MYKAARMA,
    RELAY,
    ROUTE,
    TELNYX,
    TYPE,
    Api,
    each,
    each_with_body,
    envelope,
)

WRONG = "the credential is not valid"
NOBODY = "00000000-0000-4000-8000-000000000000"
# Failed logins are counted by the caller's address, so each test that fails on purpose calls from another.
ADDRESSES = (f"127.0.1.{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_service(tmp_path_factory.mktemp("real")) as service:
        yield service


@pytest.fixture
def http(real: Real) -> Iterator[httpx.Client]:
    with client_at(real, next(ADDRESSES)) as client:
        yield client


def with_secret(api: Api, secret: str) -> dict[str, str]:
    """The vendor's header with another secret; at myKaarma the user has the same name."""
    ((name, value),) = api.headers.items()
    scheme, _, rest = value.partition(" ")
    if scheme == "Basic":
        return {name: "Basic " + base64.b64encode(f"{secret}:{secret}".encode()).decode()}
    return {name: f"{scheme} {secret}" if rest else secret}


def assert_wrong(api: Api, answer: httpx.Response) -> None:
    assert told(answer) == (401, envelope(api, "WRONG_CREDENTIALS", WRONG))
    assert answer.headers.get("www-authenticate") == CHALLENGES[api.name]


@each
def test_unknown_route(http: httpx.Client, api: Api) -> None:
    path = api.path + "/nothing/here"
    assert told(api.send(http, url=path)) == (404, envelope(api, "ROUTE_NOT_FOUND", ROUTE, path=path))


@each
def test_wrong_method(http: httpx.Client, api: Api) -> None:
    answer = api.send(http, method="PATCH")
    assert told(answer) == (405, envelope(api, "METHOD_NOT_ALLOWED", METHOD, method="PATCH"))
    assert api.method in answer.headers["allow"]


@each_with_body
@pytest.mark.parametrize("content", [b"{", b'{"a":"\xff"}'])
def test_malformed_json(http: httpx.Client, api: Api, content: bytes) -> None:
    answer = api.send(http, content=content, headers={"content-type": "application/json"})
    assert told(answer) == (400, envelope(api, "MALFORMED_JSON", JSON))


@each_with_body
def test_wrong_content_type(http: httpx.Client, api: Api) -> None:
    answer = api.send(http, content=b"{}", headers={"content-type": "text/plain"})
    assert told(answer) == (415, envelope(api, "UNSUPPORTED_MEDIA_TYPE", TYPE))


@each
def test_two_mebibytes(http: httpx.Client, api: Api) -> None:
    assert told(api.send(http, content=b" " * (2 * MIB))) == (413, envelope(api, "BODY_TOO_LARGE", LARGE))


@each
def test_no_credential(http: httpx.Client, api: Api) -> None:
    answer = http.request(api.method, api.path, json=api.body)
    assert told(answer) == (401, envelope(api, "MISSING_CREDENTIALS", MISSING))
    assert answer.headers.get("www-authenticate") == CHALLENGES[api.name]


@each
def test_a_wrong_credential(http: httpx.Client, api: Api) -> None:
    assert_wrong(api, http.request(api.method, api.path, json=api.body, headers=with_secret(api, "of-nobody-01234")))


def test_a_known_user_with_a_wrong_password(http: httpx.Client) -> None:
    headers = {"authorization": "Basic " + base64.b64encode(b"wire:another-secret").decode()}
    assert_wrong(MYKAARMA, http.request(MYKAARMA.method, MYKAARMA.path, json=MYKAARMA.body, headers=headers))


@each
def test_a_revoked_credential(real: Real, http: httpx.Client, api: Api) -> None:
    headers = with_secret(api, f"revoked-at-{api.name}-01234")
    real.revoke(real.register(headers))
    assert_wrong(api, http.request(api.method, api.path, json=api.body, headers=headers))


@each
def test_an_expired_credential(real: Real, http: httpx.Client, api: Api) -> None:
    headers = with_secret(api, f"expired-at-{api.name}-01234")
    request = credential_of(headers, admin_pb2.ROLE_WRITER)
    request.credential.expire_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=1))
    real.admin.CreateCredential(request, metadata=AS_ADMIN)
    # It works, and is remembered, until its moment comes; then it does not at once.
    while (answer := http.request(api.method, api.path, json=api.body, headers=headers)).status_code == 200:
        pass
    assert_wrong(api, answer)


@each
def test_a_reader_may_not_write(real: Real, http: httpx.Client, api: Api) -> None:
    headers = with_secret(api, f"reader-at-{api.name}-01234")
    real.register(headers, admin_pb2.ROLE_READER)
    status, body = told(http.request(api.method, api.path, json=api.body, headers=headers))
    message = "this call needs the role writer; the credential has reader"
    assert (status, body) == (403 if api is TELNYX else 401, envelope(api, "NOT_PERMITTED", message))


@each
def test_too_many_failed_logins(http: httpx.Client, api: Api) -> None:
    headers = with_secret(api, "of-nobody-01234")
    while (answer := http.request(api.method, api.path, json=api.body, headers=headers)).status_code == 401:
        pass
    seconds = answer.headers["retry-after"]
    message = f"too many failed logins; try again in {seconds} s"
    assert told(answer) == (429, envelope(api, "TOO_MANY_REQUESTS", message))
    assert api.send(http).status_code in {200, 429}


def test_the_server_is_gone(tmp_path: Path) -> None:
    """The parent is held, so that the gateway is found without the server behind it."""
    with real_service(tmp_path) as real, client_at(real) as http:
        served, children = real.served, real.served.children()
        assert all(api.send(http).status_code == 200 for api in (MYKAARMA, RELAY, TELNYX, HIMARLEY))
        served.send(signal.SIGSTOP)
        with watched(children["grpc0"]) as descriptors:
            os.kill(children["grpc0"], signal.SIGKILL)
            await_end(descriptors)
        for api in (MYKAARMA, RELAY, TELNYX, HIMARLEY):
            expected = envelope(api, "UNAVAILABLE", "the service cannot be reached now")
            assert told(api.send(http)) == (503, expected)
        assert (http.get("/readyz").status_code, http.get("/healthz").status_code) == (503, 200)
        served.send(signal.SIGCONT)
        while http.get("/readyz").status_code != 200:
            pass
