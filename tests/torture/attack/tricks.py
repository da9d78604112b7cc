"""Ways around a door: other spellings of a path, headers that claim a right, and what is only said to nobody."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from server.api.server import SERVICES
from server.domain.model import Role
from tests.servicer import supplies, tenants
from tests.servicer.samples import sample
from tests.servicer.world import METHODS
from tests.torture.attack.doors import Headers, Told, ask_grpc, ask_json
from tests.torture.attack.intruders import ADMIN, READER, RIVAL
from tests.torture.attack.matrix import NEEDED
from tests.torture.attack.paths import ENDPOINTS, OURS, PUBLIC, Endpoint
from tests.torture.stand import CANARY, CANARY_KEY, Stand

CLAIMS: Headers = (
    *(("x-http-method-override", "DELETE"), ("x-http-method", "PUT"), ("x-method-override", "DELETE")),
    *(("x-original-url", "/healthz"), ("x-rewrite-url", "/healthz"), ("x-forwarded-prefix", "/healthz")),
    *(("x-consent-peer", "127.0.0.1"), ("x-consent-tenant", tenants.ACME), ("x-tenant-id", "1"), ("x-role", "admin")),
    *(
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-user", "admin"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=::1"),
    ),
    *(
        ("grpc-metadata-x-api-key", tenants.ADMIN),
        ("grpc-timeout", "1n"),
        ("grpc-status", "0"),
        ("grpc-encoding", "gzip"),
    ),
    *(("x-api-key-bin", base64.b64encode(tenants.ADMIN.encode()).decode()), ("x-api_key", tenants.ADMIN)),
    *(
        ("connection", "authorization, x-api-key"),
        ("via", "1.1 gateway"),
        ("origin", "null"),
        ("x-request-id", "' OR 1"),
    ),
    *(("x-ssl-client-verify", "SUCCESS"), ("x-client-cert", "admin"), ("x-debug", "1"), ("cookie", "role=admin")),
)
"""What some servers believe."""
_AS_METADATA = tuple((name, value) for name, value in CLAIMS if not name.startswith(("grpc-", "connection", "via")))
_REVEALING = (tenants.ACME, tenants.RIVAL, CANARY, CANARY_KEY, tenants.DEPARTMENT, tenants.EMAIL, supplies.KNOWN)


def spellings(target: str) -> Iterator[str]:
    """Other ways to write a path, some of which some server takes for it."""
    path, mark, query = target.partition("?")
    rest, first = mark + query, path.split("/")[1]
    below = path.removeprefix(f"/{first}")
    for public in sorted(PUBLIC):
        for up in ("/..", "/%2e%2e", "%2f..", "/..;", "/.%2e", "\\.."):
            yield f"{public}{up}{path}{rest}"
        yield f"{public};{path}{rest}"
        yield f"{public}%00{path}{rest}"
        yield f"{public}?{path}"
    yield f"//{first}{below}{rest}"
    yield f"/{first}//{below.removeprefix('/')}{rest}"
    yield f"/./{first}{below}{rest}"
    yield f"/{first}/x/..{below}{rest}"
    yield f"/{first}%2F{below.removeprefix('/')}{rest}"
    yield f"/{first}%252F{below.removeprefix('/')}{rest}"
    yield f"/{first.upper()}{below}{rest}"
    yield f"/%{ord(first[0]):02x}{first[1:]}{below}{rest}"
    yield f"{path}/{rest}"
    yield f"{path}//{rest}"
    yield f"{path};a=b{rest}"
    yield f"{path}%00{rest}"
    yield f"{path}%20{rest}"
    yield f"{path}.json{rest}"
    yield f"{path}%3F{query}"
    yield f"http://localhost{path}{rest}"


@dataclass
class Tricks:
    """The tricks and what was wrong with the answers. `between`: what lets a failed login be forgotten."""

    stand: Stand
    between: Callable[[], None]
    endpoints: Sequence[Endpoint] = ENDPOINTS
    asked: int = 0

    def try_spellings(self) -> Iterator[str]:
        """No spelling of a path is answered to nobody, or to another tenant."""
        for endpoint in self.endpoints:
            target, body = endpoint.request(OURS)
            rival = (RIVAL.shown(endpoint.vendor.credentials[0]),)
            for spelt in spellings(target):
                for shown in ((), rival):
                    told = self._ask(endpoint.operation.method, spelt, shown, body)
                    harmless = told.status == 200 and _is_public(spelt)
                    if not harmless and not (400 <= int(told.status) < 500) and not (shown and endpoint.told.any_name):
                        yield f"{endpoint.operation.method} {spelt} with {shown}: {told}"

    def try_claims(self) -> Iterator[str]:
        """Whatever a reader claims, it stays a reader; whatever nobody claims, it stays nobody."""
        for endpoint in self.endpoints:
            if endpoint.is_alias:
                continue
            target, body = endpoint.request(OURS)
            reader = READER.shown(endpoint.vendor.credentials[0])
            writes = endpoint.told.role > Role.READER
            for claim in CLAIMS:
                told = self._ask(endpoint.operation.method, target, (claim,), body)
                if told.status != 401:
                    yield f"{endpoint.name} with {claim}: {told}"
                told = self._ask(endpoint.operation.method, target, (reader, claim), body)
                if told.status not in ((401, 403) if writes else (200,)):
                    yield f"{endpoint.name} as a reader with {claim}: {told}"

    def try_metadata(self) -> Iterator[str]:
        """The same over gRPC, and for every RPC that needs more than a reader."""
        with grpc.insecure_channel(self.stand.grpc) as channel:
            for rpc, method in METHODS.items():
                if NEEDED[rpc] is Role.READER:
                    continue
                request = sample(rpc).SerializeToString()
                for claims in (_AS_METADATA[::2], _AS_METADATA[1::2]):
                    self.asked += 1
                    told = ask_grpc(channel, method, request, (("x-api-key", READER.key), *_binary(claims)))
                    if told.status != "PERMISSION_DENIED":
                        yield f"{rpc} with {claims}: {told}"

    def try_two_credentials(self) -> Iterator[str]:
        """A wrong credential beside a right one is not made right by it: an `authorization` goes before a key."""
        wrong = ("authorization", "Bearer no-key-of-anybody-0001")
        for endpoint in self.endpoints:
            if endpoint.vendor.credentials[0].name == "authorization" and not endpoint.is_alias:
                target, body = endpoint.request(OURS)
                told = self._ask(endpoint.operation.method, target, (wrong, ("x-api-key", ADMIN.key)), body)
                if told.status != 401:
                    yield f"{endpoint.name} with a wrong and a right credential: {told}"

    def try_public(self) -> Iterator[str]:
        """What is told to everybody is what is documented, and holds nothing of a tenant."""
        told = [str(self._ask("GET", path, (), None)) for path in sorted(PUBLIC)]
        with grpc.insecure_channel(self.stand.grpc) as channel:
            served, files = _reflect(channel)
            told.append(files)
            health = health_pb2_grpc.HealthStub(channel)
            for service in served:
                self.asked += 1
                told.append(
                    str(health.Check(health_pb2.HealthCheckRequest(service=service))) if "v1.C" in service else ""
                )
        expected = {*(service.full_name for service in SERVICES), "grpc.health.v1.Health"}
        if served - {"grpc.reflection.v1alpha.ServerReflection"} != expected:
            yield f"served beside what is known: {served - expected}"
        yield from (f"told to everybody: {name}" for name in _REVEALING if name in "".join(told))

    def _ask(self, method: str, target: str, headers: Headers, body: bytes | None) -> Told:
        self.asked += 1
        self.between()
        return ask_json(self.stand.http, method, target, headers, body)


def _is_public(spelt: str) -> bool:
    """Whether it is another way to write a public path itself, with something behind its end."""
    return spelt.partition("?")[0] in PUBLIC


def _binary(claims: Headers) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((name, value.encode() if name.endswith("-bin") else value) for name, value in claims)


def _reflect(channel: grpc.Channel) -> tuple[set[str], str]:
    """The services that are served, and all that is told of their files."""
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = reflection_pb2.ServerReflectionRequest
    (listed,) = stub.ServerReflectionInfo(iter([asked(list_services="")]))
    names = {service.name for service in listed.list_services_response.service}
    return names, str(list(stub.ServerReflectionInfo(asked(file_containing_symbol=name) for name in sorted(names))))
