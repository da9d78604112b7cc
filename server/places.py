"""The places that `consent serve` keeps filled: one for each worker, one for the gateway; and who is begun in each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from server.admin import Admin
from server.child import Child
from server.domain.service_key import ServiceKeys
from server.ports import Ports
from server.processes import GRACE_SECONDS, Work, retire_seconds, run_gateway, run_grpc
from server.settings import ServeSettings, usable_cores
from server.slot import Slot
from server.tls import Certificates, Material

END_SECONDS = GRACE_SECONDS + 5
_GATEWAY_LEAVES_SECONDS = 120.0
"""More than its callers' idle connections and the calls under way last."""


@dataclass(frozen=True, slots=True)
class Means:
    """What processes are begun with. Their unix sockets are in `private`; `admin` counts what they do."""

    settings: ServeSettings
    keys: ServiceKeys
    certificates: Certificates | None
    ports: Ports
    private: Path
    admin: Admin | None

    @property
    def certificate(self) -> Material | None:
        """What TLS is spoken by at this moment: whoever is begun begins with it, even if its files are gone."""
        return self.certificates.newest if self.certificates else None


def worker_slots(means: Means) -> list[Slot]:
    """A place for each worker; on a core of its own where there are several."""
    count = means.settings.processes
    cores = usable_cores()
    if count == 1:
        return [_worker_slot(means, "grpc0", None)]
    return [_worker_slot(means, f"grpc{number}", cores[number % len(cores)]) for number in range(count)]


def _worker_slot(means: Means, name: str, core: int | None) -> Slot:
    settings, ports = means.settings, means.ports
    # Who leaves and who comes have sockets of their own; the gateway's path names the one that serves.
    paths = (means.private / f"{name}.{serial}" for serial in itertools.count())
    newest = means.private / name

    def begin() -> Child:
        nonlocal newest
        newest = next(paths)
        is_first = name == "grpc0"
        address, port = str(ports.grpc), ports.grpc.port
        work = Work(settings, means.keys, means.certificate, address, port, core, tells_figures=is_first)
        return Child(name, run_grpc, (work, name, str(newest)), means.admin.follow if means.admin else None)

    leave_seconds = retire_seconds(settings.connection_age) + END_SECONDS
    return Slot(name, begin, lambda: newest.replace(means.private / name), leave_seconds)


def gateway_slot(means: Means, workers: list[Slot]) -> Slot:
    """The gateway's place; it calls whoever serves in the workers'."""
    targets = tuple(f"unix:{means.private / worker.name}" for worker in workers)

    def begin() -> Child:
        arguments = (means.ports.http_socket, targets, means.settings, means.certificate, "gateway")
        return Child("gateway", run_gateway, arguments, means.admin.follow if means.admin else None)

    return Slot("gateway", begin, lambda: None, _GATEWAY_LEAVES_SECONDS)
