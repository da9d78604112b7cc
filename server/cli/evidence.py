"""The options by which a statement is proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from consent.v1.ledger_pb2 import EvidenceMethod

from server.cli.texts import Bounded

F = TypeVar("F", bound=Callable[..., Any])

_PREFIX = "EVIDENCE_METHOD_"
METHODS = {
    name.removeprefix(_PREFIX).lower().replace("_", "-"): name.removeprefix(_PREFIX)
    for name, number in EvidenceMethod.items()
    if number
}
_TEXTS = {
    "text_shown": "The text that the person saw or heard.",
    "text_version": "The version of that text.",
    "language": "The language of that text, such as en or fr-CA.",
    "url": "The page where it was said.",
    "ip_address": "The address that the person came from, IPv4 or IPv6.",
    "user_agent": "The program that the person used.",
    "message_id": "The message in which it was said.",
    "artifact_hash": "The hash of a recording, scan or screenshot, with its algorithm: sha256:…",
    "jurisdiction": "Whose law it was said under, such as US-CA.",
}
NAMES = ("method", *_TEXTS)


def evidence_options(command: F) -> F:
    """Add them all; the command takes them as keyword arguments, which `read_evidence` reads."""
    for name, text in reversed(_TEXTS.items()):
        option = click.option(f"--{name.replace('_', '-')}", name, type=Bounded(f"Evidence.{name}"), help=text)
        command = option(command)
    method = click.option(
        "--method",
        type=click.Choice(list(METHODS)),
        help="How it was said. Needed for a statement of the recipient, with one of --message-id, --url, --ip-address "
        "and --artifact-hash.",
    )
    return method(command)


def read_evidence(options: Mapping[str, str | None]) -> dict[str, str]:
    """What was given, by field name."""
    told = {name: value for name in NAMES if (value := options[name])}
    if "method" in told:
        told["method"] = METHODS[told["method"]]
    return told
