"""Auto-response settings: made, read, replaced and deleted as Telnyx documents it (WIRE, section 3)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.servicer import tenants
from tests.servicer.auto_responses import INFO, PROFILE, START, STOP, create, get, replace
from tests.servicer.refusals import refused
from tests.servicer.world import Caller, World

OTHER_PROFILE = tenants.OTHER_PROFILE


def listed(caller: Caller, **fields: Any) -> list[str]:
    """The first keyword of each setting that is listed."""
    return [setting.keywords[0] for setting in caller.ListAutoResponses(profile_id=PROFILE, **fields).data]


@pytest.mark.parametrize("op", [START, STOP, INFO])
@pytest.mark.parametrize("country", ["US", "*", "GB"])
def test_a_setting_is_answered_as_it_was_given(writer: Caller, op: int, country: str) -> None:
    made = create(writer, "Pause Now", "pàusé!", op=op, country=country, resp_text="Done.")
    assert str(uuid.UUID(made.id)) == made.id
    assert (list(made.keywords), made.op, made.country_code) == (["Pause Now", "pàusé!"], op, country)
    assert made.resp_text == "Done."
    assert made.created_at == made.updated_at
    assert get(writer, made.id) == get(writer, made.id.upper()) == made


def test_a_reply_may_be_absent_and_may_be_empty(writer: Caller) -> None:
    assert not create(writer, "absent").HasField("resp_text")
    empty = create(writer, "empty", resp_text="")
    assert empty.HasField("resp_text")
    assert get(writer, empty.id).HasField("resp_text")


def test_a_country_is_read_in_either_case(writer: Caller) -> None:
    assert create(writer, "PAUSE", country="gb").country_code == "GB"
    assert listed(writer, country_code="gb") == ["PAUSE"]


@pytest.mark.parametrize("country", ["U", "ZZ", "**", "1A", " U", "UK"])
def test_what_is_no_country_is_refused(world: World, writer: Caller, country: str) -> None:
    before = world.contents()
    assert refused(create, writer, "PAUSE", country=country).violations == {"country_code": "INVALID_FORMAT"}
    refused(replace, writer, tenants.AUTO_RESPONSE, "PAUSE", country=country)
    assert world.contents() == before


def test_a_replacement_replaces_all_and_keeps_the_id_and_the_birth(world: World, writer: Caller) -> None:
    made = create(writer, "PAUSE", "REST", resp_text="Done.")
    world.clock.advance(60)
    new = replace(writer, made.id, "WAKE", op=START, country="*")
    assert (new.id, new.created_at) == (made.id, made.created_at)
    assert (list(new.keywords), new.op, new.country_code) == (["WAKE"], START, "*")
    assert not new.HasField("resp_text")
    assert new.updated_at.ToMicroseconds() >= made.updated_at.ToMicroseconds() + 60_000_000
    assert get(writer, made.id) == new


def test_a_deleted_setting_is_gone(world: World, writer: Caller) -> None:
    made = create(writer, "PAUSE")
    writer.DeleteAutoResponse(profile_id=PROFILE, autoresp_cfg_id=made.id.upper())
    for call in (get, lambda caller, setting: replace(caller, setting, "REST")):
        found = refused(call, writer, made.id)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "AUTO_RESPONSE_NOT_FOUND")
        assert found.metadata == {"auto_response": made.id}
    before = world.contents()
    again = refused(writer.DeleteAutoResponse, profile_id=PROFILE, autoresp_cfg_id=made.id)
    assert again.reason == "AUTO_RESPONSE_NOT_FOUND"
    assert world.contents() == before


def test_a_setting_is_found_in_its_own_profile_only(writer: Caller) -> None:
    made = create(writer, "PAUSE")
    assert refused(get, writer, made.id, OTHER_PROFILE).reason == "AUTO_RESPONSE_NOT_FOUND"
    assert refused(writer.DeleteAutoResponse, profile_id=OTHER_PROFILE, autoresp_cfg_id=made.id).reason == (
        "AUTO_RESPONSE_NOT_FOUND"
    )
    assert get(writer, made.id) == made


@pytest.mark.parametrize("profile", [tenants.UNKNOWN, tenants.CLIENT, tenants.DEPARTMENT, tenants.RIVAL_PROFILE])
def test_only_a_registered_profile_is_found(writer: Caller, profile: str) -> None:
    for call in (
        lambda: create(writer, "PAUSE", profile=profile),
        lambda: get(writer, tenants.AUTO_RESPONSE, profile),
        lambda: writer.ListAutoResponses(profile_id=profile),
    ):
        found = refused(call)
        assert (found.reason, found.metadata) == ("SENDER_NOT_FOUND", {"sender": profile})


def test_each_change_is_one_event_of_the_ledger(world: World, writer: Caller) -> None:
    before = len(world.events(tenants.ACME))
    made = create(writer, "PAUSE")
    replace(writer, made.id, "REST")
    writer.DeleteAutoResponse(profile_id=PROFILE, autoresp_cfg_id=made.id)
    events = [event.header for event in world.events(tenants.ACME)[before:]]
    assert [(event.kind, event.scope.sender, event.source) for event in events] == [("SETTING", PROFILE, "telnyx")] * 3
    told = [json.loads(event.after).get("keywords") for event in events]
    assert told == [["PAUSE"], ["REST"], None]


def _seed(world: World, writer: Caller, count: int = 5) -> list[Any]:
    """Settings K0 … that are a minute apart; the template's own is deleted."""
    writer.DeleteAutoResponse(profile_id=PROFILE, autoresp_cfg_id=tenants.AUTO_RESPONSE)
    made = []
    for number in range(count):
        world.clock.advance(60)
        made.append(create(writer, f"K{number}", country="US" if number % 2 else "*"))
    return made


def test_settings_are_listed_newest_first(world: World, writer: Caller, reader: Caller) -> None:
    made = _seed(world, writer)
    replace(writer, made[0].id, "K0", country="*")
    assert listed(reader) == ["K4", "K3", "K2", "K1", "K0"]


def test_settings_are_filtered_by_country_and_the_star_is_a_country(world: World, writer: Caller) -> None:
    _seed(world, writer)
    assert listed(writer, country_code="US") == ["K3", "K1"]
    assert listed(writer, country_code="*") == ["K4", "K2", "K0"]
    assert listed(writer, country_code="GB") == []


@pytest.mark.parametrize("side", ["created_at", "updated_at"])
def test_the_bounds_of_times_are_inclusive(world: World, writer: Caller, side: str) -> None:
    made = _seed(world, writer)
    second, fourth = (getattr(made[index], side) for index in (1, 3))
    assert listed(writer, **{f"{side}_gte": second}) == ["K4", "K3", "K2", "K1"]
    assert listed(writer, **{f"{side}_lte": second}) == ["K1", "K0"]
    assert listed(writer, **{f"{side}_gte": second, f"{side}_lte": fourth}) == ["K3", "K2", "K1"]
    assert listed(writer, **{f"{side}_gte": fourth, f"{side}_lte": second}) == []
    later = Timestamp(seconds=second.seconds, nanos=second.nanos + 1000)
    assert listed(writer, **{f"{side}_gte": later}) == ["K4", "K3", "K2"]


def test_created_and_updated_are_told_apart(world: World, writer: Caller) -> None:
    made = _seed(world, writer)
    world.clock.advance(60)
    replaced = replace(writer, made[0].id, "K0", country="*")
    assert listed(writer, updated_at_gte=replaced.updated_at) == ["K0"]
    assert listed(writer, created_at_gte=replaced.updated_at) == []


def _meta(answer: Any) -> tuple[int, int, int, int]:
    meta = answer.meta
    return (meta.page_number, meta.page_size, meta.total_pages, meta.total_results)


def test_pages_are_numbered_from_one(world: World, writer: Caller) -> None:
    _seed(world, writer)
    pages = [writer.ListAutoResponses(profile_id=PROFILE, page_number=n, page_size=2) for n in (1, 2, 3, 4)]
    assert [[s.keywords[0] for s in page.data] for page in pages] == [["K4", "K3"], ["K2", "K1"], ["K0"], []]
    assert [_meta(page) for page in pages] == [(n, 2, 3, 5) for n in (1, 2, 3, 4)]


def test_pages_have_a_default_size_and_a_largest(world: World, writer: Caller) -> None:
    _seed(world, writer, 21)
    first = writer.ListAutoResponses(profile_id=PROFILE)
    assert (len(first.data), _meta(first)) == (20, (1, 20, 2, 21))
    clamped = writer.ListAutoResponses(profile_id=PROFILE, page_size=2**31 - 1)
    assert (len(clamped.data), _meta(clamped)) == (21, (1, 250, 1, 21))
    far = writer.ListAutoResponses(profile_id=PROFILE, page_number=2**31 - 1, page_size=2**31 - 1)
    assert (len(far.data), far.meta.total_results) == (0, 21)


def test_nothing_to_list_is_no_page(writer: Caller) -> None:
    answer = writer.ListAutoResponses(profile_id=PROFILE, country_code="FR")
    assert (len(answer.data), _meta(answer)) == (0, (1, 20, 0, 0))


@pytest.mark.parametrize("field", ["page_number", "page_size"])
def test_a_negative_page_is_refused(writer: Caller, field: str) -> None:
    found = refused(writer.ListAutoResponses, profile_id=PROFILE, **{field: -1})
    assert found.violations == {field: "OUT_OF_RANGE"}
