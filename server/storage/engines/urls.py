"""Database URLs: which engine one names, and how to speak of it without its password.

`sqlite:///relative.db`, `sqlite:////absolute.db` or a plain file path name an SQLite file;
`postgresql://user:password@host:port/database` (or `postgres://`) a PostgreSQL database, with any parameter that libpq
knows and `pool_size`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

POSTGRES_SCHEMES = ("postgresql", "postgres")
POOL_SIZE = 16
MAX_POOL_SIZE = 1000
_POOL_SIZE = "pool_size="
_SECRET = re.compile("password|secret")


class DatabaseUnusable(Exception):
    """The database cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where a PostgreSQL database is: what libpq needs, how many connections to keep, and a name without secrets."""

    conninfo: str = field(repr=False)
    pool_size: int
    name: str


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    return url.partition("://")[0] in POSTGRES_SCHEMES and "://" in url


def sqlite_path(url: str) -> Path:
    """The file that a URL names. Raises DatabaseUnusable for a URL of another engine, or none."""
    scheme, separator, rest = url.partition("://")
    path = rest.removeprefix("/") if separator else url
    if separator and scheme != "sqlite":
        raise DatabaseUnusable(f"database URLs begin with sqlite:/// or postgresql://, not {scheme}://")
    if not path or ":memory:" in path:
        raise DatabaseUnusable("the database must be a file: sqlite:///consent.db")
    return Path(path)


def postgres_address(url: str) -> PostgresAddress:
    """Read a PostgreSQL URL. Raises DatabaseUnusable, whose message holds no password."""
    place, _, query = url.partition("://")[2].partition("?")
    asked = [part for part in query.split("&") if part]
    sizes = [part.partition("=")[2] for part in asked if part.startswith(_POOL_SIZE)]
    rest = "&".join(part for part in asked if not part.startswith(_POOL_SIZE))
    pool_size = _pool_size(sizes[-1]) if sizes else POOL_SIZE
    conninfo = f"postgresql://{place}?{rest}" if rest else f"postgresql://{place}"
    try:
        known = conninfo_to_dict(conninfo)
        int(known.get("port") or 0)
    except (ValueError, ProgrammingError) as error:
        raise DatabaseUnusable(
            "the database URL cannot be read: it is postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with special characters in the password as %XX"
        ) from error
    if not known.get("dbname"):
        raise DatabaseUnusable("the database URL names no database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return PostgresAddress(conninfo, pool_size, _named(known))


def describe(url: str) -> str:
    """Name a database in a message: its file, or its host and name without user and password."""
    return postgres_address(url).name if is_postgres(url) else str(sqlite_path(url))


def masked(url: str) -> str:
    """A database URL for a person, with stars for whatever is secret. Raises DatabaseUnusable."""
    if not is_postgres(url):
        return url
    address = postgres_address(url)
    known = {name: str(value) for name, value in conninfo_to_dict(address.conninfo).items()}
    place = {name: known.pop(name, "") for name in ("user", "password", "host", "port", "dbname")}
    user = quote(place["user"], safe="") + (":***" if place["password"] else "")
    port = f":{place['port']}" if place["port"] else ""
    rest = [f"{name}={'***' if _SECRET.search(name) else value}" for name, value in known.items()]
    if place["host"].startswith("/"):
        rest = [f"host={place['host']}", *rest]
        place["host"] = ""
    if _POOL_SIZE in url:
        rest = [*rest, f"{_POOL_SIZE}{address.pool_size}"]
    login = f"{user}@" if user else ""
    return f"postgresql://{login}{place['host']}{port}/{place['dbname']}{'?' if rest else ''}{'&'.join(rest)}"


def _pool_size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_POOL_SIZE:
        raise DatabaseUnusable(f"pool_size in the database URL must be a number from 1 to {MAX_POOL_SIZE}")
    return int(text)


def _named(known: Mapping[str, object]) -> str:
    host = known.get("host") or known.get("hostaddr") or ""
    port = f":{known['port']}" if known.get("port") else ""
    if str(host).startswith("/"):
        return f"postgresql:///{known['dbname']}?host={host}"
    return f"postgresql://{host}{port}/{known['dbname']}"
