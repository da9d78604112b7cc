"""`make torture` cannot rot, and a suite that shows nothing does not pass."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli.output import meter
from tests.torture import report
from tests.torture.__main__ import TimeOver, _time_limit, main
from tests.torture.trial import MOST_MINUTES, Suite, Trial, find_suites, try_suite

HERE = Path(__file__).parent


def tried(folder: Path, suite: Suite) -> Trial:
    with meter(None) as shown:
        return try_suite(suite, seed=7, minutes=1, folder=folder, meter=shown)


def suite_of(run: object, *promises: str) -> Suite:
    assert callable(run)
    return Suite("made-up", "shows how suites are judged", promises or ("it holds",), run)


def test_a_suite_passes_only_if_every_promise_was_looked_at_and_held(tmp_path: Path) -> None:
    def held(trial: Trial) -> None:
        trial.hold("one", times=3)
        trial.hold("other")

    def broken(trial: Trial) -> None:
        held(trial)
        trial.hold("one", ["round 4: lost"])

    def forgotten(trial: Trial) -> None:
        trial.hold("one")

    def failed(trial: Trial) -> None:
        held(trial)
        raise OSError("the disk")

    passed = [tried(tmp_path, suite_of(run, "one", "other")).passed for run in (held, broken, forgotten, failed)]
    assert passed == [True, False, False, False]


def test_a_promise_that_was_not_declared_cannot_be_held(tmp_path: Path) -> None:
    assert "KeyError" in (tried(tmp_path, suite_of(lambda trial: trial.hold("something else"))).failure or "")


def test_the_same_seed_chooses_the_same(tmp_path: Path) -> None:
    drawn = [tried(tmp_path, suite_of(lambda trial: trial.hold("it holds"))).random.random() for _ in range(2)]
    assert drawn[0] == drawn[1]


def hang() -> None:
    with _time_limit(0.01):
        while True:
            time.monotonic()


def test_a_suite_that_hangs_is_ended() -> None:
    with pytest.raises(TimeOver):
        hang()


def test_the_file_keeps_the_last_run_of_each_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(trial: Trial) -> None:
        trial.rounds = 4
        trial.figure("rounds a minute", 12.5)
        trial.hold("it holds", ["round 3: it did not"], times=4)

    file = tmp_path / "torture.json"
    file.write_text(json.dumps([{"suite": "another", "passed": True}, {"suite": "made-up", "passed": True}]))
    trial = tried(tmp_path, suite_of(run))
    report.write_json(file, trial, {})
    report.show([trial])
    another, made_up = json.loads(file.read_text())
    assert (another["suite"], made_up["suite"], made_up["passed"]) == ("another", "made-up", False)
    assert (made_up["seed"], made_up["rounds"], made_up["figures"]) == (7, 4, {"rounds a minute": 12.5})
    (promise,) = made_up["promises"]
    assert (promise["held"], promise["examined"], promise["cases"]) == (False, 4, ["round 3: it did not"])
    printed = capsys.readouterr().out
    assert "BROKEN 1 times" in printed
    assert "round 3: it did not" in printed


def test_each_suite_says_what_it_promises_ends_in_time_and_has_a_short_form() -> None:
    for suite in find_suites().values():
        assert suite.promises
        assert 0 < suite.minutes < MOST_MINUTES
        assert (HERE / f"test_{suite.name}.py").exists(), f"{suite.name} has no short form in `make test`"


def test_the_program_lists_its_suites_and_refuses_another() -> None:
    listed, refused = (CliRunner().invoke(main, [given]) for given in ("--list", "nothing-of-the-kind"))
    assert (listed.exit_code, [line.split()[0] for line in listed.stdout.splitlines()]) == (0, list(find_suites()))
    assert refused.exit_code == 2
    assert "there is no suite nothing-of-the-kind" in refused.stderr
