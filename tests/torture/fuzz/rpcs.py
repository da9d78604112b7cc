"""Messages of every kind to every RPC over a real socket, and the answers judged."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning

from tests.servicer import tenants
from tests.servicer.samples import REQUESTS, sample
from tests.servicer.world import ENDLESS, METHODS
from tests.torture.fuzz.answers import judge, judge_answer
from tests.torture.fuzz.messages import Messages, texts_of

PATIENCE = 20.0
"""Seconds after which an answer counts as a hang."""
# What costs more than a lookup: an argon2id run for each login that is made, the whole ledger read.
DEAR = frozenset({"CreateCredential", "RotateCredential", "VerifyLedger"})
_DEAR_SHARE = 20


@dataclass
class Tally:
    """What was sent, and what was wrong with the answers."""

    sent: int = 0
    answered: int = 0
    """Those that were answered: with OK, over gRPC; with anything, where bytes are garbage."""
    wrong: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    """What was not answered in time."""


class Fuzzer:
    """Sends to the door at `address`, as an admin, and counts in `tally`."""

    def __init__(self, address: str, tally: Tally) -> None:
        # What a caller may send, a caller of ours must be able to send and to receive.
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self._channel = grpc.insecure_channel(address, options=options)
        self._numbers = count(1)
        self._messages = Messages(texts_of([sample(rpc) for rpc in REQUESTS]))
        self.tally = tally

    def close(self) -> None:
        """Leave."""
        self._channel.close()

    def try_method(self, rpc: str, examples: int, number: int, *, shrink: bool = True) -> None:
        """Send so many messages to one RPC, chosen by `number`; what breaks it is made as small as it can be."""
        method = METHODS[rpc]
        phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)

        @seed(number)
        @settings(
            max_examples=max(1, examples // (_DEAR_SHARE if rpc in DEAR else 1)),
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(self._messages.requests(sample(rpc)))
        def send(message: bytes) -> None:
            wrong = list(self.send(method, message))
            assert not wrong, f"{rpc} {message[:200].hex()} ({len(message)} bytes): {'; '.join(wrong)}"

        try:
            with warnings.catch_warnings():
                # Hypothesis would tell of the strategy, in megabytes.
                warnings.simplefilter("ignore", HypothesisWarning)
                send()
        except AssertionError as error:
            self.tally.wrong.append(str(error).partition("\n")[0])

    def send(self, method: MethodDescriptor, message: bytes) -> Iterator[str]:
        """Send one message; answer what is wrong with what came back."""
        self.tally.sent += 1
        request_id = f"fuzz-{next(self._numbers)}"
        metadata = (("x-api-key", tenants.ADMIN), ("x-request-id", request_id))
        path = f"/{method.containing_service.full_name}/{method.name}"
        try:
            if method.server_streaming:
                answers = self._stream(path, method.name in ENDLESS, message, metadata)
            else:
                call: Any = self._channel.unary_unary(path)
                answers = [call(message, metadata=metadata, timeout=PATIENCE)]
        except grpc.RpcError as error:
            found: Any = error
            trailers = dict(found.trailing_metadata() or ())
            if found.code() is grpc.StatusCode.DEADLINE_EXCEEDED and not trailers:
                self.tally.hung.append(f"{method.name}: no answer in {PATIENCE} s: {message[:300].hex()}")
                return
            yield from judge(found.code(), found.details() or "", trailers, request_id, message)
            return
        self.tally.answered += 1
        for answer in answers:
            yield from judge_answer(answer, GetMessageClass(method.output_type))

    def _stream(self, path: str, endless: bool, message: bytes, metadata: Any) -> list[bytes]:
        call: Any = self._channel.unary_stream(path)
        stream = call(message, metadata=metadata, timeout=PATIENCE)
        if not endless:
            return list(stream)
        first = [next(stream)]
        stream.cancel()
        return first
