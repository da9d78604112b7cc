"""ListMessagingOptOuts: the numbers that opted out of messaging profiles (WIRE, section 3)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import PHONE, VOICE
from tests.servicer.refusals import refused
from tests.servicer.said import BUSINESS, RECIPIENT, after, no, record, say, yes
from tests.servicer.world import Caller, World

HERE, OTHER, WIDE = tenants.PROFILE, tenants.OTHER_PROFILE, tenants.WIDE_DEPARTMENT


def _list(caller: Caller, **fields: Any) -> list[tuple[str, str]]:
    """Who opted out of which profile."""
    data = caller.ListMessagingOptOuts(**fields).data
    return [(getattr(each, "from"), each.messaging_profile_id) for each in data]


def _numbered(number: int) -> str:
    return f"+165055500{number:02d}"


def test_a_stop_is_listed_with_its_word_and_the_number_it_was_sent_to(world: World, writer: Caller) -> None:
    say(writer, "Stop all!", HERE, to="+18005550199")
    (found,) = writer.ListMessagingOptOuts().data
    assert (getattr(found, "from"), found.to, found.messaging_profile_id) == (PHONE, "+18005550199", HERE)
    assert (found.keyword, found.created_at.ToMicroseconds()) == ("STOP ALL", world.clock.moment() - 1000)


def test_a_settings_word_is_told_as_it_was_set(writer: Caller) -> None:
    say(writer, "hush", HERE)
    assert writer.ListMessagingOptOuts().data[0].keyword == "HUSH"


def test_a_no_that_was_no_message_has_no_word(writer: Caller) -> None:
    record(writer, no(HERE))
    (found,) = writer.ListMessagingOptOuts().data
    assert (found.keyword, found.to) == ("", "")


def test_only_noes_that_stand_are_listed_and_only_of_profiles_and_of_all(writer: Caller) -> None:
    record(writer, no(HERE, address=_numbered(1)))
    record(writer, no(HERE, address=_numbered(2)))
    record(writer, yes(HERE, actor=RECIPIENT, address=_numbered(2)))
    record(writer, no(tenants.CLIENT, address=_numbered(3)))
    record(writer, no(HERE, address=_numbered(4), channel=VOICE))
    record(writer, no(OTHER, address=_numbered(5), actor=BUSINESS))
    say(writer, "please stop texting me", HERE, **{"from": _numbered(6)})
    say(writer, "STOP", WIDE, **{"from": _numbered(7)})
    assert _list(writer) == [(_numbered(7), ""), (_numbered(5), OTHER), (_numbered(1), HERE)]


def test_a_profile_has_its_own_and_not_the_tenant_wide(writer: Caller) -> None:
    """WIRE: "the profile's records, and tenant-wide ones with a null profile only when unfiltered"."""
    record(writer, no(HERE))
    record(writer, no(OTHER))
    record(writer, no("*"))
    assert _list(writer, messaging_profile_id=HERE) == [(PHONE, HERE)]
    assert _list(writer) == [(PHONE, ""), (PHONE, OTHER), (PHONE, HERE)]


def test_numbers_are_found_in_any_usual_form(writer: Caller) -> None:
    record(writer, no(HERE))
    record(writer, no(HERE, address=_numbered(1)))
    assert _list(writer, **{"from": "(650) 555-1234"}) == [(PHONE, HERE)]
    assert _list(writer, **{"from": _numbered(2)}) == []
    assert refused(_list, writer, **{"from": "12"}).violations == {"from": "INVALID_FORMAT"}


def test_the_bounds_of_times_are_inclusive(world: World, writer: Caller) -> None:
    moments = [after(world, seconds) for seconds in (-30, -20, -10)]
    for number, moment in enumerate(moments):
        record(writer, no(HERE, address=_numbered(number), effective_time=moment))
    second, newest_first = moments[1], [_numbered(2), _numbered(1), _numbered(0)]
    assert [each for each, _ in _list(writer)] == newest_first
    assert [each for each, _ in _list(writer, created_at_gte=second)] == newest_first[:2]
    assert [each for each, _ in _list(writer, created_at_lte=second)] == newest_first[1:]
    assert [each for each, _ in _list(writer, created_at_gte=second, created_at_lte=second)] == [_numbered(1)]
    assert _list(writer, created_at_gte=moments[2], created_at_lte=moments[0]) == []


@pytest.mark.parametrize(("count", "pages"), [(0, 0), (20, 1), (21, 2)])
def test_pages_are_numbered_from_one(writer: Caller, count: int, pages: int) -> None:
    if count:
        writer.BatchRecordConsents(statements=[no(HERE, address=_numbered(number)) for number in range(count)])
    found = []
    for number in range(1, pages + 1):
        answer = writer.ListMessagingOptOuts(page_number=number)
        found += [getattr(each, "from") for each in answer.data]
        meta = answer.meta
        assert (meta.page_number, meta.page_size, meta.total_pages, meta.total_results) == (number, 20, pages, count)
    assert sorted(found) == [_numbered(number) for number in range(count)]
    beyond = writer.ListMessagingOptOuts(page_number=pages + 1)
    assert (len(beyond.data), beyond.meta.total_results, beyond.meta.total_pages) == (0, count, pages)


def test_pages_have_a_largest_size_and_none_below_nought(reader: Caller) -> None:
    assert reader.ListMessagingOptOuts(page_size=251).meta.page_size == 250
    assert reader.ListMessagingOptOuts(page_number=2**31 - 1, page_size=250).meta.page_number == 2**31 - 1
    for field in ("page_number", "page_size"):
        assert refused(reader.ListMessagingOptOuts, **{field: -1}).violations == {field: "OUT_OF_RANGE"}


def test_all_but_the_last_four_digits_are_hidden_where_that_is_asked(writer: Caller) -> None:
    say(writer, "STOP", HERE, to="+18005550199")
    answer = writer.ListMessagingOptOuts(redaction_enabled=True)
    (found,) = answer.data
    assert (getattr(found, "from"), found.to) == ("+*******1234", "+*******0199")
    assert "650555" not in str(answer)


def test_a_bound_credential_sees_its_own_profiles_and_the_tenant_wide(writer: Caller, bound_reader: Caller) -> None:
    for sender in (HERE, OTHER, "*"):
        record(writer, no(sender))
    assert _list(bound_reader) == [(PHONE, ""), (PHONE, HERE)]
    assert _list(bound_reader, messaging_profile_id=HERE) == [(PHONE, HERE)]
    for profile in (OTHER, tenants.UNKNOWN):
        assert refused(_list, bound_reader, messaging_profile_id=profile).reason == "SENDER_NOT_PERMITTED"


def test_a_profile_is_found_by_its_kind_and_tenant(writer: Caller, rival: Caller) -> None:
    record(writer, no(HERE))
    assert _list(rival) == []
    for profile in (tenants.UNKNOWN, tenants.CLIENT, tenants.RIVAL_PROFILE):
        found = refused(_list, writer, messaging_profile_id=profile)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")


def test_a_forgotten_number_is_not_told(writer: Caller, admin: Caller) -> None:
    say(writer, "STOP", HERE)
    admin.ForgetRecipient(recipient={"channel": 1, "address": PHONE}, reason="request 7")
    answer = writer.ListMessagingOptOuts()
    assert "erased" not in str(answer)
    assert PHONE not in str(answer)
