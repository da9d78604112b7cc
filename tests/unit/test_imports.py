"""Imports run one way: generated ← api → usecases → domain ← storage; gateway and client stand apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.import_rules import LAYERS, ROOTS, layer, modules, violations

ROOT = Path(__file__).parents[2]
MODULES = dict(modules(ROOT))


def _is_package(module: str) -> bool:
    return any((base / Path(*module.split("."))).is_dir() for base in (ROOT, ROOT / "generated"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_what_its_layer_may(module: str) -> None:
    assert violations(module, MODULES[module], _is_package(module)) == []


@pytest.mark.parametrize("name", ["server.domain", "server.storage", "server.usecases", "server.api", "consent"])
def test_the_reader_finds_the_layers(name: str) -> None:
    assert sum(layer(module) == name for module in MODULES) >= 5


def test_no_layer_is_allowed_a_root() -> None:
    assert not any(name in ROOTS for allowed in LAYERS.values() for name in allowed)


PLANTED = {
    "domain to storage": ("server.domain.policy", "from server.storage.protocol import Entry"),
    "domain to protobuf": ("server.domain.policy", "from google.protobuf import message"),
    "domain to generated": ("server.domain.policy", "from consent.v1 import consent_pb2"),
    "domain to the clock": ("server.domain.policy", "import datetime"),
    "domain by a relative way": ("server.domain.policy", "from ..storage import rows"),
    "domain by a package's relative way": ("server.domain", "from ..usecases import checks"),
    "storage to usecases": ("server.storage.rows", "import server.usecases.checks"),
    "storage to api": ("server.storage.rows", "from server import api"),
    "storage to protobuf": ("server.storage.rows", "import google.protobuf"),
    "usecases to the engine": ("server.usecases.checks", "from server.storage.database import SqlStorage"),
    "usecases to the storage package": ("server.usecases.checks", "from server.storage import database"),
    "usecases to peewee": ("server.usecases.checks", "import peewee"),
    "usecases to grpc": ("server.usecases.checks", "import grpc"),
    "usecases to api": ("server.usecases.checks", "from server.api import convert"),
    "api to the engine": ("server.api.auth", "from server.storage.database import open_storage"),
    "api to the gateway": ("server.api.auth", "from server.gateway import errors"),
    "api to the root": ("server.api.auth", "from server.app import serve"),
    "gateway to the domain": ("server.gateway.relay", "from server.domain.model import Channel"),
    "gateway to usecases": ("server.gateway.relay", "import server.usecases"),
    "gateway to the settings": ("server.gateway.relay", "from server.settings import Address"),
    "client to the server": ("server.client", "from server.domain.errors import ConsentError"),
    "generated to the server": ("consent.v1.consent_pb2", "import server"),
    "telemetry to the domain": ("server.telemetry", "from server.domain import model"),
    "in a function": ("server.domain.policy", "def f():\n    import peewee"),
    "for types only": ("server.domain.policy", "if TYPE_CHECKING:\n    from server.api import convert"),
    "an unknown module": ("server.helpers", ""),
}


@pytest.mark.parametrize(("module", "text"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_violation_is_found(module: str, text: str) -> None:
    assert violations(module, text, is_package=module == "server.domain")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (
            "server.domain.policy",
            "from __future__ import annotations\nfrom server.domain import model\nimport json",
        ),
        ("server.usecases.checks", "from server.storage.protocol import Snapshot\nfrom server.storage import protocol"),
        ("server.usecases.checks", "from . import access\nfrom .access import find_sender"),
        ("server.storage.database", "import peewee\nimport time\nfrom server.storage import rows"),
        ("server.api.auth", "import grpc\nfrom consent.v1 import consent_pb2\nfrom google.rpc import status_pb2"),
        ("server.cli.serve", "import server.storage.database\nimport grpc\nimport peewee\nfrom server.app import x"),
        (
            "server.gateway.app",
            "import starlette\nfrom consent.v1 import admin_pb2\nfrom server.gateway import relay",
        ),
    ],
)
def test_what_is_allowed_passes(module: str, text: str) -> None:
    assert violations(module, text) == []
