"""The client: one object for a program, shared by its threads."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import grpc
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.client import checks, inbound, pages, records
from server.client.calls import Line, Retries
from server.client.channel import Options, authorization, open_channel
from server.client.checks import AsOf, Campaign, OnFailure, Question
from server.client.decisions import Consent, Decision
from server.client.events import ConsentEvent
from server.client.health import wait_until_serving
from server.client.inbound import Heard, Message
from server.client.pages import Filter
from server.client.recipients import Recipient
from server.client.records import Terms
from server.client.statements import Recorded, Refused, Statement
from server.client.vocabulary import Actor, EventKind
from server.client.watch import Watch


class ConsentClient:
    """Asks and tells a consent service. Safe to share among threads; make it after a fork, not before.

    `target` is a gRPC name such as `consent:50051`; `dns:///consent:50051` is spread over all its addresses. Give
    `api_key` or `basic`, and `tls`, made by `tls_credentials`, outside of trusted networks. `timeout` is
    the deadline of each call in seconds, retries included; each method takes its own. Every method raises a
    ConsentClientError where it has no answer, and ValueError for arguments that are none.
    """

    def __init__(
        self,
        target: str,
        *,
        api_key: str | None = None,
        basic: tuple[str, str] | None = None,
        tls: grpc.ChannelCredentials | None = None,
        timeout: float = 5.0,
        retries: Retries | None = None,
        channel_options: Options = (),
    ) -> None:
        self._line = Line(authorization(api_key, basic), timeout, retries or Retries())
        self._channel = open_channel(target, tls, channel_options)
        self._stub = ConsentServiceStub(self._channel)
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every call and watch. A second time does nothing."""
        self._line.closed.set()
        for watch in list(self._watches):
            watch.close()
        self._channel.close()

    def wait_until_serving(self, timeout: float = 30.0) -> None:
        """Wait until the service says that it serves. Raises Unavailable where it does not in `timeout` seconds."""
        wait_until_serving(self._line, self._channel, timeout)

    def check(
        self,
        sender: str,
        recipient: Recipient,
        purpose: str,
        *,
        as_of: AsOf = None,
        reply_permit: str = "",
        on_failure: OnFailure = "raise",
        timeout: float | None = None,
    ) -> Decision:
        """May this sender send to this recipient for this purpose, now?

        `as_of` a revision, a moment or an earlier decision asks how it stood then. `reply_permit` is that of
        `handle_inbound`. Where there is no answer, `on_failure="raise"` raises, and `"deny"` answers DENY
        CHECK_FAILED with the `error`. Nothing but the service's own ALLOW is allowed.
        """
        question = Question(sender, recipient, (purpose,), as_of, reply_permit)
        return checks.check(self._line, self._stub, question, on_failure, timeout)[purpose]

    def check_purposes(
        self,
        sender: str,
        recipient: Recipient,
        purposes: Sequence[str],
        *,
        as_of: AsOf = None,
        reply_permit: str = "",
        on_failure: OnFailure = "raise",
        timeout: float | None = None,
    ) -> dict[str, Decision]:
        """`check` for 1 to 20 purposes in one call, all judged by one state. The decisions by purpose."""
        if isinstance(purposes, str):
            raise TypeError("purposes is a sequence of strings; `check` takes one")
        question = Question(sender, recipient, tuple(dict.fromkeys(purposes)), as_of, reply_permit)
        return checks.check(self._line, self._stub, question, on_failure, timeout)

    def check_many(
        self,
        sender: str,
        purpose: str,
        recipients: Iterable[Recipient],
        *,
        batch_size: int = 1000,
        details: bool = False,
        on_failure: OnFailure = "raise",
        timeout: float | None = None,
    ) -> Iterator[tuple[Recipient, Decision]]:
        """Check any number of recipients, in order, each with its decision.

        Lazy, in constant memory: reads at most two batches ahead, and has two under way while you work on the answers.
        A bad address is that item's DENY INVALID_RECIPIENT. `details` adds what decided, at many times the cost. With
        `on_failure="deny"` a batch that failed is denied, item by item, and the next ones are tried. `timeout` is a
        batch's.
        """
        campaign = Campaign(sender, purpose, batch_size, details, on_failure, timeout)
        return checks.check_many(self._line, self._stub, campaign, recipients)

    def record(
        self,
        statement: Statement,
        *,
        force_reason: str = "",
        validate_only: bool = False,
        batch_id: str = "",
        request_id: str = "",
        timeout: float | None = None,
    ) -> Recorded:
        """Record a yes or a no, made by `opt_in` or `opt_out`. What does not prevail is answered so, not raised.

        It is sent again where that helps, always under one request id: a new one, or yours. To repeat a call that
        failed, give the error's. `force_reason` overrides a protected no, for a credential that may.
        """
        terms = Terms(force_reason, validate_only, batch_id, request_id)
        return records.record(self._line, self._stub, statement, terms, timeout)

    def record_many(
        self,
        statements: Iterable[Statement],
        *,
        atomic: bool = False,
        force_reason: str = "",
        validate_only: bool = False,
        batch_id: str = "",
        request_id: str = "",
        batch_size: int = 500,
        timeout: float | None = None,
    ) -> list[Recorded | Refused]:
        """Record statements, in order; what became of each. Not lazy: when it returns, all were told.

        Where it raises, the batches before stand: repeat the whole with your own `request_id` and the same batch
        size, and what was recorded is not recorded twice. `atomic` refuses a whole batch where one is refused.
        """
        terms = Terms(force_reason, validate_only, batch_id, request_id)
        return records.record_many(
            self._line, self._stub, statements, terms, atomic=atomic, batch_size=batch_size, timeout=timeout
        )

    def handle_inbound(
        self,
        sender: str,
        from_: Recipient,
        body: str,
        message_id: str,
        *,
        to: str = "",
        receive_time: datetime | None = None,
        validate_only: bool = False,
        request_id: str = "",
        timeout: float | None = None,
    ) -> Heard:
        """Tell a message that a person sent: was it a STOP, and what is to be replied? `message_id`: the provider's."""
        message = Message(sender, from_, body, message_id, to, receive_time, validate_only)
        return inbound.handle(self._line, self._stub, message, request_id, timeout)

    def list_consents(
        self,
        recipient: Recipient | None = None,
        *,
        sender: str = "",
        as_of_revision: int = 0,
        timeout: float | None = None,
    ) -> Iterator[Consent]:
        """Every current record, or a recipient's, page by page; `sender` may be ALL for the tenant-wide ones.

        `as_of_revision` (needs a recipient) lists them as they stood then. `timeout` is a page's.
        """
        return pages.list_consents(self._line, self._stub, recipient, sender, as_of_revision, timeout)

    def history(
        self,
        recipient: Recipient | None = None,
        *,
        sender: str = "",
        kind: EventKind | None = None,
        actor: Actor | None = None,
        batch_id: str = "",
        since: datetime | None = None,
        before: datetime | None = None,
        as_of_revision: int = 0,
        newest_first: bool = False,
        timeout: float | None = None,
    ) -> Iterator[ConsentEvent]:
        """Events of the ledger, page by page, the oldest first; recorded at or after `since` and before `before`."""
        wanted = Filter(recipient, sender, kind, actor, batch_id, since, before, as_of_revision, newest_first)
        return pages.list_events(self._line, self._stub, wanted, timeout)

    def watch(self, *, after_revision: int | None = None, resume_token: str = "", senders: Sequence[str] = ()) -> Watch:
        """Events as they are committed, each once and in order, over any number of connections.

        Begins after `after_revision`: 0 is the beginning, None is now, the moment of this call. With `resume_token`
        it goes on where an earlier watch was, and leaves out what `after_revision` says was dealt with. `senders`:
        only theirs and tenant-wide ones.
        """
        if after_revision is None:
            after_revision = 0 if resume_token else pages.head_revision(self._line, self._stub)
        found = Watch(self._line, self._stub, after_revision, resume_token, senders)
        self._watches.add(found)
        return found
