"""The first schema: tenants, senders, recipients, consents, the ledger, contacts, credentials, auto-responses."""

from __future__ import annotations

_TYPES = {
    "sqlite": {
        "serial": "INTEGER",
        "text": "TEXT",
        "big": "INTEGER",
        "integer": "INTEGER",
        "small": "INTEGER",
        "boolean": "INTEGER",
        "blob": "BLOB",
        "clustered": " WITHOUT ROWID",
    },
    "postgres": {
        "serial": "SERIAL",
        # Compared by code points, whatever the database's locale.
        "text": 'TEXT COLLATE "C"',
        "big": "BIGINT",
        "integer": "INTEGER",
        "small": "SMALLINT",
        "boolean": "BOOLEAN",
        "blob": "BYTEA",
        "clustered": "",
    },
}

_STATEMENTS = (
    """
    CREATE TABLE tenants (
        id {serial} NOT NULL PRIMARY KEY,
        name {text} NOT NULL,
        country {text},
        head_revision {big} NOT NULL,
        head_hash {blob} NOT NULL,
        head_time {big} NOT NULL,
        create_time {big} NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX tenants_name ON tenants (name)",
    """
    CREATE TABLE senders (
        tenant_id {integer} NOT NULL,
        id {text} NOT NULL,
        kind {small} NOT NULL,
        double_opt_in {boolean} NOT NULL,
        country {text},
        reach {small} NOT NULL,
        create_time {big} NOT NULL,
        update_time {big} NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE purposes (
        tenant_id {integer} NOT NULL,
        id {text} NOT NULL,
        rule {small} NOT NULL,
        minimum {small},
        ignores_opt_out {boolean} NOT NULL,
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE recipients (
        id {big} NOT NULL PRIMARY KEY,
        tenant_id {integer} NOT NULL,
        channel {small} NOT NULL,
        address {text} NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX recipients_tenant_address_channel ON recipients (tenant_id, address, channel)",
    """
    CREATE TABLE consents (
        tenant_id {integer} NOT NULL,
        recipient_id {big} NOT NULL,
        sender_id {text} NOT NULL,
        purpose_id {text} NOT NULL,
        state {small} NOT NULL,
        strength {small},
        lifted_by {small},
        suspect_time {big},
        expire_time {big},
        request_time {big},
        actor {small} NOT NULL,
        effective_time {big} NOT NULL,
        create_time {big} NOT NULL,
        update_time {big} NOT NULL,
        revision {big} NOT NULL,
        PRIMARY KEY (tenant_id, recipient_id, sender_id, purpose_id)
    ){clustered}
    """,
    """
    CREATE TABLE consent_events (
        tenant_id {integer} NOT NULL,
        revision {big} NOT NULL,
        kind {text} NOT NULL,
        effective_time {big} NOT NULL,
        record_time {big} NOT NULL,
        recipient_id {big},
        sender_id {text} NOT NULL,
        purpose_id {text} NOT NULL,
        before {text} NOT NULL,
        after {text} NOT NULL,
        applied {boolean} NOT NULL,
        not_applied_reason {small},
        actor {small} NOT NULL,
        credential_id {text},
        source {text} NOT NULL,
        batch_id {text},
        payload_digest {blob} NOT NULL,
        hash {blob} NOT NULL,
        PRIMARY KEY (tenant_id, revision)
    )
    """,
    "CREATE INDEX consent_events_tenant_recipient_id_revision ON consent_events (tenant_id, recipient_id, revision)",
    """
    CREATE TABLE event_payloads (
        tenant_id {integer} NOT NULL,
        revision {big} NOT NULL,
        salt {blob} NOT NULL,
        payload {blob} NOT NULL,
        PRIMARY KEY (tenant_id, revision)
    )
    """,
    """
    CREATE TABLE contacts (
        tenant_id {integer} NOT NULL,
        id {text} NOT NULL,
        external_id {text} NOT NULL,
        first {text} NOT NULL,
        last {text} NOT NULL,
        email {text} NOT NULL,
        email_key {text} NOT NULL,
        mobile {text} NOT NULL,
        create_time {big} NOT NULL,
        update_time {big} NOT NULL,
        opt_out_mobile {text},
        PRIMARY KEY (tenant_id, id)
    )
    """,
    "CREATE INDEX contacts_tenant_email_key ON contacts (tenant_id, email_key)",
    "CREATE INDEX contacts_tenant_external_id ON contacts (tenant_id, external_id)",
    """
    CREATE TABLE credentials (
        id {text} NOT NULL PRIMARY KEY,
        tenant_id {integer} NOT NULL,
        role {small} NOT NULL,
        senders {text} NOT NULL,
        basic_user {text},
        allow_force {boolean} NOT NULL,
        expire_time {big},
        create_time {big} NOT NULL,
        revoke_time {big},
        last_used_time {big}
    )
    """,
    "CREATE UNIQUE INDEX credentials_basic_user ON credentials (basic_user)",
    "CREATE INDEX credentials_tenant_id ON credentials (tenant_id, id)",
    """
    CREATE TABLE credential_secrets (
        id {serial} NOT NULL PRIMARY KEY,
        credential_id {text} NOT NULL,
        key_digest {blob},
        password_hash {text},
        expire_time {big},
        create_time {big} NOT NULL
    )
    """,
    "CREATE INDEX credential_secrets_credential_id ON credential_secrets (credential_id)",
    "CREATE UNIQUE INDEX credential_secrets_key_digest ON credential_secrets (key_digest)",
    """
    CREATE TABLE auto_responses (
        tenant_id {integer} NOT NULL,
        sender_id {text} NOT NULL,
        id {text} NOT NULL,
        country_code {text} NOT NULL,
        keywords {text} NOT NULL,
        op {small} NOT NULL,
        resp_text {text},
        create_time {big} NOT NULL,
        update_time {big} NOT NULL,
        PRIMARY KEY (tenant_id, sender_id, id)
    )
    """,
    """
    CREATE TABLE review_items (
        tenant_id {integer} NOT NULL,
        id {text} NOT NULL,
        recipient_id {big} NOT NULL,
        sender_id {text} NOT NULL,
        kind {text} NOT NULL,
        revision {big} NOT NULL,
        create_time {big} NOT NULL,
        resolve_time {big},
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE message_statements (
        tenant_id {integer} NOT NULL,
        sender_id {text} NOT NULL,
        message_id {text} NOT NULL,
        event {text} NOT NULL,
        recipient_id {big} NOT NULL,
        create_time {big} NOT NULL,
        PRIMARY KEY (tenant_id, sender_id, message_id, event, recipient_id)
    )
    """,
    """
    CREATE TABLE answers (
        tenant_id {integer} NOT NULL,
        credential_id {text} NOT NULL,
        method {text} NOT NULL,
        request_id {text} NOT NULL,
        fingerprint {blob} NOT NULL,
        answer {blob} NOT NULL,
        create_time {big} NOT NULL,
        PRIMARY KEY (tenant_id, credential_id, method, request_id)
    )
    """,
    "CREATE INDEX answers_create_time ON answers (create_time)",
    """
    CREATE TABLE schema_migrations (
        version {integer} NOT NULL PRIMARY KEY,
        apply_time {big} NOT NULL
    )
    """,
    """
    CREATE TABLE service_keys (
        key_id {text} NOT NULL PRIMARY KEY,
        proof {blob} NOT NULL
    )
    """,
)


def statements(dialect: str) -> list[str]:
    """Answer the SQL for `sqlite` or `postgres`."""
    return [statement.format(**_TYPES[dialect]) for statement in _STATEMENTS]
