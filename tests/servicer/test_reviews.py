"""Review items: what waits for a person's judgement, and the judgement (inbound.proto)."""

from __future__ import annotations

from typing import Any

import grpc
import orjson
import pytest

from tests.servicer import tenants
from tests.servicer.answers import PHONE, Told, hear, records, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import after, record, say, yes
from tests.servicer.world import Caller, World

HERE, WIDE, CLIENT = tenants.DEPARTMENT, tenants.WIDE_DEPARTMENT, tenants.CLIENT
SUSPECTED, WIDER = 1, 2
OPT_OUT, NOT_AN_OPT_OUT, DISMISSED = 1, 2, 3
DOUBT = "please stop texting me"


def _doubt(caller: Caller, sender: str = HERE, **fields: Any) -> str:
    return str(say(caller, DOUBT, sender, **fields).review_item_id)


def _wider(caller: Caller, sender: str = HERE) -> str:
    say(caller, "STOP", WIDE)
    return str(say(caller, "START", sender).review_item_id)


def _ids(caller: Caller, **fields: Any) -> list[str]:
    return [item.id for item in caller.ListReviewItems(**fields).items]


def test_an_item_shows_what_a_person_needs_to_judge_it(world: World, writer: Caller, reader: Caller) -> None:
    answer = say(writer, DOUBT + "\u200f!")
    opened = world.clock.moment()
    world.clock.advance(90)
    (item,) = reader.ListReviewItems().items
    assert (item.id, item.kind, item.sender, item.body) == (answer.review_item_id, SUSPECTED, HERE, DOUBT + "\u200f!")
    assert (item.recipient.channel, item.recipient.address) == (1, PHONE)
    assert item.revision == answer.result.revision
    assert (item.create_time.ToMicroseconds(), item.age_seconds) == (opened, 90)
    assert (item.resolution, item.HasField("resolve_time")) == (0, False)


def test_an_item_of_an_event_without_a_text_shows_none(writer: Caller) -> None:
    hear(writer, HERE, "STOP_SUSPECTED_MESSAGE_RECEIVED")
    (item,) = writer.ListReviewItems().items
    assert (item.kind, item.body, item.recipient.address) == (SUSPECTED, "", PHONE)


def test_items_are_filtered_and_the_oldest_come_first(writer: Caller) -> None:
    first, second = _doubt(writer), _doubt(writer, CLIENT)
    third = _wider(writer, CLIENT)
    assert _ids(writer) == [first, second, third]
    assert _ids(writer, sender=CLIENT) == [second, third]
    assert _ids(writer, kind=WIDER) == [third]
    assert _ids(writer, sender=HERE, kind=WIDER) == []
    assert _ids(writer, sender=tenants.UNKNOWN) == []
    writer.ResolveReviewItem(id=third, resolution=DISMISSED)
    assert _ids(writer) == [first, second]
    assert _ids(writer, with_resolved=True) == [first, second, third]
    assert refused(writer.ListReviewItems, kind=9).violations == {"kind": "UNKNOWN_VALUE"}


def test_pages_hold_each_item_once(writer: Caller) -> None:
    made = [_doubt(writer, **{"from": f"+1650555000{number}"}) for number in range(5)]
    found, token = [], ""
    while True:
        page = writer.ListReviewItems(page_size=2, page_token=token)
        found += [item.id for item in page.items]
        token = page.next_page_token
        if not token:
            break
        assert "0001" not in token
        for other in ({"sender": HERE}, {"kind": 1}, {"with_resolved": True}):
            assert refused(writer.ListReviewItems, page_token=token, **other).reason == "INVALID_PAGE_TOKEN"
    assert found == made
    assert refused(writer.ListReviewItems, page_size=-1).violations == {"page_size": "OUT_OF_RANGE"}


def test_a_bound_credential_sees_and_judges_its_own_senders_items(
    world: World, writer: Caller, bound_writer: Caller, bound_reader: Caller
) -> None:
    own, other = _doubt(writer), _doubt(writer, tenants.BRAND)
    assert _ids(bound_reader) == [own]
    assert refused(bound_reader.ListReviewItems, sender=tenants.BRAND).reason == "SENDER_NOT_PERMITTED"
    before = world.contents()
    found = refused(bound_writer.ResolveReviewItem, id=other, resolution=OPT_OUT)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "REVIEW_ITEM_NOT_FOUND")
    assert refused(bound_reader.ResolveReviewItem, id=own, resolution=OPT_OUT).reason == "ROLE_INSUFFICIENT"
    assert world.contents() == before
    assert bound_writer.ResolveReviewItem(id=own, resolution=OPT_OUT).item.resolution == OPT_OUT


def test_an_item_of_another_tenant_is_none(writer: Caller, rival: Caller) -> None:
    item = _doubt(writer)
    assert _ids(rival, with_resolved=True) == []
    for each in (item, tenants.UNKNOWN_UUID):
        found = refused(rival.ResolveReviewItem, id=each, resolution=OPT_OUT)
        assert (found.reason, found.metadata) == ("REVIEW_ITEM_NOT_FOUND", {"review_item": each})


def test_what_was_a_no_is_the_recipients_from_when_it_was_said(world: World, writer: Caller) -> None:
    said = after(world, -60)
    item = _doubt(writer, receive_time=said)
    judged = writer.ResolveReviewItem(id=item, resolution=OPT_OUT, note="Ann, by phone").item
    assert (judged.resolution, judged.resolve_time.ToMicroseconds()) == (OPT_OUT, world.clock.moment())
    assert judged.body == DOUBT
    assert records(writer) == {HERE: Told("OPTED_OUT", lifted_by="RECIPIENT")}
    event = world.events(tenants.ACME)[-1]
    assert event.header.effective_time == said.ToMicroseconds()
    evidence = orjson.loads(event.payload or b"")["evidence"]
    assert (evidence["note"], evidence["review_item"]) == ("Ann, by phone", item)
    assert not record(writer, yes()).applied


def test_what_was_no_no_leaves_the_state(world: World, writer: Caller) -> None:
    record(writer, yes())
    item = _doubt(writer)
    assert verdict(writer, HERE) == "DENY OPT_OUT_SUSPECTED"
    world.clock.advance(60)
    assert writer.ResolveReviewItem(id=item, resolution=NOT_AN_OPT_OUT).item.age_seconds == 60
    world.clock.advance(60)
    (kept,) = writer.ListReviewItems(with_resolved=True).items
    assert kept.age_seconds == 60
    assert verdict(writer, HERE) == "ALLOW OPTED_IN"
    assert world.events(tenants.ACME)[-1].header.kind == "CLEAR"


def test_a_dismissed_start_changes_nothing(world: World, writer: Caller) -> None:
    item = _wider(writer)
    before = world.events(tenants.ACME)
    assert writer.ResolveReviewItem(id=item, resolution=DISMISSED).item.resolution == DISMISSED
    assert world.events(tenants.ACME) == before
    assert verdict(writer, HERE, "transactional") == "DENY OPTED_OUT"


@pytest.mark.parametrize(("make", "resolution"), [(_doubt, DISMISSED), (_wider, OPT_OUT), (_wider, NOT_AN_OPT_OUT)])
def test_each_kind_has_its_judgements(world: World, writer: Caller, make: Any, resolution: int) -> None:
    item = make(writer)
    before = world.contents()
    assert refused(writer.ResolveReviewItem, id=item, resolution=resolution).violations == {"resolution": "NOT_ALLOWED"}
    assert world.contents() == before


@pytest.mark.parametrize("resolution", [OPT_OUT, NOT_AN_OPT_OUT])
def test_a_judgement_is_made_once(world: World, writer: Caller, resolution: int) -> None:
    item = _doubt(writer)
    first = writer.ResolveReviewItem(id=item, resolution=resolution).item
    before = world.contents()
    world.clock.advance(60)
    assert writer.ResolveReviewItem(id=item, resolution=resolution, note="again").item == first
    found = refused(writer.ResolveReviewItem, id=item, resolution=3 - resolution)
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVIEW_ITEM_RESOLVED")
    assert found.metadata == {"review_item": item}
    assert world.contents() == before


def test_the_same_request_id_is_one_judgement(writer: Caller) -> None:
    item = _doubt(writer)
    request = {"id": item, "resolution": OPT_OUT, "request_id": "r"}
    assert writer.ResolveReviewItem(**request) == writer.ResolveReviewItem(**request)
    found = refused(writer.ResolveReviewItem, **{**request, "resolution": NOT_AN_OPT_OUT})
    assert found.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("fields", "violations"),
    [
        ({"id": ""}, {"id": "REQUIRED"}),
        ({"id": "item"}, {"id": "INVALID_FORMAT"}),
        ({"resolution": 0}, {"resolution": "REQUIRED"}),
        ({"resolution": 4}, {"resolution": "UNKNOWN_VALUE"}),
        ({"note": "x" * 1001}, {"note": "TOO_LONG"}),
    ],
    ids=str,
)
def test_what_a_judgement_needs(writer: Caller, fields: dict[str, Any], violations: dict[str, str]) -> None:
    item = _doubt(writer)
    request = {"id": item, "resolution": OPT_OUT, **fields}
    assert refused(writer.ResolveReviewItem, **request).violations == violations


@pytest.mark.parametrize("resolution", [OPT_OUT, NOT_AN_OPT_OUT])
def test_a_suspicion_newer_than_the_judged_one_stays(writer: Caller, resolution: int) -> None:
    older = _doubt(writer)
    _doubt(writer)
    writer.ResolveReviewItem(id=older, resolution=resolution)
    assert records(writer)[HERE].suspected
    assert verdict(writer, HERE, "transactional").startswith("DENY")


def test_a_suspicion_older_than_the_judged_one_waits_for_its_own_judgement(writer: Caller) -> None:
    """inbound.proto: "It may be a no: checks answer DENY until a person has judged it." """
    older, newer = _doubt(writer), _doubt(writer)
    writer.ResolveReviewItem(id=newer, resolution=NOT_AN_OPT_OUT)
    assert _ids(writer) == [older]
    assert verdict(writer, HERE, "transactional") == "DENY OPT_OUT_SUSPECTED"
    writer.ResolveReviewItem(id=older, resolution=NOT_AN_OPT_OUT)
    assert verdict(writer, HERE, "transactional") == "ALLOW ALLOWED_BY_RULE"


def test_a_yes_elsewhere_does_not_answer_a_suspicion_that_waits(writer: Caller) -> None:
    older, newer = _doubt(writer), _doubt(writer)
    say(writer, "START", CLIENT)
    writer.ResolveReviewItem(id=newer, resolution=NOT_AN_OPT_OUT)
    assert _ids(writer) == [older]
    assert verdict(writer, HERE, "transactional") == "DENY OPT_OUT_SUSPECTED"


def test_a_suspicion_that_the_recipient_answered_holds_no_newer_one(writer: Caller) -> None:
    _doubt(writer)
    say(writer, "START")
    newer = _doubt(writer)
    writer.ResolveReviewItem(id=newer, resolution=NOT_AN_OPT_OUT)
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"


def test_a_judged_no_does_not_undo_the_recipients_later_start(writer: Caller) -> None:
    item = _doubt(writer)
    say(writer, "START")
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"
    assert writer.ResolveReviewItem(id=item, resolution=OPT_OUT).item.resolution == OPT_OUT
    assert verdict(writer, HERE, "informational") == "ALLOW OPTED_IN"


def test_a_doubt_that_covers_the_tenant_is_judged_for_the_tenant(writer: Caller) -> None:
    item = _doubt(writer, WIDE)
    assert verdict(writer, CLIENT, "transactional") == "DENY OPT_OUT_SUSPECTED"
    writer.ResolveReviewItem(id=item, resolution=OPT_OUT)
    assert records(writer) == {"*": Told("OPTED_OUT", lifted_by="RECIPIENT")}
