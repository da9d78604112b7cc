"""Reply permits: signed by the service key, bound to tenant, sender, recipient and message, for five minutes.

Stateless: nothing is stored of them, and nothing personal is inside (a recipient is its random id).
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.errors import InvalidPageToken, InvalidReplyPermit
from server.domain.model import Instant
from server.domain.policy import Permit
from server.usecases.pages import PageTokens

LIFETIME: Instant = 5 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class ReplyPermits:
    """Issues and verifies permits."""

    tokens: PageTokens

    def issue(
        self, tenant_id: int, sender_id: str, recipient_id: int, message_id: str, revision: int, now: Instant
    ) -> tuple[str, Permit]:
        """Make a permit that holds against every no up to `revision`."""
        permit = Permit(revision, now + LIFETIME)
        position: list[str | int] = [permit.revision, permit.expire_time, message_id]
        return self.tokens.seal(_question(tenant_id, sender_id, recipient_id), position), permit

    def verify(self, text: str, tenant_id: int, sender_id: str, recipient_id: int | None, now: Instant) -> Permit:
        """Read a permit. Raises InvalidReplyPermit."""
        if recipient_id is None:
            raise InvalidReplyPermit
        try:
            position = self.tokens.open(_question(tenant_id, sender_id, recipient_id), text)
        except InvalidPageToken as error:
            raise InvalidReplyPermit from error
        if position is None or now >= int(position[1]):
            raise InvalidReplyPermit
        return Permit(int(position[0]), int(position[1]))


def _question(tenant_id: int, sender_id: str, recipient_id: int) -> tuple[object, ...]:
    return ("reply permit", tenant_id, sender_id, recipient_id)
