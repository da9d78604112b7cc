"""The server as it is composed: what its parts tell the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import grpc
from consent.v1 import ledger_pb2
from consent.v1.consent_service_pb2_grpc import ConsentServiceStub

from server.app import build
from server.metrics.families import SERVING, WATCHES, Cells, Family, Labels
from tests.servicer import tenants
from tests.servicer.world import KEYS, World


def test_it_tells_whether_it_serves_and_how_many_watch(world: World, tmp_path: Path) -> None:
    target = f"unix:{tmp_path}/app"
    application = build(str(world.path), KEYS, [target], name="grpc7", tells_figures=False)

    def told(family: Family) -> Mapping[Labels, Cells]:
        return application.metrics.report()[family.name]

    assert told(SERVING) == {("grpc7",): (0,)}
    application.start()
    assert told(SERVING) == {("grpc7",): (1,)}
    assert told(WATCHES) == {(): (0,)}
    with grpc.insecure_channel(target) as channel:
        request = ledger_pb2.WatchConsentEventsRequest(after_revision=-1)
        watch = ConsentServiceStub(channel).WatchConsentEvents(request, metadata=(("x-api-key", tenants.READER),))
        next(watch)
        assert told(WATCHES) == {(): (1,)}
        watch.cancel()
        while told(WATCHES) != {(): (0,)}:
            pass
    application.stop(5)
    assert told(SERVING) == {("grpc7",): (0,)}
