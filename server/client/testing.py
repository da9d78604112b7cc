"""A consent service for your own tests, in one line, on a real socket of this machine.

    with fake_consent_service() as fake:
        fake.allow("acme", sms("+16505551234"), "marketing")
        send_campaign(fake.client)          # or give fake.target to what makes its own client
        assert fake.recorded == [...]

It knows no rule. It denies what nobody allowed, as NO_CONSENT, and hears STOP, START and HELP as whole messages. A no
that is recorded or heard denies from then on; a yes allows nothing: say `allow`. Answers that need the rule, the
ledger or a purpose that does not exist are the real service's.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer

from server.client.calls import Retries
from server.client.client import ConsentClient
from server.client.fake import Answer, Failure, Service
from server.client.inbound import Message
from server.client.recipients import Recipient
from server.client.statements import Statement
from server.client.vocabulary import Reason, Verdict

_THREADS = 16
_PATIENCE = Retries(attempts=3, first_wait=0.001, longest_wait=0.01)


class FakeConsentService:
    """A running fake. `client` is a ConsentClient of it, `target` its address; any credential will do."""

    def __init__(self, target: str, client: ConsentClient, service: Service) -> None:
        self.target = target
        self.client = client
        self._service = service

    def allow(
        self,
        sender: str,
        recipient: Recipient,
        purpose: str,
        *,
        reason: Reason = Reason.OPTED_IN,
        valid_until: datetime | None = None,
    ) -> None:
        """Answer ALLOW to this question from now on. Each may be ALL, save the recipient."""
        self._service.settle(sender, recipient, purpose, Answer(Verdict.ALLOW, reason, valid_until))

    def deny(self, sender: str, recipient: Recipient, purpose: str, *, reason: Reason = Reason.OPTED_OUT) -> None:
        """Answer DENY to this question from now on. A DENY wins over every ALLOW."""
        self._service.settle(sender, recipient, purpose, Answer(Verdict.DENY, reason))

    def fail_with(
        self, code: grpc.StatusCode, *, reason: str = "", message: str = "the fake fails", times: int | None = None
    ) -> None:
        """Fail the next `times` calls, or every call until `recover`. `reason` is the name of an ErrorReason."""
        self._service.failure = Failure(code, reason, message, times)

    def recover(self) -> None:
        """Answer again."""
        self._service.failure = None

    @property
    def calls(self) -> list[str]:
        """The names of the methods that were called, in order, repeats and failures included."""
        return list(self._service.calls)

    @property
    def checked(self) -> list[tuple[str, Recipient, str]]:
        """Each sender, recipient and purpose that was asked about, in order."""
        return list(self._service.checked)

    @property
    def recorded(self) -> list[Statement]:
        """The statements that were recorded, in order. A repeat with the same request id is no second one."""
        return list(self._service.recorded)

    @property
    def inbound(self) -> list[Message]:
        """The messages that were told, in order."""
        return list(self._service.inbound)


@contextmanager
def fake_consent_service() -> Iterator[FakeConsentService]:
    """A fake service while entered, empty at first."""
    service = Service()
    health = HealthServicer()
    health.set("", health_pb2.HealthCheckResponse.SERVING)
    with ThreadPoolExecutor(_THREADS) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((service.handlers(),))
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            with ConsentClient(target, api_key="fake", retries=_PATIENCE) as client:
                yield FakeConsentService(target, client, service)
        finally:
            service.stop()
            server.stop(None).wait()
