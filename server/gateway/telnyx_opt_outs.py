"""Telnyx: the phone numbers that opted out of messaging profiles."""

from __future__ import annotations

from consent.v1.auto_response_pb2 import ListMessagingOptOutsRequest, MessagingOptOut

from server.gateway.calls import Answer, Call
from server.gateway.telnyx_pages import print_meta, read_flag, read_integer, read_time
from server.gateway.times import print_micros


async def list_opt_outs(call: Call) -> Answer:
    """One page of opt-outs, with `meta` whatever it holds."""
    query = call.query()
    # `from` is a keyword of Python.
    sender = {"from": query.get("filter[from]", "")}
    request = ListMessagingOptOutsRequest(
        messaging_profile_id=query.get("filter[messaging_profile_id]", ""),
        created_at_gte=read_time(query, "created_at[gte]"),
        created_at_lte=read_time(query, "created_at[lte]"),
        page_number=read_integer(query, "page[number]"),
        page_size=read_integer(query, "page[size]"),
        redaction_enabled=read_flag(query, "redaction_enabled"),
        **sender,
    )
    response = await call.send(call.upstream.consent.ListMessagingOptOuts, request)
    return Answer(200, {"data": [_print(opt_out) for opt_out in response.data], "meta": print_meta(response.meta)})


def _print(opt_out: MessagingOptOut) -> dict[str, str | None]:
    """The opt-out; what is not known of it is `null`, as the profile of a tenant-wide one."""
    return {
        "from": getattr(opt_out, "from"),
        "to": opt_out.to or None,
        "messaging_profile_id": opt_out.messaging_profile_id or None,
        "keyword": opt_out.keyword or None,
        "created_at": print_micros(opt_out.created_at),
    }
