"""The ways in, and what each has not: by decision, and told here."""

from __future__ import annotations

from collections.abc import Mapping

from tests.e2e.ways.commands import CommandWay
from tests.e2e.ways.native import NativeWay
from tests.e2e.ways.programs import ClientWay
from tests.e2e.ways.stubs import StubWay
from tests.e2e.ways.way import Way

WAYS: tuple[type[Way], ...] = (StubWay, NativeWay, ClientWay, CommandWay)

_FOR_PEOPLE = "reviews are judged by people: at the command line, or in a program of one's own over gRPC"
_STREAMED = "a verification tells how far it is, as a stream over gRPC and a bar at the command line"

MISSING: Mapping[str, Mapping[str, str]] = {
    StubWay.name: {},
    NativeWay.name: {"waiting": _FOR_PEOPLE, "judge": _FOR_PEOPLE, "verify": _STREAMED},
    ClientWay.name: {
        "check_batch": "check_many cuts any number of recipients into batches; no caller sees one",
        "waiting": _FOR_PEOPLE,
        "judge": _FOR_PEOPLE,
        "verify": _STREAMED,
    },
    CommandWay.name: {
        "check_reply": "a permit is for the program that sends the reply; nobody types one",
        "check_campaign": "a campaign is a program's: it asks where it sends",
        "check_batch": "a campaign is a program's: it asks where it sends",
        "record_once": "a person sees whether the command was done, and repeats nothing unseen",
    },
}
"""Why a way has not a step, by the way's name. In the scenario gRPC stands in for it, on the same person."""


def having(way: Way, step: str) -> Way:
    """The way itself, or the one that stands in where it has not this step."""
    return StubWay(way.served, way.account) if step in MISSING[way.name] else way
