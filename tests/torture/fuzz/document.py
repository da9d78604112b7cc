"""schemathesis on the OpenAPI document, with all of its checks, as a program of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
from consent.v1 import admin_pb2
from consent.v1.admin_service_pb2_grpc import AdminServiceStub

from server.gateway.app import VENDORS
from server.gateway.docs.document import describe
from tests.bench.processes import environment
from tests.servicer import tenants
from tests.torture.attack.intruders import ADMIN
from tests.torture.stand import Stand

# A refusal of what the schemas allow is looked at by a check of our own (hooks.py), which knows what no schema can say.
_SETTINGS = f"""
hooks = "tests.torture.fuzz.hooks"

[generation]
allow-x00 = false

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429"]

[auth.openapi.bearer]
bearer = "{ADMIN.key}"

[auth.openapi.basic]
username = "{ADMIN.user}"
password = "{ADMIN.password}"
"""
_KEYS = ("x-api-key", "xx-relay-api-key", "x-relay-api-key")
_GENERATED = re.compile(r"(\d+) generated")
_CASE = re.compile(r"\n\d+\. Test Case ID: ")
_TITLE = re.compile(r"^- (ST.*)$", re.MULTILINE)
_CALL = re.compile(r"curl .*")
_AS_ADMIN = (("x-api-key", tenants.ADMIN),)


def add_examples(stand: Stand) -> None:
    """Make what the document's examples name, so that they find something."""
    document = describe(VENDORS)
    told = {
        one["name"]: one["example"]
        for path in document["paths"].values()
        for how in path.values()
        for one in how.get("parameters", ())
        if "example" in one
    }
    body = document["paths"]["/v1/consents:check"]["post"]["requestBody"]["content"]["application/json"]["example"]
    senders = {
        told["department_uuid"]: admin_pb2.SENDER_KIND_DEPARTMENT,
        told["client_id"]: admin_pb2.SENDER_KIND_CLIENT,
        told["profile_id"]: admin_pb2.SENDER_KIND_MESSAGING_PROFILE,
        body["sender"]: admin_pb2.SENDER_KIND_OTHER,
    }
    with grpc.insecure_channel(stand.grpc) as channel:
        stub = AdminServiceStub(channel)
        for name, kind in senders.items():
            sender = admin_pb2.Sender(id=name, kind=kind)
            stub.CreateSender(admin_pb2.CreateSenderRequest(sender=sender), metadata=_AS_ADMIN)
        contact = admin_pb2.Contact(id=told["id"], email=told["email"], mobile=f"+{told['mobile']}")
        stub.CreateContact(admin_pb2.CreateContactRequest(contact=contact), metadata=_AS_ADMIN)


def try_document(stand: Stand, folder: Path, number: int, examples: int) -> tuple[int, list[str]]:
    """Make so many requests of each kind for each operation; answer how many were sent, and what was wrong.

    Raises RuntimeError where schemathesis itself failed.
    """
    add_examples(stand)
    settings = folder / "schemathesis.toml"
    keys = "".join(f'[auth.openapi.{key}]\napi_key = "{ADMIN.key}"\n\n' for key in _KEYS)
    settings.write_text(_SETTINGS + "\n" + keys)
    line = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
    how = ["--checks", "all", "-n", str(examples), "--continue-on-failure", "--no-shrink", "--seed", str(number)]
    told = ["--output-truncate", "false", "--warnings", "off"]
    address = f"http://{stand.http}/openapi.json"
    ended = subprocess.run(
        [*line, address, *how, *told], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    found = _GENERATED.search(ended.stdout)
    if found is None or ended.returncode not in (0, 1):
        raise RuntimeError(f"schemathesis said: {ended.stdout[-600:]} {ended.stderr[-600:]}")
    return int(found[1]), list(_wrong(ended.stdout))


def _wrong(told: str) -> Iterator[str]:
    """Each failure in a line: what check failed, and the call that repeats it."""
    for part in _CASE.split(told)[1:]:
        title, call = _TITLE.search(part), _CALL.search(part)
        yield " ".join(
            f"{title[1] if title else part[:200]}: {' '.join(part.split())[:400]} {call[0] if call else ''}".split()
        )
