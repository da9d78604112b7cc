"""The channel to the service, and the credential that every call carries."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import grpc

Options = Sequence[tuple[str, Any]]

_OPTIONS: Options = (
    # Calls are repeated by `calls`, which knows which of them may be.
    ("grpc.enable_retries", 0),
    # Every address that the name has, in turn, and past those that do not answer.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    # A peer that vanished is noticed within 40 seconds while a call or a watch is open. Nothing is sent while none is:
    # servers end connections that ping without need.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # A server that restarts is found again within a second, not after gRPC's usual two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A page of a thousand events with their evidence is more than gRPC's usual 4 MiB.
    ("grpc.max_receive_message_length", 64 << 20),
)


def open_channel(target: str, tls: grpc.ChannelCredentials | None, options: Options) -> grpc.Channel:
    """A channel, in clear text without `tls`. It connects at the first call. `options` win over ours."""
    given = {name for name, _ in options}
    merged = [*(option for option in _OPTIONS if option[0] not in given), *options]
    if tls is None:
        return grpc.insecure_channel(target, options=merged)
    return grpc.secure_channel(target, tls, options=merged)


def authorization(api_key: str | None, basic: tuple[str, str] | None) -> tuple[str, str]:
    """The metadata of a credential. Raises ValueError unless exactly one is given that a header can hold."""
    if (api_key is None) == (basic is None):
        raise ValueError("give either api_key or basic=(user, password)")
    if basic is not None:
        user, password = basic
        if ":" in user:
            raise ValueError("a user name holds no colon")
        return "authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if not api_key or not all("!" <= character <= "~" for character in api_key):
        raise ValueError("an API key is visible ASCII characters")
    return "authorization", f"Bearer {api_key}"
