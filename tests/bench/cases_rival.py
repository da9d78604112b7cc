"""The case that compares with what a user would build instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from consent.v1.decision_pb2 import Verdict, VerdictReason

from server.demo import API_KEY, BRAND
from tests.bench import people
from tests.bench.generator import generator
from tests.bench.loads import Load, LoadFailed
from tests.bench.processes import CLIENT_CORE, consent, rival
from tests.bench.questions import CHECK, Checks, Samples
from tests.bench.rounds import Result
from tests.bench.workbench import Workbench, rates

_CALLERS = 32
_CHANNEL_NAMES = {1: "SMS", 3: "EMAIL"}


def _request(person: int) -> bytes:
    channel, address = people.recipient(person)
    question = {
        "sender": BRAND,
        "channel": _CHANNEL_NAMES[channel],
        "address": address,
        "purpose": people.MARKETING,
    }
    body = json.dumps(question)
    head = f"POST /check HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {API_KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def unary(bench: Workbench) -> Iterator[Result]:
    """CheckConsent beside the same check by FastAPI and SQLAlchemy, one process each."""
    checks, database = Checks.of(bench.records), bench.database()
    requests = [_request(person) for person in checks.persons]

    def hold(samples: Samples) -> None:
        for index, body in samples:
            told = json.loads(body)
            verdict, reason = people.truth(checks.persons[index], checks.count)
            names = Verdict.Name(verdict)[len("VERDICT_") :], VerdictReason.Name(reason)[len("VERDICT_REASON_") :]
            if (told["verdict"], told["reason"]) != names:
                raise LoadFailed(f"the FastAPI service answers {told}, and should {names}")

    with generator(CLIENT_CORE) as sender, consent(database) as ours, rival(database) as theirs:

        def asked() -> Load:
            changed = {"port": theirs.http, "connections": _CALLERS}
            return bench.load(theirs, "", requests, _CALLERS, **changed)

        yield bench.compare(
            "check.unary.vs_fastapi",
            "calls/s",
            f"CheckConsent, {bench.records:,} records, SQLite, {_CALLERS} callers, beside a FastAPI + SQLAlchemy (ORM) "
            "service that answers the same check; one process each, on a core of its own",
            rates(sender, lambda: bench.load(ours, CHECK, checks.messages, _CALLERS), checks.hold),
            rates(sender, asked, hold),
        )


CASES: dict[tuple[str, ...], Callable[[Workbench], Iterator[Result]]] = {("check.unary.vs_fastapi",): unary}
