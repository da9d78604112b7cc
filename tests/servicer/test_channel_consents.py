"""BatchUpdateChannelConsents: Relay's bulk update (WIRE, section 2)."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.servicer import tenants
from tests.servicer.answers import EXPRESS, STOP, WRITTEN, Told, records, verdict
from tests.servicer.refusals import refused
from tests.servicer.said import PROTECTED, WIDER, no, record
from tests.servicer.world import Caller, World

CLIENT = tenants.CLIENT


def _item(address: str, consent_type: int = EXPRESS, **fields: Any) -> dict[str, Any]:
    return {"channel_addr": address, "channel_type": 1, "consent_type": consent_type, **fields}


def _all(caller: Caller, *batch: Any, client: str = CLIENT, **fields: Any) -> Any:
    return caller.BatchUpdateChannelConsents(client_id=client, batch=batch, **fields).results


def test_each_number_is_answered_as_the_single_update_answers_it(world: World, writer: Caller) -> None:
    results = _all(writer, _item("6505550001", WRITTEN), _item("16505550002"), _item("6505550003", STOP))
    assert [each.consent.channel_addr for each in results] == ["6505550001", "16505550002", "6505550003"]
    assert [each.consent.consent_type for each in results] == [WRITTEN, EXPRESS, STOP]
    assert all(each.applied and each.consent.client_id == CLIENT for each in results)
    assert verdict(writer, CLIENT, "marketing", "+16505550001") == "ALLOW OPTED_IN"
    assert verdict(writer, CLIENT, "informational", "+16505550002") == "ALLOW OPTED_IN"
    assert records(writer, "+16505550003") == {CLIENT: Told("OPTED_OUT", lifted_by="BUSINESS", actor="BUSINESS")}
    world.clock.advance(1)
    again = writer.UpdateChannelConsent(client_id=CLIENT, **_item("16505550002"))
    assert (again.consent.created_at, again.consent.consent_type) == (results[1].consent.created_at, EXPRESS)


def test_a_protected_number_is_answered_by_itself(writer: Caller) -> None:
    record(writer, no(CLIENT, address="6505550001"))
    record(writer, no("*", address="6505550002"))
    record(writer, no(tenants.DEPARTMENT, address="6505550003"))
    results = _all(writer, *(_item(f"650555000{number}") for number in range(1, 5)))
    assert [each.applied for each in results] == [False, False, True, True]
    assert [each.not_applied_reason for each in results] == [PROTECTED, WIDER, 0, 0]
    assert [each.consent.consent_type for each in results] == [STOP, STOP, EXPRESS, EXPRESS]
    assert verdict(writer, CLIENT, "transactional", "+16505550001") == "DENY OPTED_OUT"


@pytest.mark.parametrize(
    ("bad", "violations"),
    [
        (_item("650555000"), {"batch[1].channel_addr": "INVALID_FORMAT"}),
        (_item("+16505550009"), {"batch[1].channel_addr": "INVALID_FORMAT"}),
        (_item("26505550009"), {"batch[1].channel_addr": "INVALID_FORMAT"}),
        (_item("６５０５５５０００９"), {"batch[1].channel_addr": "INVALID_FORMAT"}),
        (_item(""), {"batch[1].channel_addr": "REQUIRED"}),
        (_item("1" * 33), {"batch[1].channel_addr": "TOO_LONG"}),
        (_item("6505550001"), {"batch[1].channel_addr": "NOT_ALLOWED"}),
        (_item("16505550001"), {"batch[1].channel_addr": "NOT_ALLOWED"}),
        (_item("6505550009", 0), {"batch[1].consent_type": "REQUIRED"}),
        (_item("6505550009", 4), {"batch[1].consent_type": "UNKNOWN_VALUE"}),
        (_item("6505550009", channel_type=0), {"batch[1].channel_type": "REQUIRED"}),
        (_item("6505550009", channel_type=2), {"batch[1].channel_type": "UNKNOWN_VALUE"}),
    ],
    ids=str,
)
def test_one_wrong_number_refuses_all(
    world: World, writer: Caller, bad: dict[str, Any], violations: dict[str, str]
) -> None:
    before = world.contents()
    found = refused(_all, writer, _item("6505550001"), bad, _item("6505550002"))
    assert (found.code, found.violations) == (grpc.StatusCode.INVALID_ARGUMENT, violations)
    assert world.contents() == before


def test_every_wrong_number_is_named(writer: Caller) -> None:
    batch = [_item("1"), _item("6505550001"), _item("2"), _item("6505550001")]
    assert list(refused(_all, writer, *batch).violations) == [
        *("batch[0].channel_addr", "batch[2].channel_addr", "batch[3].channel_addr"),
    ]


def test_a_batch_holds_one_to_two_hundred(writer: Caller) -> None:
    many = [_item(f"{6_505_550_000 + number}") for number in range(201)]
    assert refused(_all, writer).violations == {"batch": "REQUIRED"}
    assert refused(_all, writer, *many).violations == {"batch": "TOO_MANY"}
    assert len(_all(writer, *many[:200])) == 200


def test_only_a_client_that_the_caller_may_use(world: World, writer: Caller, bound_writer: Caller) -> None:
    before = world.contents()
    for client in (tenants.UNKNOWN, tenants.BRAND, tenants.RIVAL_CLIENT):
        found = refused(_all, writer, _item("6505550001"), client=client)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "SENDER_NOT_FOUND")
    for client in (tenants.OTHER_CLIENT, tenants.UNKNOWN):
        assert refused(_all, bound_writer, _item("6505550001"), client=client).reason == "SENDER_NOT_PERMITTED"
    assert world.contents() == before


def test_one_request_id_is_one_batch(world: World, writer: Caller) -> None:
    first = _all(writer, _item("6505550001"), request_id="r")
    before = world.contents()
    assert _all(writer, _item("6505550001"), request_id="r") == first
    assert refused(_all, writer, _item("6505550001", STOP), request_id="r").reason == "REQUEST_ID_REUSED"
    assert world.contents() == before
