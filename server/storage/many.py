"""Questions about many addresses at once: their SQL, and how the addresses and what is found travel.

A question is asked with one parameter for all addresses, in one statement for any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from peewee import Database, PostgresqlDatabase

from server.domain import standing
from server.domain.model import ALL
from server.storage.tables import ConsentRow

# A record that was found is one number: its address's place, the channel, the standing.
_CHANNEL = 128
_PLACE = 8 * _CHANNEL


def listed(database: Database, values: Sequence[str]) -> object:
    """Many values as the one parameter that stands for them."""
    return values if isinstance(database, PostgresqlDatabase) else orjson.dumps(values).decode()


def people_sql(database: Database) -> str:
    """Addresses, tenant id: the place of the address, its recipients' ids and channels, all columns of each record."""
    names = ", ".join(f'c."{field.column_name}"' for field in ConsentRow._meta.sorted_fields)
    place, found = _found(database, "LEFT JOIN")
    return f"SELECT {place}, r.id, r.channel, {names} {found}"


def records_sql(database: Database) -> str:
    """Addresses, tenant id: the place of the address, the channel and all columns of each record."""
    names = ", ".join(f'c."{field.column_name}"' for field in ConsentRow._meta.sorted_fields)
    place, found = _found(database)
    return f"SELECT {place}, r.channel, {names} {found}"


def standings_sql(database: Database) -> str:
    """The moment, addresses, tenant id, sender id, purpose id: one value, for `read_standings`.

    In one row, since each row that is taken from SQLite lets another thread in between.
    """
    mark = database.param
    place, found = _found(database)
    number = (
        f"({place}) * {_PLACE} + r.channel * {_CHANNEL}"
        f" + c.state + {standing.STRENGTH} * COALESCE(c.strength, 0)"
        f" + CASE WHEN c.suspect_time IS NULL THEN 0 ELSE {standing.SUSPECTED} END"
        f" + CASE WHEN c.request_time IS NULL THEN 0 ELSE {standing.REQUESTED} END"
        f" + CASE WHEN c.expire_time <= {mark} THEN {standing.ENDED} ELSE 0 END"
    )
    # A plus keeps SQLite from searching up to four times for what lies side by side: most people have a record or two.
    joined, bare = ("array_agg", "") if isinstance(database, PostgresqlDatabase) else ("json_group_array", "+")
    covers = f"{bare}c.sender_id IN ({mark}, '{ALL}') AND {bare}c.purpose_id IN ({mark}, '{ALL}')"
    return f"SELECT {joined}({number}) {found} WHERE {covers}"


def read_standings(value: Any) -> list[tuple[int, int, int]]:
    """What was found: the place of the address, the channel, the standing."""
    numbers = orjson.loads(value) if isinstance(value, str) else value or ()
    return [(number // _PLACE, number // _CHANNEL % 8, number % _CHANNEL) for number in numbers]


def _found(database: Database, records: str = "") -> tuple[str, str]:
    """How the place of an address is told; and the records at all addresses, walked in the order of the addresses.

    Left alone, the planner may walk through all records of the tenant instead. `records` is how those are joined.
    """
    if isinstance(database, PostgresqlDatabase):
        place, then = "asked.place - 1", "JOIN"
        asked = f"unnest({database.param}::text[]) WITH ORDINALITY AS asked(value, place)"
    else:
        place, then, asked = "asked.key", "CROSS JOIN", "json_each(?) AS asked"
    return place, (
        f"FROM {asked} "
        f'{then} "recipients" AS r ON r.tenant_id = {database.param} AND r.address = asked.value '
        f'{records or then} "consents" AS c ON c.tenant_id = r.tenant_id AND c.recipient_id = r.id'
    )
