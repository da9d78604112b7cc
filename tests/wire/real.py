"""The real server as the vendors' callers find it: their tenant, and the secrets that they had before."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
from consent.v1 import admin_pb2
from consent.v1.admin_service_pb2_grpc import AdminServiceStub

from tests.e2e.process import Served, carry_out, serving
from tests.wire import samples

ADMIN_KEY = "wire-admin-key-0123456789"
AS_ADMIN = (("x-api-key", ADMIN_KEY),)
CONTACTS = """id,first,last,email,mobile
bc13bc97-23eb-40eb-ac0f-12341ee99aae,james,bondd,testertester123@verizon.net,+15552320405
no-mobile,Mia,Moe,mia@example.com,
"""
SENDERS = {
    samples.DEPARTMENT: admin_pb2.SENDER_KIND_DEPARTMENT,
    "relay_developer": admin_pb2.SENDER_KIND_CLIENT,
    samples.PROFILE: admin_pb2.SENDER_KIND_MESSAGING_PROFILE,
}
HEADERS = {
    "myKaarma": samples.MYKAARMA_HEADERS,
    "Relay": samples.RELAY_HEADERS,
    "Telnyx": samples.TELNYX_HEADERS,
    "HiMarley": samples.HIMARLEY_HEADERS,
}


@dataclass(frozen=True)
class Real:
    """A running service with the vendors' tenant in it."""

    served: Served
    admin: AdminServiceStub

    def register(
        self, headers: Mapping[str, str], role: admin_pb2.Role.ValueType = admin_pb2.ROLE_WRITER
    ) -> admin_pb2.Credential:
        """Register the secret that a caller sends in its header."""
        return self.admin.CreateCredential(credential_of(headers, role), metadata=AS_ADMIN).credential

    def revoke(self, credential: admin_pb2.Credential) -> None:
        """Revoke a credential."""
        self.admin.RevokeCredential(admin_pb2.RevokeCredentialRequest(id=credential.id), metadata=AS_ADMIN)


def credential_of(headers: Mapping[str, str], role: admin_pb2.Role.ValueType) -> admin_pb2.CreateCredentialRequest:
    """What to register, so that a request with these headers may call."""
    ((_, value),) = headers.items()
    scheme, _, rest = value.partition(" ")
    user, secret = "", rest or value
    if scheme == "Basic":
        user, _, secret = base64.b64decode(rest).decode().partition(":")
    credential = admin_pb2.Credential(role=role, basic_user=user)
    return admin_pb2.CreateCredentialRequest(credential=credential, secret=secret, allow_weak=True)


@contextmanager
def real_service(folder: Path) -> Iterator[Real]:
    """A server in `folder`, with the tenant made by the command line beside it."""
    with serving(folder) as served, grpc.insecure_channel(served.grpc) as channel:
        carry_out(folder, "tenant", "create", "wire")
        make = ("credential", "create", "--tenant", "wire", "--role", "admin", "--secret-stdin")
        carry_out(folder, *make, given=ADMIN_KEY + "\n")
        (folder / "contacts.csv").write_text(CONTACTS)
        carry_out(folder, "contact", "import", "contacts.csv", "--tenant", "wire")
        real = Real(served, AdminServiceStub(channel))
        for sender, kind in SENDERS.items():
            request = admin_pb2.CreateSenderRequest(sender=admin_pb2.Sender(id=sender, kind=kind))
            real.admin.CreateSender(request, metadata=AS_ADMIN)
        for headers in HEADERS.values():
            real.register(headers)
        yield real


def client_at(real: Real, address: str = "127.0.0.1") -> httpx.Client:
    """A client that names its requests as the samples do. Failed logins are counted by the caller's address."""
    return httpx.Client(
        base_url=real.served.http,
        headers={"x-request-id": samples.REQUEST_ID},
        transport=httpx.HTTPTransport(local_address=address),
        trust_env=False,
        timeout=30,
    )


def told(answer: httpx.Response) -> tuple[int, samples.Json]:
    """Status and body of an answer, held to what every answer has."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == samples.REQUEST_ID
    return answer.status_code, answer.json()
