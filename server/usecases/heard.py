"""Messages are heard once: the answer is kept by sender, provider's id, writer and a keyed digest of the body."""

from __future__ import annotations

from collections.abc import Callable

from server.domain.service_key import ServiceKeys
from server.storage.protocol import Transaction
from server.usecases.inbound import Addressed, Message

_BODY_LABEL = "inbound body"


def hear_once(
    tx: Transaction, keys: ServiceKeys, message: Message, ends: Addressed, work: Callable[[], bytes]
) -> tuple[bytes, bool]:
    """Run `work` and keep its answer, or answer what was kept; and whether the message was heard before."""
    digests = keys.digests(_BODY_LABEL, message.body.encode())
    name = (ends.sender.id, message.provider_message_id, tx.ensure_recipient(ends.recipient))
    for digest in digests:
        kept = tx.heard_answer(*name, digest)
        if kept is not None:
            return kept, True
    answer = work()
    tx.keep_heard_answer(*name, digests[0], answer)
    return answer, False
