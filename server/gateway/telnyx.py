"""Telnyx: the auto-response settings of messaging profiles, and its API as a whole."""

from __future__ import annotations

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

from server.gateway.calls import Answer, Call
from server.gateway.credentials import CredentialHeader
from server.gateway.docs import telnyx as docs
from server.gateway.fields import Fields
from server.gateway.telnyx_errors import OPS, render
from server.gateway.telnyx_opt_outs import list_opt_outs
from server.gateway.telnyx_pages import print_meta, read_integer, read_time
from server.gateway.times import print_micros
from server.gateway.vendor import Operation, Vendor


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
        created_at_gte=read_time(query, "created_at[gte]"),
        created_at_lte=read_time(query, "created_at[lte]"),
        updated_at_gte=read_time(query, "updated_at[gte]"),
        updated_at_lte=read_time(query, "updated_at[lte]"),
        page_number=read_integer(query, "page[number]"),
        page_size=read_integer(query, "page[size]"),
    )
    response = await call.send(call.upstream.consent.ListAutoResponses, request)
    return Answer(200, {"data": [_print(setting) for setting in response.data], "meta": print_meta(response.meta)})


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


_SETTINGS = "/messaging_profiles/{profile_id}/autoresp_configs"
_SETTING = _SETTINGS + "/{autoresp_cfg_id}"

TELNYX = Vendor(
    name="Telnyx",
    prefixes=("/messaging_profiles", "/messaging_optouts", "/v2"),
    bases=("", "/v2"),
    operations=(
        Operation("GET", _SETTINGS, list_settings, docs.LIST),
        Operation("POST", _SETTINGS, create_setting, docs.CREATE),
        Operation("GET", _SETTING, get_setting, docs.GET),
        Operation("PUT", _SETTING, update_setting, docs.UPDATE),
        Operation("DELETE", _SETTING, delete_setting, docs.DELETE),
        Operation("GET", "/messaging_optouts", list_opt_outs, docs.OPT_OUTS),
    ),
    credentials=(CredentialHeader("authorization", "Bearer"),),
    render=render,
    manual=docs.MANUAL,
    challenge='Bearer realm="consent"',
)
