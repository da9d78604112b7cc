"""What the four vendors' reads answer, as rows of this service's own columns.

An item is one object of an answer; `pages` takes answers apart. A vendor's `*`: every purpose. What an item does not
tell, the command's defaults must.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.cli.output import plain
from server.cli.statement_rows import KNOWN, RowRefused
from server.domain.model import ALL

Values = dict[str, str]
_NORTH_AMERICAN = re.compile(r"1?[0-9]{10}", re.ASCII)
_RELAY_TYPES = {
    "written": {"state": "OPTED_IN", "strength": "EXPRESS_WRITTEN"},
    "express": {"state": "OPTED_IN", "strength": "EXPRESS"},
    "stop": {"state": "OPTED_OUT"},
}
_MYKAARMA_CHANNELS = {"TEXT": "SMS", "EMAIL": "EMAIL", "VOICE_CALL": "VOICE"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a vendor's answers are read: where a page has its items, and what an item says; None where nothing."""

    page: str
    read: Callable[[Mapping[str, Any]], Values | None]

    def items(self, answer: object) -> Iterator[object]:
        """The items of an answer: a page of them, a list, or one."""
        if isinstance(answer, dict) and self.page in answer:
            answer = answer[self.page]
        if isinstance(answer, list):
            yield from answer
        else:
            yield answer


def _read_own(item: Mapping[str, Any]) -> Values:
    """Read an object whose members are named as the columns; a name that is misspelt would go unheard."""
    unknown = sorted(set(item) - KNOWN)
    if unknown:
        raise RowRefused(f"{plain(unknown[0])[:64]}: is no known column")
    return {name: _text(item, name) for name in item}


def _read_telnyx(item: Mapping[str, Any]) -> Values:
    """An item of GET /messaging_optouts; one without a profile covers every sender."""
    return {
        "channel": "SMS",
        "address": _text(item, "from"),
        "sender": _text(item, "messaging_profile_id") or ALL,
        "purpose": ALL,
        "state": "OPTED_OUT",
        "effective_time": _text(item, "created_at"),
    }


def _read_relay(item: Mapping[str, Any]) -> Values:
    """A consent, as the update and its reads answer it."""
    number = _text(item, "channel_addr")
    if _text(item, "channel_type") not in ("", "sms"):
        raise RowRefused("channel_type: must be sms")
    if not _NORTH_AMERICAN.fullmatch(number):
        raise RowRefused("channel_addr: must be a North American number of 10 digits, or 11 with the leading 1")
    said = _RELAY_TYPES.get(_text(item, "consent_type"))
    if said is None:
        raise RowRefused("consent_type: must be written, express or stop")
    return {
        "channel": "SMS",
        "address": f"+1{number[-10:]}",
        "sender": _text(item, "client_id"),
        "purpose": ALL,
        "effective_time": _text(item, "updated_at") or _text(item, "created_at"),
        **said,
    }


def _read_mykaarma(item: Mapping[str, Any]) -> Values | None:
    """An entry of optOutStatusList. OPTED_IN without a time is what nobody ever said: there is no yes behind it."""
    communication, status = _object(item, "communication"), _object(item, "optOutStatus")
    channel = _MYKAARMA_CHANNELS.get(_text(communication, "communicationType"))
    if channel is None:
        raise RowRefused("communicationType: must be TEXT, EMAIL or VOICE_CALL")
    state, time = _text(status, "optOutState"), _text(status, "timeOfChange")
    if state not in ("OPTED_IN", "OPTED_OUT"):
        raise RowRefused("optOutState: must be OPTED_IN or OPTED_OUT")
    if state == "OPTED_IN" and not time:
        return None
    return {
        "channel": channel,
        "address": _text(communication, "communicationValue"),
        "purpose": ALL,
        "state": state,
        "effective_time": time,
    }


def _read_himarley(item: Mapping[str, Any]) -> Values | None:
    """A customer. `optStatus` true is the absence of a no, and no yes."""
    status = item.get("optStatus")
    if not isinstance(status, bool):
        raise RowRefused("optStatus: must be true or false")
    if status:
        return None
    number = _text(item, "mobile")
    return {
        "channel": "SMS",
        "address": number,
        "sender": ALL,
        "purpose": ALL,
        "state": "OPTED_OUT",
    }


def _text(item: Mapping[str, Any], name: str) -> str:
    match item.get(name):
        case None:
            return ""
        case str(value):
            return value.strip()
        case bool(value):
            return str(value).lower()
        case int(value):
            return str(value)
        case _:
            raise RowRefused(f"{name}: must be text")


def _object(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = item.get(name)
    if not isinstance(found, dict):
        raise RowRefused(f"{name}: must be an object")
    return found


OWN = Shape("", _read_own)
SHAPES = {
    "own": OWN,
    "telnyx": Shape("data", _read_telnyx),
    "himarley": Shape("users", _read_himarley),
    "mykaarma": Shape("optOutStatusList", _read_mykaarma),
    "relay": Shape("consent", _read_relay),
}
