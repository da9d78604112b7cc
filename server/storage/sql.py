"""The SQL of the hot paths, taken once from the models: building a query costs twenty times what running it does.

Parameters are in the order in which each comment names them; columns in the order of the model's fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import JOIN, SQL, Database, Model, Query

from server.domain.model import State
from server.storage import many
from server.storage.tables import (
    TABLES,
    AnswerRow,
    AutoResponseRow,
    ConsentRow,
    ContactRow,
    InboundMessageRow,
    MessageStatementRow,
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

        self._text = text
        self._database = database
        self._glimpses: dict[int, str] = {}

        # tenant id
        self.tenant = text(TenantRow.select().where(TenantRow.id == 0))
        # tenant id, sender id
        self.sender = text(SenderRow.select().where(SenderRow.tenant_id == 0, SenderRow.id == ""))
        # tenant id, purpose id
        self.purpose = text(PurposeRow.select().where(PurposeRow.tenant_id == 0, PurposeRow.id == ""))
        # tenant id, recipient id
        self.recipient = text(
            RecipientRow.select(RecipientRow.channel, RecipientRow.address).where(
                RecipientRow.tenant_id == 0, RecipientRow.id == 0
            )
        )
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
        # tenant id, address
        self.person = text(
            RecipientRow.select(RecipientRow.id, RecipientRow.channel, *_meta(ConsentRow).sorted_fields)
            .join(
                ConsentRow,
                JOIN.LEFT_OUTER,
                on=(ConsentRow.tenant_id == RecipientRow.tenant_id) & (ConsentRow.recipient_id == RecipientRow.id),
            )
            .where(RecipientRow.tenant_id == 0, RecipientRow.address == "")
        )
        # tenant id, recipient id
        self.records_of_id = text(ConsentRow.select().where(ConsentRow.tenant_id == 0, ConsentRow.recipient_id == 0))
        # head revision, head hash, head time, tenant id
        self.move_head = text(
            TenantRow.update({TenantRow.head_revision: 0, TenantRow.head_hash: b"", TenantRow.head_time: 0}).where(
                TenantRow.id == 0
            )
        )
        self.people = many.people_sql(database)
        self.records_of_many = many.records_sql(database)
        self.standings = many.standings_sql(database)
        # tenant id, credential id, method, request id, the earliest moment
        self.answered = text(
            AnswerRow.select(AnswerRow.fingerprint, AnswerRow.answer).where(
                AnswerRow.tenant_id == 0,
                AnswerRow.credential_id == "",
                AnswerRow.method == "",
                AnswerRow.request_id == "",
                AnswerRow.create_time >= 0,
            )
        )
        # tenant id, sender id, message id, recipient id, digest of the body
        self.heard_answer = text(
            InboundMessageRow.select(InboundMessageRow.answer).where(
                InboundMessageRow.tenant_id == 0,
                InboundMessageRow.sender_id == "",
                InboundMessageRow.message_id == "",
                InboundMessageRow.recipient_id == 0,
                InboundMessageRow.body_digest == b"",
            )
        )
        # tenant id, sender id
        self.auto_responses = text(
            AutoResponseRow.select()
            .where(AutoResponseRow.tenant_id == 0, AutoResponseRow.sender_id == "")
            .order_by(AutoResponseRow.create_time.desc(), AutoResponseRow.id)
        )
        # tenant id, then the value
        self.contacts_by = {
            field.name: text(
                ContactRow.select()
                .where(ContactRow.tenant_id == 0, field == "")
                .order_by(ContactRow.create_time.desc(), ContactRow.id)
            )
            for field in (ContactRow.id, ContactRow.external_id, ContactRow.email_key, ContactRow.mobile)
        }
        self.inserts = {model: insert(database, model) for model in TABLES}
        self.upserts = {model: upsert(database, model) for model in TABLES if not _meta(model).auto_increment}
        self.insert_statement = f"{self.inserts[MessageStatementRow]} ON CONFLICT DO NOTHING"

    def listed(self, values: Sequence[str]) -> object:
        """Many values as the one parameter that stands for them."""
        return many.listed(self._database, values)

    def glimpse(self, addresses: int) -> str:
        """All of a decision, for a recipient that may stand under so many addresses; a row for each record, or one.

        Sender id, purpose id, the addresses, channel, sibling channel (or the channel again), channel, OPTED_OUT,
        tenant id.
        """
        known = self._glimpses.get(addresses)
        if known is None:
            known = self._glimpses[addresses] = self._text(_glimpse(addresses))
        return known


def _glimpse(addresses: int) -> Query:
    tenant = TenantRow.id
    at_home = RecipientRow.channel == 0
    forbids = (ConsentRow.state == State.OPTED_OUT) | ConsentRow.suspect_time.is_null(False)
    return (
        TenantRow.select(
            TenantRow.head_revision,
            TenantRow.head_time,
            TenantRow.erased_count,
            *(field for model in (SenderRow, PurposeRow, ConsentRow) for field in _meta(model).sorted_fields),
        )
        .join(SenderRow, JOIN.LEFT_OUTER, on=(SenderRow.tenant_id == tenant) & (SenderRow.id == ""))
        .switch(TenantRow)
        .join(PurposeRow, JOIN.LEFT_OUTER, on=(PurposeRow.tenant_id == tenant) & (PurposeRow.id == ""))
        .switch(TenantRow)
        .join(
            RecipientRow,
            JOIN.LEFT_OUTER,
            on=(RecipientRow.tenant_id == tenant)
            & RecipientRow.address.in_([""] * addresses)
            # As a sum, so that no index serves it: an address has few channels, and to look for each is a search.
            & (RecipientRow.channel + SQL("0")).in_([0, 0]),
        )
        .switch(TenantRow)
        .join(
            ConsentRow,
            JOIN.LEFT_OUTER,
            on=(ConsentRow.tenant_id == tenant) & (ConsentRow.recipient_id == RecipientRow.id) & (at_home | forbids),
        )
        .where(tenant == 0)
    )


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
