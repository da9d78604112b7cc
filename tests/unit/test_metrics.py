from __future__ import annotations

import re
import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from server.metrics.families import CALL_SECONDS, CALLS, FAMILIES, VERDICTS, Family, Kind
from server.metrics.metrics import Metrics
from server.metrics.tallies import Times
from server.metrics.totals import Totals

CHECKS = {"method": "CheckConsent", "code": "OK"}
OPEN = Family("consent_open", Kind.GAUGE, "Open.")


def _told(totals: Totals) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(totals)
    return registry


def _after(calls: int) -> Metrics:
    metrics = Metrics()
    meter = metrics.meter("CheckConsent")
    for _ in range(calls):
        meter.observe("OK", 0.002)
    return metrics


def _labels(number: int) -> tuple[str, str]:
    return "DENY", str(number)


def test_threads_that_count_at_the_same_time_lose_nothing() -> None:
    metrics = Metrics()
    verdicts = metrics.counts(VERDICTS, _labels)
    meter = metrics.meter("CheckConsent")
    together = threading.Barrier(8)

    def count() -> None:
        together.wait()
        for number in range(20_000):
            meter.observe("OK", 0.002)
            verdicts.add(number % 3)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.report()
    report = metrics.report()
    assert report[CALLS.name] == {("CheckConsent", "OK"): (160_000,)}
    assert sum(report[CALL_SECONDS.name][("CheckConsent",)][:-1]) == 160_000
    assert sum(count for (count,) in report[VERDICTS.name].values()) == 160_000


@pytest.mark.parametrize("value", [0.0, 0.00005, *CALL_SECONDS.bounds, 0.0003, 4.9, 5.1, 1e9])
def test_an_observation_is_in_the_bucket_whose_bound_it_does_not_exceed(value: float) -> None:
    times, totals = Times(CALL_SECONDS, ("CheckConsent",)), Totals()
    times.add(value)
    totals.take("one", {CALL_SECONDS.name: times.totals()})
    registry = _told(totals)
    for bound in (*map(str, CALL_SECONDS.bounds), "+Inf"):
        found = registry.get_sample_value("consent_call_seconds_bucket", {"method": "CheckConsent", "le": bound})
        assert found == (value <= float(bound))
    assert registry.get_sample_value("consent_call_seconds_sum", {"method": "CheckConsent"}) == value


def test_processes_are_added_up_and_what_a_dead_one_counted_stays() -> None:
    totals = Totals()
    registry = _told(totals)
    totals.take("one", _after(3).report())
    totals.take("two", _after(4).report())
    assert registry.get_sample_value("consent_calls_total", CHECKS) == 7
    totals.leave("one")
    assert registry.get_sample_value("consent_calls_total", CHECKS) == 7
    totals.take("three", _after(1).report())
    totals.leave("three")
    totals.leave("two")
    totals.leave("never seen")
    assert registry.get_sample_value("consent_calls_total", CHECKS) == 8
    assert registry.get_sample_value("consent_call_seconds_count", {"method": "CheckConsent"}) == 8


def test_a_metric_that_fails_is_left_out_and_fails_no_call() -> None:
    metrics = _after(1)
    metrics.read(OPEN, lambda: {(): 1 / 0})
    verdicts = metrics.counts(VERDICTS, _labels)
    verdicts.add(1)
    unhashable: object = []
    with capture_logs() as logs:
        verdicts.add(unhashable)  # type: ignore[arg-type]
        report = metrics.report()
    assert [entry.get("metric") for entry in logs] == [VERDICTS.name, None]
    assert (report[CALLS.name], report[VERDICTS.name]) == ({("CheckConsent", "OK"): (1,)}, {("DENY", "1"): (1,)})
    assert OPEN.name not in report


def test_what_is_known_beforehand_is_told_as_nothing_yet() -> None:
    metrics = Metrics()
    metrics.counts(VERDICTS, lambda reason: ("DENY", reason), ["NO_CONSENT"])
    totals = Totals()
    totals.take("one", metrics.report())
    labels = {"verdict": "DENY", "reason": "NO_CONSENT"}
    assert _told(totals).get_sample_value("consent_verdicts_total", labels) == 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_names_and_texts_are_as_prometheus_wants_them(family: Family) -> None:
    assert re.fullmatch(r"(consent|process)(_[a-z]+)+", family.name)
    assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
    assert family.help.endswith(".")
    assert bool(family.bounds) == (family.kind is Kind.HISTOGRAM)
    assert list(family.bounds) == sorted(set(family.bounds))
    assert not family.is_latest or family.kind is Kind.GAUGE


def test_every_family_is_told_in_the_text_that_prometheus_reads() -> None:
    text = generate_latest(_told(Totals())).decode()
    found = {family.name: (family.type, family.documentation) for family in text_string_to_metric_families(text)}
    assert found == {family.name: (family.kind.value, family.help) for family in FAMILIES}
