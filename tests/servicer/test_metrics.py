"""What calls count: every verdict that was answered, whichever way it was found."""

from __future__ import annotations

from typing import Any

import pytest

from server.api.figures import FigureMonitor
from tests.servicer import tenants
from tests.servicer.refusals import refused
from tests.servicer.said import no, record, say
from tests.servicer.world import Caller, World

ASKED = {"sender": tenants.DEPARTMENT, "recipient": {"channel": 1, "address": "+16505550001"}}
BATCH = {"sender": tenants.DEPARTMENT, "purpose": "transactional", "channels": [1]}
COUNTED = {("ALLOW", "ALLOWED_BY_RULE"): 1, ("DENY", "OPTED_OUT"): 2, ("DENY", "INVALID_RECIPIENT"): 1}


def _verdicts(world: World) -> dict[tuple[str, str], float]:
    told = world.metrics.report()["consent_verdicts"].items()
    return {(verdict, reason): count for (verdict, reason), (count,) in told if count}


def test_all_reasons_are_told_before_any_was_answered(world: World) -> None:
    assert len(world.metrics.report()["consent_verdicts"]) == 10
    assert not _verdicts(world)


@pytest.mark.parametrize("purposes", [["transactional"], ["marketing", "transactional"]], ids=len)
def test_each_verdict_of_a_check_is_counted_by_its_reason(
    world: World, reader: Caller, writer: Caller, purposes: list[str]
) -> None:
    reader.CheckConsent(**ASKED, purposes=["transactional"])
    record(writer, no(address="+16505550001"))
    reader.CheckConsent(**ASKED, purposes=purposes)
    refused(reader.CheckConsent, **ASKED, purposes=["unheard-of"])
    assert _verdicts(world) == {("ALLOW", "ALLOWED_BY_RULE"): 1, ("DENY", "OPTED_OUT"): len(purposes)}


@pytest.mark.parametrize("details", [{}, {"with_details": True}], ids=["packed", "detailed"])
def test_each_verdict_of_a_batch_is_counted_by_its_reason(
    world: World, reader: Caller, writer: Caller, details: dict[str, Any]
) -> None:
    record(writer, no(address="+16505550001"))
    addresses = ["+16505550001", "+16505550002", "nobody", "+16505550001"]
    reader.BatchCheckConsent(**BATCH, addresses=addresses, **details)
    assert _verdicts(world) == COUNTED


def test_what_waits_to_be_judged_is_told_with_its_age_while_the_database_answers(world: World, writer: Caller) -> None:
    monitor = FigureMonitor(world.storage, world.clock.moment, world.metrics)
    assert world.sample("consent_review_items_open") is None
    monitor.ask()
    assert world.sample("consent_review_items_open") == world.sample("consent_review_oldest_age_seconds") == 0
    say(writer, "please stop texting me", **{"from": "+16505550002"})
    monitor.ask()
    world.clock.advance(3600)
    assert world.sample("consent_review_items_open") == 1
    assert world.sample("consent_review_oldest_age_seconds") == pytest.approx(3600)
    revision = world.events(tenants.ACME)[-1].header.revision
    assert world.sample("consent_ledger_revision", tenant=tenants.ACME) == revision
    world.storage.close()
    monitor.ask()
    assert world.sample("consent_review_items_open") is None
    monitor.stop()
