"""The admin port of a real service of several processes: what it counts, and that no death makes it count backwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.client import ConsentClient, ConsentClientError, sms
from server.demo import API_KEY, BRAND, CLIENT
from server.version import VERSION
from tests.e2e.metrics import Samples, scrape, scrape_until, total, value
from tests.e2e.process import Served, run, serving

CHECK = "/v1/consents:check"
QUESTION = {
    "sender": BRAND,
    "recipient": {"channel": "CHANNEL_SMS", "address": "+16505559999"},
    "purposes": ["marketing"],
}
KEY = {"x-api-key": API_KEY}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two workers and the gateway, with the demo tenant."""
    with serving(tmp_path_factory.mktemp("admin"), "--demo", "--processes", "2") as served:
        yield served


def _check(served: Served, times: int) -> None:
    """Ask through the gateway, which asks both workers in turn."""
    with httpx.Client(base_url=served.http, headers=KEY) as http:
        for _ in range(times):
            assert http.post(CHECK, json=QUESTION).status_code == 200


def _checks(samples: Samples) -> float:
    return value(samples, "consent_calls_total", method="CheckConsent", code="OK")


def test_what_both_doors_and_all_processes_did_is_counted_once(two: Served) -> None:
    before = scrape(two)
    _check(two, 6)
    with ConsentClient(two.grpc, api_key=API_KEY) as client:
        list(client.check_many(BRAND, "transactional", [sms(f"+1650555{number:04}") for number in range(20)]))
        with pytest.raises(ConsentClientError):
            client.check(BRAND, sms("+16505559999"), "unheard-of")
    path = f"/messaging/client/{CLIENT}/consent/channel_addr/6505559999/channel_type/sms"
    assert httpx.put(two.http + path, json={"consent_type": "stop"}).status_code == 401
    after = scrape_until(
        two,
        lambda samples: (
            _checks(samples) == _checks(before) + 6
            and value(samples, "consent_calls_total", method="CheckConsent", code="NOT_FOUND") == 1
            and value(samples, "consent_gateway_requests_total", api="relay_network", status="401") == 1
            and value(samples, "consent_gateway_requests_total", api="consent", status="200") >= 6
            and value(samples, "consent_calls_total", method="BatchCheckConsent", code="OK") == 1
        ),
    )
    verdicts = "consent_verdicts_total"
    assert total(after, verdicts) - total(before, verdicts) == 26
    assert value(after, verdicts, verdict="ALLOW", reason="ALLOWED_BY_RULE") == 20
    assert value(after, "consent_call_seconds_count", method="BatchCheckConsent") == 1
    assert 0 < value(after, "consent_gateway_request_seconds_sum", api="relay_network") < 60
    assert value(after, "consent_build_info", version=VERSION) == 1


def test_each_process_tells_of_itself(two: Served) -> None:
    everybody = {"grpc0", "grpc1", "gateway"}
    samples = scrape_until(two, lambda samples: total(samples, "consent_serving") == 3)
    for process in everybody | {"parent"}:
        assert value(samples, "process_resident_memory_bytes", process=process) > 10_000_000
        assert value(samples, "process_start_time_seconds", process=process) > 1_700_000_000
        assert value(samples, "process_open_fds", process=process) > 0
    assert httpx.get(f"{two.admin}/healthz").text == httpx.get(f"{two.admin}/readyz").text == "ok\n"


def _backwards(before: Samples, after: Samples) -> list[object]:
    """The counters, and parts of histograms, that fell."""
    counting = ("_total", "_count", "_sum", "_bucket")
    return [key for key, count in before.items() if key[0].endswith(counting) and after.get(key, -1.0) < count]


def test_no_counter_runs_backwards_where_a_worker_is_killed_and_all_are_replaced(two: Served) -> None:
    start = _checks(scrape(two))
    _check(two, 8)
    before = scrape_until(two, lambda samples: _checks(samples) == start + 8)
    deaths = value(before, "consent_process_deaths_total", process="grpc0")
    pid = two.children()["grpc0"]
    os.kill(pid, signal.SIGKILL)
    died = scrape_until(
        two, lambda samples: value(samples, "consent_process_deaths_total", process="grpc0") == deaths + 1
    )
    assert not _backwards(before, died)
    two.successor("grpc0", pid)
    _check(two, 4)
    again = scrape_until(two, lambda samples: _checks(samples) >= start + 12 and total(samples, "consent_serving") == 3)
    assert not _backwards(died, again)
    old = two.children()
    two.send(signal.SIGHUP)
    for name in ("grpc0", "grpc1", "gateway"):
        two.successor(name, old[name])
    _check(two, 4)
    renewed = scrape_until(two, lambda samples: _checks(samples) >= start + 16)
    assert not _backwards(again, renewed)
    assert _checks(renewed) == start + 16
    assert value(renewed, "consent_process_deaths_total", process="grpc1") == 0, "who is replaced did not die"


def test_who_was_killed_is_no_longer_told_to_serve_and_the_others_are_not_enough_without_a_gateway(two: Served) -> None:
    scrape_until(two, lambda samples: total(samples, "consent_serving") == 3)
    pid = two.children()["gateway"]
    os.kill(pid, signal.SIGKILL)
    scrape_until(two, lambda samples: value(samples, "consent_serving", process="gateway") == 0)
    assert httpx.get(f"{two.admin}/readyz").status_code == 503
    assert httpx.get(f"{two.admin}/healthz").status_code == 200
    two.successor("gateway", pid)
    while httpx.get(f"{two.admin}/readyz").status_code != 200:
        pass


def test_a_port_that_another_server_has_is_named_with_its_setting(two: Served, folder: Path) -> None:
    done = run(folder, "serve", "--database", "c.db", CONSENT_ADMIN=two.admin.removeprefix("http://"))
    assert (done.returncode, done.stdout, list(folder.iterdir())) == (2, "", [])
    assert f"port {two.admin.rpartition(':')[2]} on 127.0.0.1 cannot be bound: another server has it" in done.stderr
    assert "--admin" in done.stderr


def test_what_the_database_holds_and_what_was_written_to_it_is_told(two: Served) -> None:
    before = scrape(two)
    tell = {"sender": BRAND, "channel": "CHANNEL_SMS", "from": "+16505550999", "body": "please stop texting me"}
    with httpx.Client(base_url=two.http, headers=KEY) as http:
        assert http.post("/v1/inboundMessages:handle", json={**tell, "provider_message_id": "m-1"}).status_code == 200
    after = scrape_until(
        two,
        lambda samples: (
            value(samples, "consent_commit_units_sum") > value(before, "consent_commit_units_sum")
            and value(samples, "consent_ledger_revision", tenant="demo") > 0
        ),
    )
    assert value(after, "consent_commit_seconds_sum") > 0
    assert total(after, "consent_database_errors_total") == 0
    assert value(after, "consent_watches_open") == 0
    assert ("consent_pool_size", frozenset({("process", "grpc0")})) not in after, "SQLite has no pool"
