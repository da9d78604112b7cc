"""Auto-response settings: the words that a Telnyx messaging profile hears, and its replies (WIRE, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.errors import FieldFault, InvalidField, NotFound, Violation
from server.domain.keywords import check_keywords, comparable
from server.domain.model import AutoResponse, Instant, Op, Principal, Scope, SenderKind
from server.storage.protocol import Snapshot, Transaction
from server.usecases import access
from server.usecases.countries import read_country_or_all
from server.usecases.pages import clamp_page_size
from server.usecases.settings import append_setting, auto_response_snapshot

SOURCE = "telnyx"
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 250


@dataclass(frozen=True, slots=True)
class Draft:
    """A setting as a caller describes it."""

    country_code: str
    keywords: tuple[str, ...]
    op: Op
    resp_text: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which settings to list; bounds are inclusive, None and the empty country ask for all."""

    country_code: str = ""
    created_from: Instant | None = None
    created_to: Instant | None = None
    updated_from: Instant | None = None
    updated_to: Instant | None = None

    def admits(self, setting: AutoResponse) -> bool:
        """Whether a setting is asked for."""
        return (
            self.country_code in ("", setting.country_code)
            and _within(setting.create_time, self.created_from, self.created_to)
            and _within(setting.update_time, self.updated_from, self.updated_to)
        )


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """One page of settings; pages are numbered from 1."""

    settings: Sequence[AutoResponse]
    number: int
    size: int
    total_pages: int
    total_results: int


def _within(moment: Instant, start: Instant | None, end: Instant | None) -> bool:
    return (start is None or moment >= start) and (end is None or moment <= end)


def list_auto_responses(
    snapshot: Snapshot, principal: Principal, profile_id: str, wanted: Filter, page_number: int, page_size: int
) -> NumberedPage:
    """List a profile's settings, newest first. Raises NotFound or SenderNotPermitted."""
    access.find_sender(snapshot, principal, profile_id, SenderKind.MESSAGING_PROFILE)
    found = [setting for setting in snapshot.auto_responses(profile_id) if wanted.admits(setting)]
    size = clamp_page_size(page_size, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    number = page_number or 1
    start = (number - 1) * size
    return NumberedPage(found[start : start + size], number, size, -(-len(found) // size), len(found))


def get_auto_response(snapshot: Snapshot, principal: Principal, profile_id: str, setting_id: str) -> AutoResponse:
    """Find one setting. Raises NotFound or SenderNotPermitted."""
    access.find_sender(snapshot, principal, profile_id, SenderKind.MESSAGING_PROFILE)
    return _find(snapshot.auto_responses(profile_id), setting_id)


def create_auto_response(tx: Transaction, principal: Principal, profile_id: str, draft: Draft) -> AutoResponse:
    """Make a setting. Raises InvalidField, KeywordReserved, KeywordTaken, NotFound or SenderNotPermitted."""
    access.permit_sender(principal, profile_id)
    country_code = _read(draft)
    access.find_sender(tx, principal, profile_id, SenderKind.MESSAGING_PROFILE)
    check_keywords(draft.keywords, draft.op, country_code, tx.auto_responses(profile_id))
    setting = AutoResponse(tx.new_id(), country_code, draft.keywords, draft.op, draft.resp_text, tx.now, tx.now)
    _write(tx, principal, profile_id, None, setting)
    return setting


def replace_auto_response(
    tx: Transaction, principal: Principal, profile_id: str, setting_id: str, draft: Draft
) -> AutoResponse:
    """Replace one setting whole. Raises as `create_auto_response`."""
    access.permit_sender(principal, profile_id)
    country_code = _read(draft)
    access.find_sender(tx, principal, profile_id, SenderKind.MESSAGING_PROFILE)
    settings = tx.auto_responses(profile_id)
    before = _find(settings, setting_id)
    others = [setting for setting in settings if setting.id != before.id]
    check_keywords(draft.keywords, draft.op, country_code, others)
    after = AutoResponse(before.id, country_code, draft.keywords, draft.op, draft.resp_text, before.create_time, tx.now)
    _write(tx, principal, profile_id, before, after)
    return after


def delete_auto_response(tx: Transaction, principal: Principal, profile_id: str, setting_id: str) -> None:
    """Delete one setting. Raises NotFound or SenderNotPermitted."""
    setting = get_auto_response(tx, principal, profile_id, setting_id)
    _write(tx, principal, profile_id, setting, None)


def _read(draft: Draft) -> str:
    """The country code in its standard form. Raises InvalidField, also for a keyword with no letter or digit."""
    for index, keyword in enumerate(draft.keywords):
        if not comparable(keyword):
            description = "holds no letter and no digit, so no message could match it"
            raise InvalidField(Violation(f"keywords[{index}]", FieldFault.INVALID_FORMAT, description))
    return read_country_or_all(draft.country_code, "country_code")


def _find(settings: Sequence[AutoResponse], setting_id: str) -> AutoResponse:
    for setting in settings:
        if setting.id == setting_id.lower():
            return setting
    raise NotFound("AUTO_RESPONSE", setting_id)


def _write(
    tx: Transaction, principal: Principal, profile_id: str, before: AutoResponse | None, after: AutoResponse | None
) -> None:
    if after is not None:
        tx.put_auto_response(profile_id, after)
    elif before is not None:
        tx.delete_auto_response(profile_id, before.id)
    told = auto_response_snapshot(before), auto_response_snapshot(after)
    append_setting(tx, principal, SOURCE, *told, Scope(sender=profile_id))
