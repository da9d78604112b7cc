"""Values that would forge a line of the log or steer the terminal of its reader; secrets that must not be in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import grpc

from tests.servicer.samples import input_fields, put, sample
from tests.servicer.world import METHODS
from tests.torture.attack.doors import ask_grpc, ask_json
from tests.torture.attack.intruders import ADMIN, basic
from tests.torture.attack.paths import ENDPOINTS, OURS
from tests.torture.stand import Stand

MARK = "FORGED-LINE"
SECRET = "a-secret-that-no-log-may-hold"
FORGERIES = (
    f"x\n{MARK}",
    f"x\r\n2026-01-01T00:00:00Z [error    ] {MARK}",
    f'x"}}\n{{"event": "{MARK}", "level": "error"}}',
    f"\x1b[2J\x1b[31m{MARK}\x1b[0m",
    f"\x9b31m{MARK}",
    f"\u2028{MARK}\u2029{MARK}",
    f"\b\b\b\b{MARK}\x00",
    f"%0a{MARK}%0d",
    f"%s%(levelname)s{{0}}{MARK}",
)


def try_forging(stand: Stand) -> int:
    """Send the forgeries wherever a text goes, through both doors; answer how many."""
    sent = 0
    with grpc.insecure_channel(stand.grpc) as channel:
        for rpc, method in METHODS.items():
            texts = [
                path
                for message, field, path in input_fields(sample(rpc))
                if isinstance(getattr(message, field.name), str)
            ]
            for number, path in enumerate(texts):
                request = sample(rpc)
                put(request, path, FORGERIES[number % len(FORGERIES)])
                ask_grpc(channel, method, request.SerializeToString(), (("x-api-key", ADMIN.key),))
                sent += 1
        for forgery in FORGERIES:
            login = ("authorization", basic(forgery, SECRET))
            ask_grpc(channel, METHODS["ListConsents"], b"", (login, ("user-agent-bin", forgery.encode())))
            sent += 1
    for endpoint in ENDPOINTS:
        target, body = endpoint.request(OURS)
        for forgery in FORGERIES:
            shown = ADMIN.shown(endpoint.vendor.credentials[0])
            ask_json(stand.http, endpoint.operation.method, f"{target}{quote(forgery)}", (shown,), body)
            plain = forgery.encode("ascii", "replace").decode().translate(dict.fromkeys(range(32)))
            ask_json(
                stand.http, endpoint.operation.method, target, (("x-request-id", plain), ("x-api-key", SECRET)), body
            )
            sent += 2
    return sent


def read_json(log: str) -> Iterator[str]:
    """What is wrong with a log in JSON: a line that is none, a line that we did not write, a secret."""
    for line in log.splitlines():
        try:
            told = json.loads(line)
        except json.JSONDecodeError:
            yield f"a line that is no JSON: {line[:200]}"
            continue
        if "event" not in told or MARK in str(told["event"]):
            yield f"a line that was forged: {line[:200]}"
        if SECRET in line or ADMIN.key in line or ADMIN.password in line:
            yield f"a secret: {line[:200]}"


def read_console(log: str) -> Iterator[str]:
    """What is wrong with a log for people."""
    for line in log.split("\n"):
        if line.startswith(MARK) or "[error" in line:
            yield f"a line that was forged: {line[:200]!r}"
        if any(not (character.isprintable() or character == " ") for character in line):
            yield f"a character that steers a terminal: {line[:200]!r}"
        if SECRET in line or ADMIN.key in line or ADMIN.password in line:
            yield f"a secret: {line[:200]}"
