"""The native JSON API: the contract itself, at the paths that it annotates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from google.protobuf.message_factory import GetMessageClass

from server.gateway.bindings import BINDINGS, PREFIX, Binding
from server.gateway.calls import Answer, Call
from server.gateway.credentials import CredentialHeader
from server.gateway.docs import native as docs
from server.gateway.message_printer import print_message
from server.gateway.message_query import check_absent, nest_query
from server.gateway.message_reader import read_message
from server.gateway.native_errors import render
from server.gateway.vendor import Operation, Vendor

_LARGE = 2**17
"""Bytes of an answer from which on other calls need not wait until it is printed. A batch of verdicts is smaller."""


def _performer(binding: Binding) -> Callable[[Call], Awaitable[Answer]]:
    """What the binding's operation does: the request from JSON, the RPC, its answer as JSON."""
    kind = GetMessageClass(binding.method.input_type)

    async def perform(call: Call) -> Answer:
        rpc = getattr(call.upstream.consent, binding.method.name)
        request = read_message(kind, _members(binding, call))
        response = await call.send(rpc, request)
        if response.ByteSize() > _LARGE:
            return Answer(200, await asyncio.to_thread(print_message, response))
        return Answer(200, print_message(response))

    return perform


def _members(binding: Binding, call: Call) -> Mapping[str, object]:
    """The request as a JSON object, from wherever the annotation has it."""
    if not binding.has_body:
        return nest_query(call.query_pairs(), binding.method.input_type)
    check_absent(call.query_pairs())
    return call.body.members


NATIVE = Vendor(
    name="Consent",
    prefixes=(PREFIX,),
    bases=("",),
    operations=tuple(
        Operation(binding.verb, binding.path, _performer(binding), docs.document_binding(binding))
        for binding in BINDINGS
    ),
    # All that the gRPC API takes: an internal caller has one credential, whatever it was made for.
    credentials=(
        CredentialHeader("authorization", "Bearer"),
        CredentialHeader("authorization", "Basic"),
        CredentialHeader("x-api-key"),
        CredentialHeader("xx-relay-api-key"),
        CredentialHeader("x-relay-api-key"),
    ),
    render=render,
    manual=docs.MANUAL,
    challenge='Bearer realm="consent", Basic realm="consent", charset="UTF-8"',
)
