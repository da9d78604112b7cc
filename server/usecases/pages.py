"""Pages by AIP-158: opaque tokens, signed and bound to the question, with nothing personal inside."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from server.domain.errors import InvalidPageToken
from server.domain.service_key import ServiceKeys

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
_LABEL = "page token"
_MAC_LENGTH = 16

Position = list[str | int]


def clamp_page_size(requested: int, default: int = DEFAULT_PAGE_SIZE, maximum: int = MAX_PAGE_SIZE) -> int:
    """The page size that is served: 0 means the default, too large means the maximum."""
    return min(requested or default, maximum)


@dataclass(frozen=True, slots=True)
class PageTokens:
    """Seals and opens positions. `question` is whatever must be the same on every page: method, tenant, filters."""

    keys: ServiceKeys

    def seal(self, question: Sequence[object], position: Position) -> str:
        """Make the token that continues `question` after `position`."""
        body = orjson.dumps(position)
        mac = self.keys.current.digest(_LABEL, _bound(question, body))[:_MAC_LENGTH]
        return base64.urlsafe_b64encode(mac + body).decode().rstrip("=")

    def open(self, question: Sequence[object], token: str) -> Position | None:
        """Read a token; None for the empty one, which asks for the first page. Raises InvalidPageToken."""
        if not token:
            return None
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidPageToken from error
        mac, body = sealed[:_MAC_LENGTH], sealed[_MAC_LENGTH:]
        known = (digest[:_MAC_LENGTH] for digest in self.keys.digests(_LABEL, _bound(question, body)))
        if not any(hmac.compare_digest(mac, expected) for expected in known):
            raise InvalidPageToken
        position: Position = orjson.loads(body)
        return position


def _bound(question: Sequence[object], body: bytes) -> bytes:
    return orjson.dumps([str(part) for part in question]) + b"\n" + body
