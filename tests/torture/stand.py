"""A service to be broken, with everything that a good request of each RPC speaks of, and a canary beside it.

The canary is a tenant that nobody attacks: whatever is done to the others, its ledger and its answers stay.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
from consent.v1 import consent_pb2, decision_pb2, ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.api.server import build_server
from server.domain.model import Role, SenderKind
from server.storage.database import open_storage
from server.storage.preparation import prepare
from server.storage.protocol import Storage, Transaction
from server.usecases.credentials import CredentialDraft
from server.usecases.senders import SenderDraft, create_sender
from server.usecases.tenants import create_tenant, operator
from tests.e2e.process import DATABASE, Served, serving
from tests.servicer import supplies, tenants
from tests.servicer.world import KEYS, Clock, World
from tests.torture.attack.intruders import add_logins
from tests.wire.conftest import gateway_at

CANARY = "canary"
CANARY_KEY = "canary-admin-key-0001"
_SENDER = "canary-brand"
_FIRST_LOGIN, _FIRST_ID = 201, 301
_YES, _NO, _NOBODY = "+16502530101", "+16502530102", "+16502530103"
_WANTED = {_YES: "ALLOW OPTED_IN", _NO: "DENY OPTED_OUT", _NOBODY: "DENY NO_CONSENT"}
_PATIENCE = 20.0
"""Seconds for one call of the canary, on a machine that is being flooded."""


@dataclass(frozen=True)
class Stand:
    """Where the service is: `host:port` of its gRPC door and of its JSON door."""

    grpc: str
    http: str
    served: Served | None = None
    """The processes, where there are some."""
    admin: str = ""
    """The port for those who run it, where it has one."""
    private: str = ""
    """Behind the JSON door, where it is in this process: the target that the gateway dials."""

    def sing(self) -> list[str]:
        """What is wrong with the canary: nothing, while both doors answer rightly."""
        wrong = []
        with (
            grpc.insecure_channel(self.grpc) as channel,
            httpx.Client(base_url=f"http://{self.http}", trust_env=False) as http,
        ):
            stub = ConsentServiceStub(channel)
            for address, wanted in _WANTED.items():
                told = _asked(stub, address), _asked_in_json(http, address)
                wrong += [f"the canary's {address}: {found}, not {wanted}" for found in told if found != wanted]
        return wrong

    def head(self, key: str) -> int:
        """The revision of a tenant's ledger; raises AssertionError where it does not verify."""
        with grpc.insecure_channel(self.grpc) as channel:
            request = ledger_pb2.VerifyLedgerRequest()
            told: Any = ConsentServiceStub(channel).VerifyLedger(request, metadata=(("x-api-key", key),), timeout=300)
            *_, last = told
        assert last.complete, f"the ledger of {key} does not verify: {last.failure}"
        return int(last.head_revision)


def _asked(stub: ConsentServiceStub, address: str) -> str:
    try:
        answer = stub.CheckConsent(_question(address), metadata=(("x-api-key", CANARY_KEY),), timeout=_PATIENCE)
    except grpc.RpcError as error:
        return f"{error.code()}"
    (decision,) = answer.decisions
    verdict = decision_pb2.Verdict.Name(decision.verdict).removeprefix("VERDICT_")
    return f"{verdict} {decision_pb2.VerdictReason.Name(decision.reason).removeprefix('VERDICT_REASON_')}"


def _asked_in_json(http: httpx.Client, address: str) -> str:
    body = {"sender": _SENDER, "recipient": {"channel": "CHANNEL_SMS", "address": address}, "purposes": ["marketing"]}
    try:
        answer = http.post("/v1/consents:check", json=body, headers={"x-api-key": CANARY_KEY}, timeout=_PATIENCE)
    except httpx.HTTPError as error:
        return type(error).__name__
    if answer.status_code != httpx.codes.OK:
        return str(answer.status_code)
    (decision,) = answer.json()["decisions"]
    verdict = decision["verdict"].removeprefix("VERDICT_")
    return f"{verdict} {decision['reason'].removeprefix('VERDICT_REASON_')}"


def _question(address: str) -> decision_pb2.CheckConsentRequest:
    recipient = consent_pb2.Recipient(channel=consent_pb2.CHANNEL_SMS, address=address)
    return decision_pb2.CheckConsentRequest(sender=_SENDER, recipient=recipient, purposes=["marketing"])


def teach(grpc_address: str) -> None:
    """Let the canary have something to sing of."""
    states = {_YES: consent_pb2.CONSENT_STATE_OPTED_IN, _NO: consent_pb2.CONSENT_STATE_OPTED_OUT}
    with grpc.insecure_channel(grpc_address) as channel:
        stub = ConsentServiceStub(channel)
        for address, state in states.items():
            yes = state == consent_pb2.CONSENT_STATE_OPTED_IN
            statement = ledger_pb2.ConsentStatement(
                recipient=_question(address).recipient,
                sender=_SENDER,
                purpose="*" if not yes else "marketing",
                state=state,
                strength=consent_pb2.STRENGTH_EXPRESS_WRITTEN if yes else consent_pb2.STRENGTH_UNSPECIFIED,
                actor=consent_pb2.ACTOR_BUSINESS,
            )
            stub.RecordConsent(
                ledger_pb2.RecordConsentRequest(statement=statement), metadata=(("x-api-key", CANARY_KEY),)
            )


def add_canary(storage: Storage) -> None:
    """Make the canary's tenant."""
    tenant = create_tenant(storage, CANARY, "US")

    def fill(tx: Transaction) -> None:
        principal = operator(tenant.id)
        create_sender(tx, principal, SenderDraft(_SENDER, SenderKind.OTHER), "test")
        tenants.add_key(tx, principal, CANARY_KEY, CredentialDraft(Role.ADMIN))

    storage.write(tenant.id, fill)


def furnish(path: Path) -> None:
    """Make the database with both tenants of the servicers' tests, all that their requests name, and the canary.

    As of some time ago, so that what was to end has ended.
    """
    clock = Clock()
    prepare(str(path), KEYS, clock.moment())
    fillings: tuple[tuple[Callable[[Storage], None], Callable[[], str]], ...] = (
        # The ids that a good request of each RPC names are given in this order.
        (lambda storage: tenants.fill(storage, clock.moment()), tenants.numbered_ids()),
        (supplies.supply, tenants.numbered_ids(supplies.FIRST_ID)),
        (add_logins, tenants.numbered_ids(_FIRST_LOGIN)),
        (add_canary, tenants.numbered_ids(_FIRST_ID)),
    )
    for fill, ids in fillings:
        storage = open_storage(str(path), KEYS, clock.moment, ids)
        fill(storage)
        storage.close()


@contextmanager
def standing(folder: Path, *arguments: str, **changes: str) -> Iterator[Stand]:
    """The service as processes of its own, on a database in `folder`; `arguments` and `changes` are its settings."""
    furnish(folder / DATABASE)
    settings: Any = {"CONSENT_SERVICE_KEY": KEYS.current.encode(), "CONSENT_CONNECTION_AGE": "3600", **changes}
    with serving(folder, *arguments, **settings) as served:
        teach(served.grpc)
        admin = re.search(r"http://(\S+)/metrics", "".join(served.said))
        yield Stand(served.grpc, served.http.removeprefix("http://"), served, admin[1] if admin else "")


@contextmanager
def standing_here(folder: Path) -> Iterator[tuple[Stand, World]]:
    """The service in threads of this process, behind real sockets, with clocks that obey; much cheaper to begin."""
    furnish(folder / DATABASE)
    world = World(folder / DATABASE)
    # Not the test's own folder: the path of a unix socket may have about 100 characters.
    with tempfile.TemporaryDirectory() as private_folder:
        private = f"unix:{private_folder}/s"
        server = build_server(world.storage, dict(world.mounted), [private], lanes=world.lanes)
        port = server.grpc.add_insecure_port("127.0.0.1:0")
        server.start()
        with gateway_at(private) as sock:
            host, http = sock.getsockname()
            teach(f"127.0.0.1:{port}")
            yield Stand(f"127.0.0.1:{port}", f"{host}:{http}", private=private), world
        server.stop(5)
    world.close()
