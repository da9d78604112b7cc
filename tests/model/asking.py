"""Questions by the thousand: the mounted chain itself, without the thread that grpcio-testing begins for each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from tests.servicer.world import METHODS, PEER, World


@dataclass(frozen=True)
class _Context:
    """What the chain reads of a call; a question that is refused here is a failure."""

    metadata: tuple[tuple[str, str | bytes], ...]

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return self.metadata

    def peer(self) -> str:
        return PEER

    def time_remaining(self) -> None:
        return None

    def set_trailing_metadata(self, metadata: object) -> None:
        pass

    def abort(self, code: object, details: str) -> None:
        raise AssertionError(f"{code}: {details}")


@dataclass(frozen=True)
class Asker:
    """`asker.CheckConsent(sender=…)` answers the response, a millisecond after the call before."""

    world: World
    key: str

    def __getattr__(self, rpc: str) -> Callable[..., Any]:
        if rpc not in METHODS:
            raise AttributeError(rpc)
        method = METHODS[rpc]
        mounted = getattr(self.world.mounted[method.containing_service], rpc)

        def ask(**fields: Any) -> Any:
            self.world.clock.advance(0.001)
            return mounted(GetMessageClass(method.input_type)(**fields), _Context((("x-api-key", self.key),)))

        return ask
