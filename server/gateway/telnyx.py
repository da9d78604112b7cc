"""Telnyx: the auto-response settings of a messaging profile."""

from __future__ import annotations

import re
from typing import TypedDict

from consent.v1.auto_response_pb2 import (
    AutoResponse,
    AutoResponseOp,
    CreateAutoResponseRequest,
    DeleteAutoResponseRequest,
    GetAutoResponseRequest,
    ListAutoResponsesRequest,
    UpdateAutoResponseRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from server.gateway.calls import Answer, Call
from server.gateway.credentials import CredentialHeader
from server.gateway.errors import malformed
from server.gateway.fields import Fields
from server.gateway.telnyx_errors import OPS, render
from server.gateway.times import parse_time, print_micros
from server.gateway.vendor import Operation, Vendor

_INT32 = 2**31 - 1


class _Setting(TypedDict):
    """What the body of a create and of an update holds."""

    country_code: str
    keywords: list[str]
    op: AutoResponseOp.ValueType
    resp_text: str | None


async def list_settings(call: Call) -> Answer:
    """One page of a profile's settings, with `meta` whatever it holds."""
    query = call.query()
    request = ListAutoResponsesRequest(
        profile_id=call.path["profile_id"],
        country_code=query.get("country_code", ""),
        created_at_gte=_time(query, "created_at[gte]"),
        created_at_lte=_time(query, "created_at[lte]"),
        updated_at_gte=_time(query, "updated_at[gte]"),
        updated_at_lte=_time(query, "updated_at[lte]"),
        page_number=_integer(query, "page[number]"),
        page_size=_integer(query, "page[size]"),
    )
    response = await call.send(call.upstream.consent.ListAutoResponses, request)
    meta = {
        "page_number": response.meta.page_number,
        "page_size": response.meta.page_size,
        "total_pages": response.meta.total_pages,
        "total_results": response.meta.total_results,
    }
    return Answer(200, {"data": [_print(setting) for setting in response.data], "meta": meta})


async def create_setting(call: Call) -> Answer:
    """The new setting, answered by 200, not by 201."""
    request = CreateAutoResponseRequest(profile_id=call.path["profile_id"], **_setting(call.body))
    response = await call.send(call.upstream.consent.CreateAutoResponse, request)
    return Answer(200, {"data": _print(response.data)})


async def get_setting(call: Call) -> Answer:
    """One setting."""
    request = GetAutoResponseRequest(profile_id=call.path["profile_id"], autoresp_cfg_id=call.path["autoresp_cfg_id"])
    response = await call.send(call.upstream.consent.GetAutoResponse, request)
    return Answer(200, {"data": _print(response.data)})


async def update_setting(call: Call) -> Answer:
    """The setting that replaced one whole."""
    request = UpdateAutoResponseRequest(
        profile_id=call.path["profile_id"], autoresp_cfg_id=call.path["autoresp_cfg_id"], **_setting(call.body)
    )
    response = await call.send(call.upstream.consent.UpdateAutoResponse, request)
    return Answer(200, {"data": _print(response.data)})


async def delete_setting(call: Call) -> Answer:
    """`null`, once the setting is gone."""
    request = DeleteAutoResponseRequest(
        profile_id=call.path["profile_id"], autoresp_cfg_id=call.path["autoresp_cfg_id"]
    )
    await call.send(call.upstream.consent.DeleteAutoResponse, request)
    return Answer(200, None)


def _setting(body: Fields) -> _Setting:
    return {
        "country_code": body.text("country_code"),
        "keywords": body.texts("keywords"),
        "op": body.word("op", OPS),
        "resp_text": body.optional_text("resp_text"),
    }


def _print(setting: AutoResponse) -> dict[str, object]:
    """The setting in the order of the vendor's page; `resp_text` is left out where it is unset, never `null`."""
    text = {"resp_text": setting.resp_text} if setting.HasField("resp_text") else {}
    return {
        "country_code": setting.country_code,
        "created_at": print_micros(setting.created_at),
        "id": setting.id,
        "keywords": list(setting.keywords),
        "op": OPS.word(setting.op),
        **text,
        "updated_at": print_micros(setting.updated_at),
    }


def _time(query: dict[str, str], key: str) -> Timestamp | None:
    text = query.get(key)
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise malformed(key, "must be an RFC 3339 date or date-time") from error


def _integer(query: dict[str, str], key: str) -> int:
    """The integer, as near as the contract can hold it: the server clamps or refuses what lies beyond anyway."""
    text = query.get(key) or "0"
    if not re.fullmatch(r"-?[0-9]{1,100}", text):
        raise malformed(key, "must be an integer")
    return max(-_INT32, min(_INT32, int(text)))


_SETTINGS = "/messaging_profiles/{profile_id}/autoresp_configs"
_SETTING = _SETTINGS + "/{autoresp_cfg_id}"

TELNYX = Vendor(
    name="Telnyx",
    prefixes=("/messaging_profiles", "/v2"),
    bases=("", "/v2"),
    operations=(
        Operation("GET", _SETTINGS, list_settings),
        Operation("POST", _SETTINGS, create_setting, has_body=True),
        Operation("GET", _SETTING, get_setting),
        Operation("PUT", _SETTING, update_setting, has_body=True),
        Operation("DELETE", _SETTING, delete_setting),
    ),
    credentials=(CredentialHeader("authorization", "Bearer"),),
    render=render,
    challenge='Bearer realm="consent"',
)
