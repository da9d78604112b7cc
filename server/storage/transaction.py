"""Writing: one unit of work on one tenant, inside a database transaction that the writer has begun."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

from peewee import Database, IntegrityError, Model

from server.domain.errors import AlreadyExists, NotFound
from server.domain.ledger import SALT_LENGTH, Header, chain_hash, payload_digest
from server.domain.model import (
    AutoResponse,
    Contact,
    Credential,
    Instant,
    Purpose,
    Record,
    Sender,
    Tenant,
)
from server.domain.service_key import ServiceKeys
from server.storage import rows
from server.storage.engines import Engine
from server.storage.inbox import InboxWrites
from server.storage.joint_commit import JointCommit, SettledDatabase
from server.storage.people import PeopleWrites
from server.storage.protocol import Entry
from server.storage.sql import Sql
from server.storage.tables import (
    AnswerRow,
    AutoResponseRow,
    ContactRow,
    CredentialRow,
    CredentialSecretRow,
    EventRow,
    PayloadRow,
    PurposeRow,
    ReviewItemRow,
    SenderRow,
)


class SqlTransaction(PeopleWrites, InboxWrites):
    """protocol.Transaction: one unit of those that share a commit. Its maker leaves its tenant there when it is done.

    Rows of `waiting.Waiting` are left; every other statement goes through a database that is settled first.
    """

    def __init__(
        self,
        database: Engine,
        sql: Sql,
        joint: JointCommit,
        tenant_id: int,
        now: Instant,
        keys: ServiceKeys,
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(database, sql, joint.tenant(tenant_id), now, keys)
        self._database = cast("Database", SettledDatabase(database, self._settle))
        self._joint = joint
        self._people = {}
        self._addresses = {}
        self._new_id = new_id

    def _run(self, sql: str, *parameters: object) -> None:
        self._database.execute_sql(sql, parameters)

    def _insert(self, model: type[Model], *values: object) -> None:
        self._run(self._sql.inserts[model], *values)

    def _put(self, model: type[Model], *values: object) -> None:
        self._run(self._sql.upserts[model], *values)

    def new_id(self) -> str:
        return self._new_id()

    def sender(self, sender_id: str) -> Sender | None:
        key, known = (self._tenant.id, sender_id), self._joint.senders
        if key not in known:
            known[key] = super().sender(sender_id)
        return known[key]

    def purpose(self, purpose_id: str) -> Purpose | None:
        key, known = (self._tenant.id, purpose_id), self._joint.purposes
        if key not in known:
            known[key] = super().purpose(purpose_id)
        return known[key]

    def append(self, entry: Entry, record: Record | None = None) -> int:
        tenant = self._tenant
        revision = tenant.head_revision + 1
        salt = secrets.token_bytes(SALT_LENGTH)
        header = Header(
            tenant_id=tenant.id,
            revision=revision,
            kind=entry.kind,
            effective_time=entry.effective_time,
            record_time=self._now,
            recipient_id=entry.recipient_id,
            scope=entry.scope,
            before=entry.before,
            after=entry.after,
            applied=entry.not_applied_reason is None,
            not_applied_reason=entry.not_applied_reason,
            actor=entry.actor,
            credential_id=entry.credential_id,
            source=entry.source,
            batch_id=entry.batch_id,
            payload_digest=payload_digest(salt, entry.payload),
        )
        event_hash = chain_hash(tenant.head_hash, header)
        left = self._joint.own.rows
        left[EventRow].append(rows.event_row(header, event_hash))
        left[PayloadRow].append((tenant.id, revision, salt, entry.payload))
        if record is not None:
            self._leave_record(record, revision)
        self._tenant = Tenant(
            tenant.id,
            tenant.name,
            tenant.country,
            revision,
            event_hash,
            self._now,
            tenant.create_time,
            tenant.epoch,
            tenant.erased_count,
        )
        return revision

    def put_sender(self, sender: Sender) -> None:
        self._joint.senders.clear()
        self._put(
            SenderRow,
            self._tenant.id,
            sender.id,
            sender.kind,
            sender.double_opt_in,
            sender.country,
            sender.reach,
            sender.create_time,
            sender.update_time,
        )

    def put_purpose(self, purpose: Purpose) -> None:
        self._joint.purposes.clear()
        self._put(PurposeRow, self._tenant.id, purpose.id, purpose.rule, purpose.minimum, purpose.ignores_opt_out)

    def put_contact(self, contact: Contact, email_key: str) -> None:
        self._put(
            ContactRow,
            self._tenant.id,
            contact.id,
            contact.external_id,
            contact.first,
            contact.last,
            contact.email,
            email_key,
            contact.mobile,
            contact.create_time,
            contact.update_time,
            contact.opt_out_mobile,
        )

    def delete_contact(self, contact_id: str) -> None:
        self._delete(ContactRow, ContactRow.id == contact_id)

    def put_auto_response(self, sender_id: str, setting: AutoResponse) -> None:
        self._put(
            AutoResponseRow,
            self._tenant.id,
            sender_id,
            setting.id,
            setting.country_code,
            json.dumps(setting.keywords, ensure_ascii=False),
            setting.op,
            setting.resp_text,
            setting.create_time,
            setting.update_time,
        )

    def delete_auto_response(self, sender_id: str, setting_id: str) -> None:
        self._delete(AutoResponseRow, AutoResponseRow.sender_id == sender_id, AutoResponseRow.id == setting_id)

    def _delete(self, model: Any, *where: object) -> None:
        model.delete().where(model.tenant_id == self._tenant.id, *where).execute(self._database)

    def put_credential(self, credential: Credential) -> None:
        owner = CredentialRow.select(CredentialRow.tenant_id).where(CredentialRow.id == credential.id)
        if any(tenant_id != self._tenant.id for (tenant_id,) in owner.tuples().execute(self._database)):
            raise AlreadyExists("CREDENTIAL")
        try:
            self._put(
                CredentialRow,
                credential.id,
                self._tenant.id,
                credential.role,
                json.dumps(sorted(credential.senders)),
                credential.basic_user,
                credential.allow_force,
                credential.expire_time,
                credential.create_time,
                credential.revoke_time,
                credential.last_used_time,
            )
        except IntegrityError as error:
            raise AlreadyExists("CREDENTIAL") from error

    def add_secret(self, credential_id: str, key_digest: bytes | None, password_hash: str | None) -> None:
        if self.credential(credential_id) is None:
            raise NotFound("CREDENTIAL", credential_id)
        row = {
            "credential_id": credential_id,
            "key_digest": key_digest,
            "password_hash": password_hash,
            "create_time": self._now,
        }
        try:
            CredentialSecretRow.insert(row).execute(self._database)
        except IntegrityError as error:
            raise AlreadyExists("CREDENTIAL") from error

    def key_is_registered(self, digests: Sequence[bytes]) -> bool:
        query = CredentialSecretRow.select(CredentialSecretRow.id).where(
            CredentialSecretRow.key_digest.in_(list(digests))
        )
        return bool(list(query.limit(1).tuples().execute(self._database)))

    def end_secrets(self, credential_id: str, moment: Instant) -> None:
        if self.credential(credential_id) is None:
            raise NotFound("CREDENTIAL", credential_id)
        lives_longer = CredentialSecretRow.expire_time.is_null() | (CredentialSecretRow.expire_time > moment)
        CredentialSecretRow.update(expire_time=moment).where(
            CredentialSecretRow.credential_id == credential_id, lives_longer
        ).execute(self._database)

    def add_review_item(self, recipient_id: int, sender_id: str, kind: str, revision: int) -> str:
        made = self._new_id()
        self._insert(
            ReviewItemRow, self._tenant.id, made, recipient_id, sender_id, kind, revision, self._now, None, None
        )
        return made

    def message_was_stated(self, sender_id: str, message_id: str, event: str, recipient_id: int) -> bool:
        row = (self._tenant.id, sender_id, message_id, event, recipient_id, self._now)
        cursor = self._database.execute_sql(self._sql.insert_statement, row)
        return int(self._database.rows_affected(cursor)) == 0

    def answered(self, credential_id: str, method: str, request_id: str, since: Instant) -> tuple[bytes, bytes] | None:
        key = (self._tenant.id, credential_id, method, request_id)
        self._joint.await_answer(key)
        row = self._peek(self._sql.answered, *key, since)
        return None if row is None else (bytes(row[0]), bytes(row[1]))

    def keep_answer(self, credential_id: str, method: str, request_id: str, fingerprint: bytes, answer: bytes) -> None:
        key = (self._tenant.id, credential_id, method, request_id)
        self._joint.own.answers.add(key)
        self._joint.own.rows[AnswerRow].append((*key, fingerprint, answer, self._now))
