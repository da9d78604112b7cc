"""Every RPC and every JSON path, asked by everybody who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc

from server.domain.model import Role
from tests.servicer.roles import ROLES
from tests.servicer.samples import sample
from tests.servicer.world import METHODS
from tests.torture.attack.doors import Headers, Told, ask_grpc, ask_json
from tests.torture.attack.intruders import BY_ROLE, ELSEWHERE, MALFORMED, REFUSED, RIVAL, Secret
from tests.torture.attack.paths import ENDPOINTS, NOBODYS, OURS, Endpoint, Things
from tests.torture.stand import Stand

NEEDED = {rpc: role for roles in ROLES.values() for rpc, role in roles.items()}
_WRONG = {"wrong": REFUSED["wrong"]}
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


@dataclass
class Matrix:
    """The questions and what was wrong with the answers. `between`: what lets a failed login be forgotten.

    Without `thorough` each path is asked with one of its headers, and what is another path's alias with less.
    """

    stand: Stand
    between: Callable[[], None]
    thorough: bool = True
    more: tuple[Headers, ...] = ()
    """Headers beside those of MALFORMED."""
    asked: int = 0

    def try_rpcs(self) -> Iterator[str]:
        """Every RPC: without a credential, with each that opens nothing, with each role below its own."""
        with grpc.insecure_channel(self.stand.grpc) as channel:
            for rpc in METHODS:
                yield from self._try_rpc(channel, rpc)

    def _try_rpc(self, channel: grpc.Channel, rpc: str) -> Iterator[str]:
        request = sample(rpc).SerializeToString()

        def ask(*metadata: tuple[str, str]) -> Told:
            self.asked += 1
            self.between()
            return ask_grpc(channel, METHODS[rpc], request, metadata)

        missing = ask()
        if (missing.status, missing.text[:18]) != ("UNAUTHENTICATED", "CREDENTIAL_MISSING"):
            yield f"{rpc} without a credential: {missing}"
        refused = {kind: ask(("x-api-key", secret.key)) for kind, secret in REFUSED.items()}
        refused |= {
            str(headers): ask(*headers) for headers in (*MALFORMED, *self.more) if not headers[0][0].endswith("-bin")
        }
        for kind, told in refused.items():
            if told.status != "UNAUTHENTICATED" or not told.text.startswith("CREDENTIAL_"):
                yield f"{rpc} with a credential that is {kind}: {told}"
        if len({refused[kind] for kind in REFUSED}) != 1:
            yield f"{rpc} tells apart what opens nothing: {refused}"
        for role in Role:
            if role < NEEDED[rpc] and (told := ask(("x-api-key", BY_ROLE[role].key))).status != "PERMISSION_DENIED":
                yield f"{rpc} as {role.name}: {told}"

    def try_paths(self) -> Iterator[str]:
        """Every JSON path: the same, and with the credentials of another tenant and of other senders."""
        for endpoint in ENDPOINTS:
            yield from self._try_credentials(endpoint)
            yield from self._try_names(endpoint)

    def ask(self, endpoint: Endpoint, things: Things, headers: Headers) -> Told:
        """The good request about these things, with these headers."""
        self.asked += 1
        self.between()
        target, body = endpoint.request(things)
        return ask_json(self.stand.http, endpoint.operation.method, target, headers, body)

    def _try_credentials(self, endpoint: Endpoint) -> Iterator[str]:
        known = endpoint.vendor.credentials if self.thorough else endpoint.vendor.credentials[:1]
        secrets = REFUSED if self.thorough or not endpoint.is_alias else _WRONG
        nothing = [self.ask(endpoint, OURS, headers) for headers in ((), *MALFORMED, *self.more)]
        yield from (f"{endpoint.name}: {told}" for told in nothing if told.status != _UNAUTHENTICATED)
        for header in known:
            refused = {kind: self.ask(endpoint, OURS, (secret.shown(header),)) for kind, secret in secrets.items()}
            for kind, told in refused.items():
                if told.status != _UNAUTHENTICATED or ("www-authenticate" in told.headers) != bool(
                    endpoint.vendor.challenge
                ):
                    yield f"{endpoint.name} with {header} that is {kind}: {told}"
            if len(set(refused.values())) != 1:
                yield f"{endpoint.name} tells apart what opens nothing: {refused}"
        for role in Role:
            if role < endpoint.told.role:
                told = self.ask(endpoint, OURS, (BY_ROLE[role].shown(known[0]),))
                if told.status not in (_UNAUTHENTICATED, _FORBIDDEN):
                    yield f"{endpoint.name} as {role.name}: {told}"

    def _try_names(self, endpoint: Endpoint) -> Iterator[str]:
        """What another tenant has, or is of senders that the credential is not bound to, is as what nobody has."""
        header = endpoint.vendor.credentials[0]

        def outcomes(secret: Secret) -> tuple[Told, Told]:
            shown = (secret.shown(header),)
            ours, nobodys = self.ask(endpoint, OURS, shown), self.ask(endpoint, NOBODYS, shown)
            return ours.without(OURS.names), nobodys.without(NOBODYS.names)

        ours, nobodys = outcomes(RIVAL)
        if ours != nobodys or (ours.status != _NOT_FOUND and not endpoint.told.any_name):
            yield f"{endpoint.name} from another tenant: {ours}, and of nothing: {nobodys}"
        if endpoint.told.of_all:
            return
        ours, nobodys = outcomes(ELSEWHERE)
        if ours != nobodys or ours.status not in (_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND):
            yield f"{endpoint.name} for other senders: {ours}, and of nothing: {nobodys}"
