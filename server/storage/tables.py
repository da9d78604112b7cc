"""The tables, as peewee models. They are bound to no database: each query is given one when it runs.

Moments are whole microseconds since 1970. Enums are stored by number, ids as text, `*` as itself.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)


class TenantRow(Model):
    """A tenant and the head of its ledger. A restore makes a new epoch; `erased_count` counts forgotten recipients."""

    id = AutoField()
    name = TextField(unique=True)
    country = TextField(null=True)
    head_revision = BigIntegerField()
    head_hash = BlobField()
    head_time = BigIntegerField()
    create_time = BigIntegerField()
    epoch = TextField()
    erased_count = IntegerField()

    class Meta:
        table_name = "tenants"


class SenderRow(Model):
    """A sender."""

    tenant_id = IntegerField()
    id = TextField()
    kind = SmallIntegerField()
    double_opt_in = BooleanField()
    country = TextField(null=True)
    reach = SmallIntegerField()
    create_time = BigIntegerField()
    update_time = BigIntegerField()

    class Meta:
        table_name = "senders"
        primary_key = CompositeKey("tenant_id", "id")


class PurposeRow(Model):
    """A purpose."""

    tenant_id = IntegerField()
    id = TextField()
    rule = SmallIntegerField()
    minimum = SmallIntegerField(null=True)
    ignores_opt_out = BooleanField()

    class Meta:
        table_name = "purposes"
        primary_key = CompositeKey("tenant_id", "id")


class RecipientRow(Model):
    """The only table that ties an address to the random id by which all others know it; erased: a keyed digest."""

    id = BigIntegerField(primary_key=True)
    tenant_id = IntegerField()
    channel = SmallIntegerField()
    address = TextField()
    held = BooleanField()

    class Meta:
        table_name = "recipients"
        indexes = ((("tenant_id", "address", "channel"), True),)


class ConsentRow(Model):
    """The current record of one recipient at one scope."""

    tenant_id = IntegerField()
    recipient_id = BigIntegerField()
    sender_id = TextField()
    purpose_id = TextField()
    state = SmallIntegerField()
    strength = SmallIntegerField(null=True)
    lifted_by = SmallIntegerField(null=True)
    suspect_time = BigIntegerField(null=True)
    expire_time = BigIntegerField(null=True)
    request_time = BigIntegerField(null=True)
    actor = SmallIntegerField()
    effective_time = BigIntegerField()
    create_time = BigIntegerField()
    update_time = BigIntegerField()
    revision = BigIntegerField()

    class Meta:
        table_name = "consents"
        without_rowid = True
        primary_key = CompositeKey("tenant_id", "recipient_id", "sender_id", "purpose_id")


class EventRow(Model):
    """The header of an event, kept for ever."""

    tenant_id = IntegerField()
    revision = BigIntegerField()
    kind = TextField()
    effective_time = BigIntegerField()
    record_time = BigIntegerField()
    recipient_id = BigIntegerField(null=True)
    sender_id = TextField()
    purpose_id = TextField()
    before = TextField()
    after = TextField()
    applied = BooleanField()
    not_applied_reason = SmallIntegerField(null=True)
    actor = SmallIntegerField()
    credential_id = TextField(null=True)
    source = TextField()
    batch_id = TextField(null=True)
    payload_digest = BlobField()
    hash = BlobField()

    class Meta:
        table_name = "consent_events"
        primary_key = CompositeKey("tenant_id", "revision")
        indexes = (
            (("tenant_id", "recipient_id", "revision"), False),
            (("tenant_id", "record_time"), False),
            (("tenant_id", "batch_id"), False),
        )


class PayloadRow(Model):
    """The erasable part of an event."""

    tenant_id = IntegerField()
    revision = BigIntegerField()
    salt = BlobField()
    payload = BlobField()

    class Meta:
        table_name = "event_payloads"
        primary_key = CompositeKey("tenant_id", "revision")


class ContactRow(Model):
    """A customer."""

    tenant_id = IntegerField()
    id = TextField()
    external_id = TextField()
    first = TextField()
    last = TextField()
    email = TextField()
    email_key = TextField()
    mobile = TextField()
    create_time = BigIntegerField()
    update_time = BigIntegerField()
    opt_out_mobile = TextField(null=True)

    class Meta:
        table_name = "contacts"
        primary_key = CompositeKey("tenant_id", "id")
        indexes = (
            (("tenant_id", "email_key"), False),
            (("tenant_id", "external_id"), False),
            (("tenant_id", "mobile"), False),
            (("tenant_id", "opt_out_mobile"), False),
        )


class CredentialRow(Model):
    """A credential; its secrets are in CredentialSecretRow."""

    id = TextField(primary_key=True)
    tenant_id = IntegerField()
    role = SmallIntegerField()
    senders = TextField()
    basic_user = TextField(null=True, unique=True)
    allow_force = BooleanField()
    expire_time = BigIntegerField(null=True)
    create_time = BigIntegerField()
    revoke_time = BigIntegerField(null=True)
    last_used_time = BigIntegerField(null=True)

    class Meta:
        table_name = "credentials"
        indexes = ((("tenant_id", "id"), False),)


class CredentialSecretRow(Model):
    """One secret of a credential: the digest of an API key, or the hash of a password."""

    id = AutoField()
    credential_id = TextField(index=True)
    key_digest = BlobField(null=True, unique=True)
    password_hash = TextField(null=True)
    expire_time = BigIntegerField(null=True)
    create_time = BigIntegerField()

    class Meta:
        table_name = "credential_secrets"


class AutoResponseRow(Model):
    """One auto-response setting; its keywords are a JSON list."""

    tenant_id = IntegerField()
    sender_id = TextField()
    id = TextField()
    country_code = TextField()
    keywords = TextField()
    op = SmallIntegerField()
    resp_text = TextField(null=True)
    create_time = BigIntegerField()
    update_time = BigIntegerField()

    class Meta:
        table_name = "auto_responses"
        primary_key = CompositeKey("tenant_id", "sender_id", "id")


class ReviewItemRow(Model):
    """An event that waits for a person's judgement."""

    tenant_id = IntegerField()
    id = TextField()
    recipient_id = BigIntegerField()
    sender_id = TextField()
    kind = TextField()
    revision = BigIntegerField()
    create_time = BigIntegerField()
    resolve_time = BigIntegerField(null=True)
    resolution = SmallIntegerField(null=True)

    class Meta:
        table_name = "review_items"
        primary_key = CompositeKey("tenant_id", "id")
        indexes = ((("tenant_id", "create_time"), False), (("resolve_time", "create_time"), False))


class MessageStatementRow(Model):
    """A message that was stated already, so that it is stated once."""

    tenant_id = IntegerField()
    sender_id = TextField()
    message_id = TextField()
    event = TextField()
    recipient_id = BigIntegerField()
    create_time = BigIntegerField()

    class Meta:
        table_name = "message_statements"
        primary_key = CompositeKey("tenant_id", "sender_id", "message_id", "event", "recipient_id")


class InboundMessageRow(Model):
    """A message that was heard, by its provider's id, its writer and a keyed digest of its body, with the answer."""

    tenant_id = IntegerField()
    sender_id = TextField()
    message_id = TextField()
    recipient_id = BigIntegerField()
    body_digest = BlobField()
    answer = BlobField()
    create_time = BigIntegerField()

    class Meta:
        table_name = "inbound_messages"
        primary_key = CompositeKey("tenant_id", "sender_id", "message_id", "recipient_id", "body_digest")
        indexes = ((("tenant_id", "recipient_id"), False),)


class AnswerRow(Model):
    """The answer that was given to a request id."""

    tenant_id = IntegerField()
    credential_id = TextField()
    method = TextField()
    request_id = TextField()
    fingerprint = BlobField()
    answer = BlobField()
    create_time = BigIntegerField(index=True)

    class Meta:
        table_name = "answers"
        primary_key = CompositeKey("tenant_id", "credential_id", "method", "request_id")


class MigrationRow(Model):
    """A migration that was applied."""

    version = IntegerField(primary_key=True)
    apply_time = BigIntegerField()

    class Meta:
        table_name = "schema_migrations"


class ServiceKeyRow(Model):
    """A service key that this database was used with: its id, and a digest that proves it."""

    key_id = TextField(primary_key=True)
    proof = BlobField()

    class Meta:
        table_name = "service_keys"


TABLES: tuple[type[Model], ...] = (
    TenantRow,
    SenderRow,
    PurposeRow,
    RecipientRow,
    ConsentRow,
    EventRow,
    PayloadRow,
    ContactRow,
    CredentialRow,
    CredentialSecretRow,
    AutoResponseRow,
    ReviewItemRow,
    MessageStatementRow,
    InboundMessageRow,
    AnswerRow,
    MigrationRow,
    ServiceKeyRow,
)
