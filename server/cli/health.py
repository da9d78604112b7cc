"""`consent health`: does it serve? For start-up scripts, and for what watches a container."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click
import grpc
from click.core import ParameterSource
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from server.cli.dialling import Place, Told, place_at
from server.cli.output import print_json, print_line
from server.cli.session import Refused, Unusable, json_option, told
from server.client import Retries
from server.settings import DEFAULT_GRPC

_ANSWER_SECONDS = 3.0
_UNREACHED = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


@click.command(
    epilog="""\b
    Examples:
      consent health
      consent health --target consent.internal:50051 --ca ca.pem --wait 60
      consent health --service consent.v1.ConsentService --json
    """
)
@click.option(
    "--target",
    envvar="CONSENT_GRPC",
    default=DEFAULT_GRPC,
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="The server to ask. Where the variable is what the server listens on everywhere, 0.0.0.0, this machine's.",
)
@click.option("--service", default="", metavar="NAME", help="Ask for one service, as consent.v1.ConsentService.")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0, max=86_400),
    default=0.0,
    metavar="SECONDS",
    help="Ask again for so long until it serves, also while nobody answers. Without it, once.",
)
@click.option("--tls", is_flag=True, help="Ask over TLS, and trust whom this machine trusts.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Ask over TLS, and trust these (PEM).")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="FILE", help="Show this certificate (PEM).")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's key (PEM).")
@click.option("--tls-name", metavar="NAME", help="The name in the server's certificate, where it is not the target's.")
@json_option
def health(
    target: str,
    service: str,
    seconds: float,
    tls: bool,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    tls_name: str | None,
    as_json: bool,
) -> None:
    """Ask a running server whether it serves.

    It needs no credential and no database: it asks by grpc.health.v1, as `consent serve` answers it. Without --target
    it asks the one of this machine, over TLS where CONSENT_TLS_CERTIFICATE and CONSENT_TLS_KEY say so.

    Exit code 0: it serves; 1: it answers that it does not, and its log tells why; 2: it cannot be asked.
    """
    with told():
        is_own = click.get_current_context().get_parameter_source("target") is not ParameterSource.COMMANDLINE
        place = place_at(target, Told(tls, ca, certificate, key, tls_name), os.environ if is_own else {})
        serves = _ask(place, service, seconds)
    if as_json:
        print_json({"target": place.target, "service": service, "serving": serves})
    elif serves:
        print_line(f"{place.target} serves")
    if not serves:
        raise Refused(
            f"{place.target} answers, and does not serve: its database cannot be used, is not migrated, or it stops; "
            "its log tells why"
        )


class _Unanswered(Unusable):
    """Nobody answers; it may come."""


def _ask(place: Place, service: str, seconds: float) -> bool:
    """Whether it serves; where it does not, or does not answer, asked again for so many seconds. Raises Unusable."""
    ends = time.monotonic() + seconds
    retries = Retries()
    asked = 0
    with place.channel() as channel:
        stub = HealthStub(channel)
        while True:
            asked += 1
            pause = retries.wait(asked)
            is_last = time.monotonic() + pause >= ends
            try:
                serves = _answer(stub, service, place)
            except _Unanswered:
                if is_last:
                    raise
            else:
                if serves or is_last:
                    return serves
            time.sleep(pause)


def _answer(stub: HealthStub, service: str, place: Place) -> bool:
    """Whether it serves. Raises Unusable."""
    target = place.target
    try:
        status = stub.Check(HealthCheckRequest(service=service), timeout=_ANSWER_SECONDS).status
    except grpc.RpcError as error:
        if error.code() in _UNREACHED:
            how = "over TLS" if place.credentials else "in clear text; --tls and --ca ask over TLS"
            raise _Unanswered(f"{target} does not answer ({how}): {error.details()}") from error
        if error.code() is grpc.StatusCode.NOT_FOUND:
            raise Unusable(f"{target} has no service {service}") from error
        raise Unusable(f"{target} does not tell its health: {error.code().name}") from error
    return bool(status == HealthCheckResponse.SERVING)
