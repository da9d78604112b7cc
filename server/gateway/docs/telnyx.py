"""What is told of Telnyx's API."""

from __future__ import annotations

from consent.v1.auto_response_pb2 import (
    AutoResponse,
    CreateAutoResponseRequest,
    GetAutoResponseRequest,
    ListAutoResponsesRequest,
    ListMessagingOptOutsRequest,
    PaginationMeta,
    UpdateAutoResponseRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.docs.doc import (
    FAILURES,
    Described,
    Doc,
    Manual,
    Maybe,
    Nullable,
    Parameter,
    Spelling,
    Style,
    member,
)

_PROFILE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
_SETTING = {
    "country_code": "US",
    "created_at": "2023-03-22T00:06:49.068817+00:00",
    "id": "677ec1cb-949e-4aeb-a1c3-6d9ddffc1409",
    "keywords": ["keyword1", "keyword2"],
    "op": "start",
    "resp_text": "Thank you for your message",
    "updated_at": "2023-03-22T00:06:49.068817+00:00",
}
_BODY = {
    "country_code": "US",
    "keywords": ["keyword1", "keyword2"],
    "op": "start",
    "resp_text": "Thank you for your message",
}
_META = {"page_number": 1, "page_size": 20, "total_pages": 1, "total_results": 1}


# A value that is empty is as absent.
_EMPTY = {"type": "string", "const": ""}


def _time(about: str) -> Parameter:
    times = ({"type": "string", "format": form} for form in ("date-time", "date"))
    return Parameter(Maybe(Described({"anyOf": [*times, _EMPTY]})), about)


def _number(about: str, example: str = "") -> Parameter:
    number = {"type": "integer", "minimum": 0}
    return Parameter(Maybe(Described({"anyOf": [number, _EMPTY]})), about, example)


_PAGE = {
    "page[number]": _number("The page, from 1."),
    "page[size]": _number("At most this many, 20 where absent, never more than 250.", "20"),
}
_CREATED = {
    "created_at[gte]": _time("Only what was made at or after this time."),
    "created_at[lte]": _time("Only what was made at or before this time."),
}
_KEYWORDS = (
    "At most 20 keywords. A shipped stop word, START and HELP keep their op, and one word belongs to one op per "
    "profile and country."
)

LIST = Doc(
    "listAutoResponses",
    "List auto-response settings, newest first",
    answer={"data": [AutoResponse], "meta": PaginationMeta},
    sample={"data": [_SETTING], "meta": _META},
    query={
        "country_code": Parameter(
            Maybe(member(ListAutoResponsesRequest, "country_code")),
            "Only settings of this country; `*`: those for every country.",
            "US",
        ),
        **_CREATED,
        "updated_at[gte]": _time("Only what was last replaced at or after this time."),
        "updated_at[lte]": _time("Only what was last replaced at or before this time."),
        **_PAGE,
    },
)
CREATE = Doc(
    "createAutoResponse",
    "Create an auto-response setting",
    answer={"data": AutoResponse},
    sample={"data": _SETTING},
    about=_KEYWORDS,
    body=CreateAutoResponseRequest,
    body_sample=_BODY,
)
GET = Doc("getAutoResponse", "Get an auto-response setting", {"data": AutoResponse}, {"data": _SETTING})
UPDATE = Doc(
    "updateAutoResponse",
    "Replace an auto-response setting whole",
    answer={"data": AutoResponse},
    sample={"data": _SETTING},
    about=_KEYWORDS,
    body=UpdateAutoResponseRequest,
    body_sample=_BODY,
)
DELETE = Doc("deleteAutoResponse", "Delete an auto-response setting", answer=None, sample=None)
OPT_OUTS = Doc(
    "listMessagingOptOuts",
    "List the numbers that opted out, newest first",
    answer={
        "data": [
            {
                "from": str,
                "to": Nullable(str),
                "messaging_profile_id": Nullable(str),
                "keyword": Nullable(str),
                "created_at": Timestamp,
            }
        ],
        "meta": PaginationMeta,
    },
    sample={
        "data": [
            {
                "from": "+16105551212",
                "to": "+16105550000",
                "messaging_profile_id": _PROFILE,
                "keyword": "STOP",
                "created_at": "2023-03-21T23:37:45.858535+00:00",
            }
        ],
        "meta": _META,
    },
    about="What is not known is `null`, as is the profile of a tenant-wide opt-out.",
    query={
        "filter[messaging_profile_id]": Parameter(
            Maybe(member(ListMessagingOptOutsRequest, "messaging_profile_id")), "Only this profile's.", _PROFILE
        ),
        "filter[from]": Parameter(Maybe(member(ListMessagingOptOutsRequest, "from")), "Only those of this number."),
        **_CREATED,
        "redaction_enabled": Parameter(
            Maybe(Described({"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["True", "False", ""]}]})),
            "Whether to hide all but the last four digits.",
        ),
        **_PAGE,
    },
)

MANUAL = Manual(
    about="Telnyx's auto-response settings of messaging profiles, and the numbers that opted out of them.",
    style=Style("Telnyx.", Spelling.LOWER, snake=True, hidden=frozenset({"request_id"})),
    envelope={
        "errors": [
            {
                "code": str,
                "title": str,
                "detail": str,
                "source": Maybe({"pointer": Maybe(str), "parameter": Maybe(str)}),
            }
        ]
    },
    failures={
        **FAILURES,
        400: "The request cannot be read.",
        401: "The credential is missing or wrong.",
        403: "The credential may not do this.",
        413: "The body is too large.",
        415: "The body is not JSON, plain or gzip.",
        422: "The request is well formed, but not valid.",
    },
    values={
        "profile_id": Parameter(member(ListAutoResponsesRequest, "profile_id"), "The messaging profile.", _PROFILE),
        "autoresp_cfg_id": Parameter(
            member(GetAutoResponseRequest, "autoresp_cfg_id"), "The setting's id, a UUID.", str(_SETTING["id"])
        ),
    },
)
