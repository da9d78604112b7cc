"""The settings of `consent serve`: where each comes from, and what is said of one that cannot be used."""

from __future__ import annotations

import pickle

import pytest

from server.api.capacity import Capacity
from server.domain.service_key import ServiceKey
from server.gateway.bounds import Bounds
from server.settings import SERVE, InvalidSetting, Setting, Source, misspelt, read_settings
from server.settings.kinds import FLAG

KEY = ServiceKey.generate().encode()
# What a setting needs beside it.
BESIDE = {
    "database": {"service_key": KEY},
    "tls_certificate": {"tls_key": "key.pem"},
    "tls_key": {"tls_certificate": "cert.pem"},
    "tls_client_ca": {"tls_certificate": "cert.pem", "tls_key": "key.pem"},
}
# One that is good and one that is not, for every setting: a new one cannot be forgotten here.
VALUES = {
    "database": ("postgresql://consent:hush@db.internal/consent", "mysql://root:hush@db.internal/consent"),
    "service_key": (KEY, "id:aHVzaA=="),
    "grpc": ("[::1]:0", "127.0.0.1:70000"),
    "http": ("localhost:81", "nowhere"),
    "admin": ("off", "127.0.0.1"),
    "processes": ("256", "257"),
    "tls_certificate": ("cert.pem", "\0"),
    "tls_key": ("key.pem", "\0"),
    "tls_client_ca": ("/etc/ca.pem", "\0"),
    "insecure_plaintext": ("on", "plaintext"),
    "connection_age": ("1", "0"),
    "max_calls": ("1", "0"),
    "max_requests": ("1000000", "1000001"),
    "max_connections": ("1", "many"),
    "max_call_seconds": ("3600", "3601"),
    "max_message": ("1024", "1023"),
    "max_body": ("1048577", "1 MiB"),
    "max_items": ("10000", "10001"),
    "max_watches": ("1", "0"),
    "max_tenant_watches": ("10000", "-1"),
    "rate": ("0", "-1"),
    "burst": ("1", "1.5"),
    "demo": ("Yes", "perhaps"),
    "log_format": ("json", "xml"),
    "access_log": ("all", "some"),
    "log_level": ("warning", "loud"),
}


def test_every_setting_has_a_good_and_a_bad_value() -> None:
    assert set(VALUES) == {setting.name for setting in SERVE}


@pytest.mark.parametrize("setting", SERVE, ids=lambda setting: setting.name)
def test_a_good_value_is_in_force_from_either_place(setting: Setting) -> None:
    good, _ = VALUES[setting.name]
    for options, environment, source in (
        ({setting.name: good}, {setting.variable: "\0"}, Source.OPTION),
        ({setting.name: None}, {setting.variable: good}, Source.ENVIRONMENT),
    ):
        needed = BESIDE.get(setting.name, {})
        reading = read_settings({**needed, **options}, environment)
        assert getattr(reading.settings, setting.name) == setting.kind.parse(good)
        named = {found.setting.name for found in reading.found if found.source is not Source.DEFAULT}
        assert named == {setting.name, *needed}
        assert next(found.source for found in reading.found if found.setting is setting) is source


@pytest.mark.parametrize("setting", SERVE, ids=lambda setting: setting.name)
def test_a_bad_value_is_refused_by_the_name_of_its_place(setting: Setting) -> None:
    _, bad = VALUES[setting.name]
    for options, environment, place in (
        ({setting.name: bad}, {}, setting.option),
        ({}, {setting.variable: bad}, setting.variable),
    ):
        with pytest.raises(InvalidSetting) as refused:
            _ = read_settings(options, environment).settings
        (line,) = str(refused.value).splitlines()
        assert line.startswith((f"{place} must be {setting.kind.allowed}, not ", f"{place}: "))
        assert "hush" not in line, "no secret is told"
        assert "aHVzaA" not in line


def test_all_that_is_wrong_is_told_at_once() -> None:
    reading = read_settings({name: bad for name, (_, bad) in VALUES.items()}, {})
    assert len(reading.faults) == len(VALUES)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"grpc": "127.0.0.1:8080"}, "give each its own port"),
        ({"demo": "on", "http": "0.0.0.0:0"}, "loopback addresses only"),
        ({"database": "postgresql://localhost/consent"}, "set CONSENT_SERVICE_KEY"),
        ({"tls_certificate": "c"}, r"--tls-certificate needs --tls-key \(CONSENT_TLS_KEY\) beside it"),
        ({"tls_key": "k"}, r"--tls-key needs --tls-certificate \(CONSENT_TLS_CERTIFICATE\) beside it"),
        ({"tls_client_ca": "ca"}, "--tls-client-ca needs --tls-certificate and --tls-key beside it"),
        ({"grpc": "0.0.0.0:1", "http": "[::]:2"}, r"--grpc 0.0.0.0:1 and --http \[::\]:2 can be reached by other"),
        ({"grpc": "consent.internal:1"}, "say --insecure-plaintext"),
    ],
)
def test_settings_that_do_not_go_together(options: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidSetting, match=told):
        _ = read_settings(options, {}).settings


@pytest.mark.parametrize(
    "options",
    [
        {"insecure_plaintext": "on"},
        {"tls_certificate": "c", "tls_key": "k"},
        {"http": "127.0.0.2:1", "grpc": "[::1]:1"},
        {"http": "localhost:1", "grpc": "127.0.0.1:1"},
    ],
)
def test_other_machines_are_served_in_clear_text_only_where_that_is_said(options: dict[str, str]) -> None:
    everywhere = {"grpc": "0.0.0.0:1", "http": "192.0.2.7:2"}
    assert read_settings({**everywhere, **options}, {}).settings


def test_a_misspelt_variable_is_told() -> None:
    names = ("CONSENT_PROCESES", "CONSENT_PROCESSES", "CONSENT_PORT_8080_TCP", "CONSENT_SERVICE_HOST", "PROCESES")
    assert list(misspelt(dict.fromkeys(names, "4"))) == [
        "CONSENT_PROCESES is no setting, and has no effect; CONSENT_PROCESSES is one"
    ]


def test_an_empty_variable_is_none() -> None:
    empty = {setting.variable: "" for setting in SERVE}
    assert read_settings({}, empty).settings == read_settings({}, {}).settings


def test_the_defaults_are_what_is_told_of_them() -> None:
    settings = read_settings({}, {}).settings
    for setting in SERVE:
        if " " not in setting.default:
            assert setting.show(getattr(settings, setting.name)) == setting.default


def test_workers_can_be_sent_them() -> None:
    settings = read_settings({name: good for name, (good, _) in VALUES.items()}, {}).settings
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert KEY.partition(":")[2] not in repr(settings)


@pytest.mark.parametrize("word", ["1", "0", "true", "FALSE", "yes", "no", "On", "off"])
def test_words_of_a_flag(word: str) -> None:
    assert FLAG.parse(word) is (word.lower() in ("1", "true", "yes", "on"))


def test_the_burst_is_the_rate_where_nothing_else_is_said_and_never_nothing() -> None:
    assert read_settings({"rate": "7"}, {}).settings.capacity.burst == 7
    assert read_settings({"rate": "7", "burst": "9"}, {}).settings.capacity.burst == 9
    (fault,) = read_settings({"rate": "7", "burst": "0"}, {}).faults
    assert "--burst 0 would refuse every call" in fault


def test_the_defaults_are_those_of_a_process_that_nobody_tells_anything() -> None:
    settings = read_settings({}, {}).settings
    assert (settings.capacity, settings.bounds) == (Capacity(), Bounds())
