"""Which module may import which (DESIGN, section 8), and a reader of imports. Held by test_imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a layer may import of ours, longest name that fits. The ports of the storage are its `protocol`.
LAYERS: dict[str, frozenset[str]] = {
    "consent": frozenset({"consent"}),
    "server.domain": frozenset({"server.domain"}),
    "server.storage": frozenset({"server.storage", "server.domain", "server.metrics"}),
    "server.usecases": frozenset({"server.usecases", "server.domain", "server.storage.protocol"}),
    "server.api": frozenset(
        {
            *("server.api", "server.usecases", "server.domain", "server.storage.protocol"),
            *("server.metrics", "server.telemetry", "server.tls", "server.version", "consent"),
        }
    ),
    "server.gateway": frozenset(
        {"server.gateway", "server.metrics", "server.telemetry", "server.tls", "server.version", "consent"}
    ),
    "server.client": frozenset({"server.client", "consent"}),
    "server.metrics": frozenset({"server.metrics", "server.version"}),
    "server.telemetry": frozenset({"server.telemetry"}),
    "server.tls": frozenset({"server.tls"}),
    "server.version": frozenset(),
}
# The composition root and the command line know everything, and no layer knows them.
ROOTS = frozenset(
    f"server.{name}"
    for name in (
        *("__main__", "admin", "app", "cli", "demo", "scrubbing", "settings"),
        *("child", "descriptors", "listening", "places", "ports", "processes", "slot", "supervisor"),
    )
)
# Libraries that belong to some layers alone.
LIBRARIES: dict[str, frozenset[str]] = {
    "peewee": frozenset({"server.storage"}),
    "playhouse": frozenset({"server.storage"}),
    "sqlite3": frozenset({"server.storage"}),
    "psycopg": frozenset({"server.storage"}),
    "grpc": frozenset({"consent", "server.api", "server.gateway", "server.client"}),
    "grpc_health": frozenset({"server.api", "server.gateway", "server.client"}),
    "grpc_reflection": frozenset({"server.api"}),
    "google": frozenset({"consent", "server.api", "server.gateway", "server.client"}),
    "prometheus_client": frozenset({"server.metrics"}),
    "cryptography": frozenset({"server.tls"}),
    "starlette": frozenset({"server.gateway"}),
    "uvicorn": frozenset({"server.gateway"}),
    "click": frozenset(),
    "rich": frozenset(),
}
# The domain is pure: no clock, no machine, no log.
IMPURE = frozenset(
    {"time", "datetime", "os", "sys", "pathlib", "socket", "threading", "logging", "structlog", "random"}
)


@dataclass(frozen=True, slots=True)
class Import:
    """One module that another names, and where."""

    line: int
    name: str


def modules(root: Path) -> Iterator[tuple[str, str]]:
    """Every module under `server` and `generated`, by name, with its text."""
    for base, package in ((root, "server"), (root / "generated", "consent")):
        for path in sorted((base / package).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path.read_text(encoding="utf-8")


def imports(module: str, text: str, is_package: bool = False) -> Iterator[Import]:
    """Everything that a module imports, at any depth; `from package import module` names the module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: (None if is_package else -1)] if node.level else []
            parents = parents[: len(parents) - (node.level - 1)] if node.level > 1 else parents
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def layer(module: str) -> str | None:
    """The layer or root that a module belongs to; None where nobody has said."""
    named = [name for name in (*LAYERS, *ROOTS) if _within(module, name)]
    return max(named, key=len, default="server" if module == "server" else None)


def violations(module: str, text: str, is_package: bool = False) -> list[str]:
    """What a module imports against the rules, for a person."""
    own = layer(module)
    if own is None:
        return [f"{module} belongs to no layer: say in import_rules which one"]
    found = []
    for imported in imports(module, text, is_package):
        top = imported.name.partition(".")[0]
        ours = top in ("server", "consent")
        allowed = (
            own in ROOTS
            or (ours and any(_within(imported.name, name) for name in LAYERS.get(own, ())))
            or (not ours and own in LIBRARIES.get(top, {own}) and not (own == "server.domain" and top in IMPURE))
        )
        if not allowed:
            found.append(f"{module}:{imported.line} may not import {imported.name}")
    return found


def _within(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")
