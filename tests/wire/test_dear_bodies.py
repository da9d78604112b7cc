"""Bodies within 1 MiB that would cost the gateway seconds, before anybody has looked at the credential."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
from consent.v1.admin_service_pb2 import DESCRIPTOR as ADMIN

from server.api.limits import LIMITS, Items
from server.gateway.fields import MOST_OBJECTS
from server.gateway.message_reader import MOST_ITEMS
from tests.wire import samples
from tests.wire.script import Script

EMPTY = gzip.compress(b"", mtime=0)
BODY = json.dumps(samples.MYKAARMA_REQUEST).encode()
PACKED = {**samples.MYKAARMA_HEADERS, "content-encoding": "gzip", "content-type": "application/json"}


def test_what_any_request_may_hold_can_be_read() -> None:
    for name, limit in LIMITS.items():
        if isinstance(limit, Items):
            objects = ADMIN.pool.FindFieldByName(name).message_type is not None
            assert limit.most < (MOST_OBJECTS if objects else MOST_ITEMS), name


@pytest.mark.parametrize("after", [b"", b"\0" * 1000, EMPTY * 90, EMPTY * 90 + b"\0"])
def test_members_and_padding_that_a_packer_may_write(http: httpx.Client, script: Script, after: bytes) -> None:
    answer = http.post(samples.MYKAARMA_PATH, content=gzip.compress(BODY) + after, headers=PACKED)
    assert answer.status_code == 200
    assert script.only.request.user_uuid == "string"


@pytest.mark.parametrize(
    "packed", [EMPTY * 50_000, gzip.compress(BODY) + EMPTY * 50_000, gzip.compress(BODY) + b"more", b""]
)
def test_members_that_nobody_packs(http: httpx.Client, script: Script, packed: bytes) -> None:
    answer = http.post(samples.MYKAARMA_PATH, content=packed, headers=PACKED)
    assert (answer.status_code, answer.json()["errors"][0]["errorDescription"]) == (400, "the body is not gzip")
    assert script.asked == []


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        (samples.MYKAARMA_PATH, samples.MYKAARMA_HEADERS, "communicationAttributesList"),
        (
            samples.MYKAARMA_PATH.replace("optoutstatus", "communications/optoutstatus/list"),
            samples.MYKAARMA_HEADERS,
            "communicationList",
        ),
        ("/messaging/client/c/consent/bulk", samples.RELAY_HEADERS, "batch"),
    ],
)
def test_more_objects_than_any_api_takes(
    http: httpx.Client, script: Script, path: str, headers: dict[str, str], name: str
) -> None:
    method = "PUT" if name == "batch" else "POST"
    answer = http.request(method, path, json={name: [{}] * 340_000}, headers=headers)
    assert answer.status_code == 400
    assert f"at most {MOST_OBJECTS} can be read, not 340000" in answer.text
    assert script.asked == []


def test_more_items_than_any_request_may_hold(http: httpx.Client, script: Script) -> None:
    body = {"sender": "s", "purpose": "p", "channels": [1] * 500_000, "addresses": []}
    answer = http.post("/v1/consents:batchCheck", json=body, headers={"x-api-key": "key"})
    assert answer.status_code == 400
    (violation,) = answer.json()["error"]["details"][1]["fieldViolations"]
    assert violation == {
        "field": "channels",
        "description": f"at most {MOST_ITEMS} can be read, not 500000",
        "reason": "TOO_MANY",
    }
    assert script.asked == []
