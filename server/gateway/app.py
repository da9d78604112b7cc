"""The gateway's composition: the four vendors, the native API and the house, in front of one server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from server.gateway.access import Access, Noting
from server.gateway.bounds import USUAL, Bounds, Places
from server.gateway.door import Door
from server.gateway.himarley import HIMARLEY
from server.gateway.house import build_house
from server.gateway.mykaarma import MYKAARMA
from server.gateway.native import NATIVE
from server.gateway.relay import RELAY
from server.gateway.telnyx import TELNYX
from server.gateway.upstream import Upstream

_VENDORS = (NATIVE, MYKAARMA, RELAY, TELNYX, HIMARLEY)
VENDORS = (*_VENDORS, build_house(_VENDORS))
"""Every API, in the order in which they are asked whether a path is theirs."""


def create_app(targets: Sequence[str], noting: Noting | None = None, bounds: Bounds = USUAL) -> Starlette:
    """The gateway in front of the servers at `targets`, gRPC targets such as `unix:/run/consent.sock`.

    What it answers is noted as told. The channels open and close with the application's lifespan.
    """
    upstream = Upstream(targets)
    noting = noting or Noting()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield

    # Whether the gateway lives is told however much there is to do.
    places, no_bound = Places(bounds.requests), Places(None)
    doors = [
        Door(vendor, upstream, Access(noting, vendor.name), bounds, places if vendor in _VENDORS else no_bound)
        for vendor in VENDORS
    ]
    return Starlette(routes=doors, lifespan=lifespan)
