"""`consent config`: what is in force, where it comes from, and nothing that is secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from click.testing import CliRunner, Result

from server.cli import main
from server.domain.service_key import ServiceKey
from server.settings import SERVE

KEY, OLDER = ServiceKey.generate(), ServiceKey.generate()
NOTHING_SET: dict[str, str | None] = {setting.variable: None for setting in SERVE}


def run(*arguments: str, code: int = 0, **environment: str) -> Result:
    result = CliRunner(env={**NOTHING_SET, **environment}).invoke(main, ["config", *arguments])
    assert (result.exit_code, result.exception is None or isinstance(result.exception, SystemExit)) == (code, True)
    return result


def facts(*arguments: str, code: int = 0, **environment: str) -> Any:
    return orjson.loads(run("--json", *arguments, code=code, **environment).stdout)


def test_every_setting_is_told_with_its_origin() -> None:
    lines = run("--grpc", "127.0.0.1:0", CONSENT_LOG_LEVEL="error").stdout.splitlines()
    told = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert set(told) == {setting.name.replace("_", "-") for setting in SERVE}
    assert told["grpc"].split() == ["127.0.0.1:0", "option", "--grpc"]
    assert told["log-level"].split() == ["error", "environment", "CONSENT_LOG_LEVEL"]
    assert told["http"].split() == ["127.0.0.1:8080", "default"]
    assert told["service-key"].endswith("default")


def test_programs_get_values_of_their_types() -> None:
    told = facts("--demo", CONSENT_PROCESSES="3")
    assert told["faults"] == []
    assert told["settings"]["demo"] == {"value": True, "source": "option"}
    assert told["settings"]["processes"] == {"value": 3, "source": "environment"}
    assert told["settings"]["service_key"] == {"value": None, "source": "default"}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_secrets_are_hidden(form: tuple[str, ...]) -> None:
    result = run(
        *form,
        CONSENT_SERVICE_KEY=f"{KEY.encode()},{OLDER.encode()}",
        CONSENT_DATABASE="postgresql://consent:hu%2Fsh@db.internal:5433/consent?sslpassword=quiet&sslmode=require",
    )
    assert f"{KEY.id}:(hidden), {OLDER.id}:(hidden)" in result.stdout
    assert "postgresql://consent:***@db.internal:5433/consent?sslmode=require&sslpassword=***" in result.stdout
    for secret in (KEY.encode().partition(":")[2], OLDER.encode().partition(":")[2], "hu/sh", "hu%2Fsh", "quiet"):
        assert secret not in result.output


def test_what_cannot_be_used_ends_with_2_and_is_told_with_the_rest() -> None:
    result = run("--http", "nowhere", code=2, CONSENT_PROCESSES="0", CONSENT_GRPC="127.0.0.1:5")
    assert "Error: --http must be HOST:PORT with a port from 0 to 65535, not 'nowhere'\n" in result.stderr
    assert "CONSENT_PROCESSES must be a whole number from 1 to 256, not '0'\n" in result.stderr
    assert "127.0.0.1:5 " in result.stdout
    assert result.stdout.count("(cannot be used)") == 2
    told = facts("--http", "nowhere", code=2)
    assert told["settings"]["http"] == {"value": None, "source": "option", "fault": told["faults"][0]}


def test_settings_that_do_not_go_together_end_with_2() -> None:
    result = run("--database", "postgresql://consent:hush@localhost/consent", code=2)
    assert "set CONSENT_SERVICE_KEY" in result.stderr
    assert "postgresql://consent:***@localhost/consent" in result.stdout


def test_a_misspelt_variable_is_told() -> None:
    result = run(CONSENT_LOGLEVEL="debug")
    assert result.stderr == "Warning: CONSENT_LOGLEVEL is no setting, and has no effect; CONSENT_LOG_LEVEL is one\n"


@pytest.mark.parametrize("days", [0, 30])
def test_tls_files_are_looked_into(tmp_path: Path, days: int) -> None:
    begins = datetime.now(UTC) - timedelta(days=1)
    issued = trustme.CA().issue_cert("localhost", not_before=begins, not_after=begins + timedelta(days=days))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    files = ("--tls-certificate", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    told = run(*files, code=0 if days else 2)
    assert ("expired" in told.stderr) is (days == 0)
    assert "PRIVATE KEY" not in told.output
