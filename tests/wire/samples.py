"""The vendors' own samples, as their pages print them: what a caller sends and what it must get.

Ids and times are the vendors'; a test that cannot choose them masks them. Keys, their order, types and print forms are
what must be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any

REQUEST_ID = "wire-test-1"

# --- myKaarma -----------------------------------------------------------------------------------------------------

DEPARTMENT = "8f2b1c64-0d5e-4b0e-9d3f-1c2a3b4c5d6e"
MYKAARMA_PATH = f"/communications/department/{DEPARTMENT}/optoutstatus"
MYKAARMA_BARE_PATH = f"/department/{DEPARTMENT}/optoutstatus"
MYKAARMA_HEADERS = {"authorization": "Basic d2lyZTp3aXJlLXNlY3JldA=="}
MYKAARMA_REQUEST: Json = {
    "customerUUID": "string",
    "messageUUID": "string",
    "userUUID": "string",
    "apiCallSource": "string",
    "communicationAttributesList": [
        {
            "communicationType": "TEXT",
            "communicationValue": "+16105551212",
            "okToCommunicate": True,
            "customerUUID": "string",
        }
    ],
    "event": "STOP_MESSAGE_RECEIVED",
    "updateType": "MESSAGE",
    "processSynchronously": True,
}
MYKAARMA_ANSWER: Json = {"errors": [], "warnings": []}


def mykaarma_errors(*errors: tuple[str, str], request_id: str = REQUEST_ID) -> Json:
    """The envelope with (errorCode, errorDescription) each."""
    return {
        "errors": [
            {"errorCode": code, "errorDescription": description, "errorUID": request_id} for code, description in errors
        ],
        "warnings": [],
    }


# --- Relay Network ------------------------------------------------------------------------------------------------

RELAY_PATH = "/messaging/client/relay_developer/consent/channel_addr/6105551212/channel_type/sms"
RELAY_BASE_PATH = "/platform/v3/api" + RELAY_PATH
RELAY_HEADERS = {"xx-relay-api-key": "wire-relay-key-0001"}
RELAY_REQUEST: Json = {"consent_type": "written"}
RELAY_ANSWER: Json = {
    "consent": {
        "client_id": "relay_developer",
        "created_at": "2024-07-05T22:16:12.934Z",
        "updated_at": "2024-07-05T22:16:12.934Z",
        "channel_type": "sms",
        "channel_addr": "6105551212",
        "consent_type": "written",
    }
}


def relay_error(code: str, message: str, request_id: str = REQUEST_ID) -> Json:
    """The envelope."""
    return {"message": message, "code": code, "request_id": request_id}


# --- Telnyx -------------------------------------------------------------------------------------------------------

PROFILE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
SETTING = "677ec1cb-949e-4aeb-a1c3-6d9ddffc1409"
TELNYX_PATH = f"/messaging_profiles/{PROFILE}/autoresp_configs"
TELNYX_SETTING_PATH = f"{TELNYX_PATH}/{SETTING}"
TELNYX_HEADERS = {"authorization": "Bearer KEY0123456789-wire"}
TELNYX_REQUEST: Json = {
    "country_code": "US",
    "keywords": ["keyword1", "keyword2"],
    "op": "start",
    "resp_text": "Thank you for your message",
}
TELNYX_SETTING: Json = {
    "country_code": "US",
    "created_at": "2023-03-22T00:06:49.068817+00:00",
    "id": SETTING,
    "keywords": ["START"],
    "op": "start",
    "resp_text": "Hello there!",
    "updated_at": "2023-03-22T00:06:49.068817+00:00",
}
TELNYX_ANSWER: Json = {"data": TELNYX_SETTING}
TELNYX_LIST: Json = {
    "data": [
        {
            "country_code": "US",
            "created_at": "2023-03-21T23:37:45.858535+00:00",
            "id": SETTING,
            "keywords": ["START", "BEGIN"],
            "op": "start",
            "resp_text": "Thank you for subscribing US customer.",
            "updated_at": "2023-03-21T23:37:45.858535+00:00",
        },
        {
            "country_code": "US",
            "created_at": "2023-03-10T21:54:46.293380+00:00",
            "id": "54b7e19f-98a8-416f-81d1-a2782eade48b",
            "keywords": ["END", "STOP"],
            "op": "stop",
            "resp_text": "You have unsubscribed.",
            "updated_at": "2023-03-10T21:54:46.293380+00:00",
        },
        {
            "country_code": "*",
            "created_at": "2023-03-14T14:46:21.097735+00:00",
            "id": "cfe07be1-2369-433f-be00-eb176008e834",
            "keywords": ["START"],
            "op": "start",
            "resp_text": "Thank you for subscribing.",
            "updated_at": "2023-03-14T14:46:21.097735+00:00",
        },
    ],
    "meta": {"page_number": 1, "page_size": 5, "total_pages": 1, "total_results": 3},
}


def telnyx_error(code: str, title: str, detail: str, source: Mapping[str, str] | None = None) -> Json:
    """The envelope with one error."""
    error: dict[str, object] = {"code": code, "title": title, "detail": detail}
    return {"errors": [error if source is None else {**error, "source": dict(source)}]}


# --- Hi Marley ----------------------------------------------------------------------------------------------------

HIMARLEY_PATH = "/api/user/actions/optout/email/testertester123@verizon.net"
HIMARLEY_HEADERS = {"x-api-key": "wire-marley-key-0001"}
HIMARLEY_ANSWER: Json = {
    "id": "bc13bc97-23eb-40eb-ac0f-12341ee99aae",
    "first": "james",
    "last": "bondd",
    "email": "testertester123@verizon.net",
    "mobile": "+15552320405",
    "role": "enduser",
    "optStatus": False,
    "optStatusDetail": "OPTED_OUT",
}


def himarley_error(
    code: str,
    detail: str,
    *,
    category: str = "ClientError",
    method: str = "PUT",
    path: str = HIMARLEY_PATH,
    request_id: str = REQUEST_ID,
) -> Json:
    """The envelope with one error."""
    error = {
        "category": category,
        "code": code,
        "detail": detail,
        "method": method,
        "path": path,
        "requestId": request_id,
        "retryable": category != "ClientError",
    }
    return {"errors": [error]}
