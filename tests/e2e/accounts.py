"""Tenants with senders, a customer and credentials, made as an operator makes them, and their callers at both doors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import httpx
from consent.v1 import admin_pb2, consent_pb2, decision_pb2
from consent.v1.admin_service_pb2_grpc import AdminServiceStub
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from tests.e2e.process import Served, carry_out

DEPARTMENT = "5a2b1c64-0d5e-4b0e-9d3f-1c2a3b4c5d6e"
STORE = "6b3c2d75-1e6f-4c1f-8e40-2d3b4c5d6e7f"
CLIENT = "relay_client"
PROFILE = "7c4d3e86-2f70-4d20-9f51-3e4c5d6e7f80"
BRAND = "brand"
EMAIL = "ann@example.com"
MOBILE = "+16502530000"

_KINDS = {
    DEPARTMENT: (admin_pb2.SENDER_KIND_DEPARTMENT, admin_pb2.REACH_UNSPECIFIED),
    STORE: (admin_pb2.SENDER_KIND_DEPARTMENT, admin_pb2.REACH_TENANT),
    CLIENT: (admin_pb2.SENDER_KIND_CLIENT, admin_pb2.REACH_UNSPECIFIED),
    PROFILE: (admin_pb2.SENDER_KIND_MESSAGING_PROFILE, admin_pb2.REACH_UNSPECIFIED),
    BRAND: (admin_pb2.SENDER_KIND_OTHER, admin_pb2.REACH_UNSPECIFIED),
}
SENDERS = tuple(_KINDS)
"""STORE is a department whose reach is the tenant."""


@dataclass(frozen=True)
class Account:
    """One tenant's credentials. Every tenant has the same SENDERS: their ids are unique within one only."""

    tenant: str

    @property
    def admin_key(self) -> str:
        return f"{self.tenant}-admin-key-0123456789"

    @property
    def key(self) -> str:
        """A writer's API key."""
        return f"{self.tenant}-writer-key-0123456789"

    @property
    def login(self) -> tuple[str, str]:
        """A writer's user name and password."""
        return f"{self.tenant}-user", f"{self.tenant}-password-0123456789"


@dataclass(frozen=True)
class Caller:
    """A tenant's callers: a writer at both doors, and an administrator over gRPC."""

    account: Account
    consent: ConsentServiceStub
    admin: AdminServiceStub
    http: httpx.Client

    @property
    def as_writer(self) -> tuple[tuple[str, str], ...]:
        return (("x-api-key", self.account.key),)

    @property
    def as_admin(self) -> tuple[tuple[str, str], ...]:
        return (("x-api-key", self.account.admin_key),)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.account.key}"}

    def verdict(
        self,
        sender: str,
        address: str,
        purpose: str = "marketing",
        channel: consent_pb2.Channel.ValueType = consent_pb2.CHANNEL_SMS,
    ) -> str:
        """The reason of the verdict, without its prefix; held to the verdict that it implies."""
        request = decision_pb2.CheckConsentRequest(
            sender=sender, recipient=consent_pb2.Recipient(channel=channel, address=address), purposes=[purpose]
        )
        (decision,) = self.consent.CheckConsent(request, metadata=self.as_writer).decisions
        reason = decision_pb2.VerdictReason.Name(decision.reason).removeprefix("VERDICT_REASON_")
        allowed = reason in {"OPTED_IN", "ALLOWED_BY_RULE"}
        assert decision.verdict == (decision_pb2.VERDICT_ALLOW if allowed else decision_pb2.VERDICT_DENY)
        return reason


def open_account(served: Served, tenant: str) -> Account:
    """Make a tenant by the command line, beside the running server, and what is in it through AdminService."""
    account = Account(tenant)
    carry_out(served.folder, "tenant", "create", tenant)
    make = ("credential", "create", "--tenant", tenant, "--role", "admin", "--secret-stdin")
    carry_out(served.folder, *make, given=account.admin_key + "\n")
    user, password = account.login
    with calling(served, account) as caller:
        for sender, (kind, reach) in _KINDS.items():
            request = admin_pb2.CreateSenderRequest(sender=admin_pb2.Sender(id=sender, kind=kind, reach=reach))
            caller.admin.CreateSender(request, metadata=caller.as_admin)
        contact = admin_pb2.Contact(id="ann", first="Ann", last="Lee", email=EMAIL, mobile=MOBILE)
        caller.admin.CreateContact(admin_pb2.CreateContactRequest(contact=contact), metadata=caller.as_admin)
        register(caller, account.key)
        register(caller, password, admin_pb2.Credential(role=admin_pb2.ROLE_WRITER, basic_user=user))
    return account


def register(caller: Caller, secret: str, credential: admin_pb2.Credential | None = None) -> admin_pb2.Credential:
    """Register a secret that a caller has; a writer's, unless a credential is given."""
    wanted = credential or admin_pb2.Credential(role=admin_pb2.ROLE_WRITER)
    request = admin_pb2.CreateCredentialRequest(credential=wanted, secret=secret, allow_weak=True)
    return caller.admin.CreateCredential(request, metadata=caller.as_admin).credential


@contextmanager
def calling(served: Served, account: Account) -> Iterator[Caller]:
    """A tenant's callers, open."""
    with grpc.insecure_channel(served.grpc) as channel, web(served) as http:
        yield Caller(account, ConsentServiceStub(channel), AdminServiceStub(channel), http)


def web(served: Served, caller_address: str = "127.0.0.1") -> httpx.Client:
    """An HTTP client. Failed logins are counted for each caller's address: a test that fails on purpose has its own."""
    transport = httpx.HTTPTransport(local_address=caller_address)
    return httpx.Client(base_url=served.http, transport=transport, trust_env=False, timeout=30)
