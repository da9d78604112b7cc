"""Inbound messages and their review, forgetting and legal holds, ledger epochs, and the indexes to list events by."""

from __future__ import annotations

_TYPES = {
    "sqlite": {
        "text": "TEXT",
        "big": "INTEGER",
        "integer": "INTEGER",
        "small": "INTEGER",
        "boolean": "INTEGER",
        "blob": "BLOB",
    },
    "postgres": {
        "text": 'TEXT COLLATE "C"',
        "big": "BIGINT",
        "integer": "INTEGER",
        "small": "SMALLINT",
        "boolean": "BOOLEAN",
        "blob": "BYTEA",
    },
}
_FALSE = {"sqlite": "0", "postgres": "FALSE"}

_STATEMENTS = (
    "ALTER TABLE tenants ADD COLUMN epoch {text} NOT NULL DEFAULT 'first'",
    "ALTER TABLE tenants ADD COLUMN erased_count {integer} NOT NULL DEFAULT 0",
    "ALTER TABLE recipients ADD COLUMN held {boolean} NOT NULL DEFAULT {false}",
    "ALTER TABLE review_items ADD COLUMN resolution {small}",
    "CREATE INDEX contacts_tenant_mobile ON contacts (tenant_id, mobile)",
    "CREATE INDEX contacts_tenant_opt_out_mobile ON contacts (tenant_id, opt_out_mobile)",
    "CREATE INDEX review_items_tenant_create_time ON review_items (tenant_id, create_time)",
    "CREATE INDEX consent_events_tenant_record_time ON consent_events (tenant_id, record_time)",
    "CREATE INDEX consent_events_tenant_batch_id ON consent_events (tenant_id, batch_id)",
    """
    CREATE TABLE inbound_messages (
        tenant_id {integer} NOT NULL,
        sender_id {text} NOT NULL,
        message_id {text} NOT NULL,
        recipient_id {big} NOT NULL,
        body_digest {blob} NOT NULL,
        answer {blob} NOT NULL,
        create_time {big} NOT NULL,
        PRIMARY KEY (tenant_id, sender_id, message_id, recipient_id, body_digest)
    )
    """,
    "CREATE INDEX inbound_messages_tenant_recipient_id ON inbound_messages (tenant_id, recipient_id)",
)


def statements(dialect: str) -> list[str]:
    """Answer the SQL for `sqlite` or `postgres`."""
    return [statement.format(**_TYPES[dialect], false=_FALSE[dialect]) for statement in _STATEMENTS]
