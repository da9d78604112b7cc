"""The SQL of the hot paths, taken once from the models: building a query costs twenty times what running it does.

Parameters are in the order in which each comment names them; columns in the order of the model's fields.
"""

from __future__ import annotations

from typing import Any

from peewee import Database, Model, Query

from server.domain.model import State
from server.storage.tables import (
    ConsentRow,
    EventRow,
    PayloadRow,
    PurposeRow,
    RecipientRow,
    SenderRow,
    TenantRow,
)


class Sql:
    """Fixed SQL text for one database's dialect."""

    def __init__(self, database: Database) -> None:
        def text(query: Query) -> str:
            return str(database.get_sql_context().sql(query).query()[0])

        # tenant id
        self.tenant = text(TenantRow.select().where(TenantRow.id == 0))
        # tenant id, sender id
        self.sender = text(SenderRow.select().where(SenderRow.tenant_id == 0, SenderRow.id == ""))
        # tenant id, purpose id
        self.purpose = text(PurposeRow.select().where(PurposeRow.tenant_id == 0, PurposeRow.id == ""))
        # tenant id, address, channel
        self.recipient_id = text(
            RecipientRow.select(RecipientRow.id).where(
                RecipientRow.tenant_id == 0, RecipientRow.address == "", RecipientRow.channel == 0
            )
        )
        # tenant id, address, channel, sibling channel (or the channel again), channel, OPTED_OUT
        self.records = text(
            ConsentRow.select()
            .join(
                RecipientRow,
                on=(RecipientRow.tenant_id == ConsentRow.tenant_id) & (RecipientRow.id == ConsentRow.recipient_id),
            )
            .where(
                RecipientRow.tenant_id == 0,
                RecipientRow.address == "",
                # By itself, so that the planner sees that the index of addresses leads to two rows at most.
                RecipientRow.channel.in_([0, 0]),
                (RecipientRow.channel == 0)
                | (ConsentRow.state == State.OPTED_OUT)
                | ConsentRow.suspect_time.is_null(False),
            )
        )
        # tenant id, recipient id
        self.records_of_id = text(ConsentRow.select().where(ConsentRow.tenant_id == 0, ConsentRow.recipient_id == 0))
        # head revision, head hash, head time, tenant id
        self.move_head = text(
            TenantRow.update({TenantRow.head_revision: 0, TenantRow.head_hash: b"", TenantRow.head_time: 0}).where(
                TenantRow.id == 0
            )
        )
        self.insert_recipient = insert(database, RecipientRow)
        self.insert_event = insert(database, EventRow)
        self.insert_payload = insert(database, PayloadRow)
        self.upsert_consent = upsert(database, ConsentRow)


def insert(database: Database, model: type[Model]) -> str:
    """Insert one row, every column in the order of the model's fields."""
    columns = _columns(model)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join([database.param] * len(columns))
    return f'INSERT INTO "{model._meta.table_name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own models


def upsert(database: Database, model: type[Model]) -> str:
    """Insert one row or, where its primary key is there, replace all other columns."""
    keys = [field.column_name for field in _meta(model).get_primary_keys()]
    others = ", ".join(f'"{name}" = excluded."{name}"' for name in _columns(model) if name not in keys)
    names = ", ".join(f'"{name}"' for name in keys)
    return f"{insert(database, model)} ON CONFLICT ({names}) DO UPDATE SET {others}"


def _columns(model: type[Model]) -> list[str]:
    return [field.column_name for field in _meta(model).sorted_fields]


def _meta(model: type[Model]) -> Any:
    return model._meta
