"""What a user would build instead: FastAPI, pydantic and the SQLAlchemy ORM, answering the same check on the same file.

    python -m tests.bench.rival DATABASE

It checks an API key, validates the body, normalises the address, reads sender, purpose and records through the ORM and
applies the same rule. It knows the one key by heart, keeps no metrics and has no ledger, which favours it.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import phonenumbers
import uvicorn
from email_validator import validate_email
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from server.demo import API_KEY, TENANT

_KEY_DIGEST = hashlib.sha256(API_KEY.encode()).digest()
_CHANNELS = {"SMS": 1, "VOICE": 2, "EMAIL": 3, "WHATSAPP": 4, "RCS": 5}
_OPTED_IN, _OPTED_OUT = 2, 3
_ALWAYS_ALLOWED = 3


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str | None]


class Sender(Base):
    __tablename__ = "senders"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    double_opt_in: Mapped[bool]
    country: Mapped[str | None]


class Purpose(Base):
    __tablename__ = "purposes"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[int]
    minimum: Mapped[int | None]


class Recipient(Base):
    __tablename__ = "recipients"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    channel: Mapped[int]
    address: Mapped[str]


class Consent(Base):
    __tablename__ = "consents"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[str] = mapped_column(primary_key=True)
    purpose_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[int]
    strength: Mapped[int | None]
    suspect_time: Mapped[int | None]
    expire_time: Mapped[int | None]
    revision: Mapped[int]


class Question(BaseModel):
    """The body of a check."""

    sender: str = Field(min_length=1, max_length=128)
    channel: str
    address: str = Field(min_length=3, max_length=320)
    purpose: str = Field(min_length=1, max_length=64)


class Answer(BaseModel):
    """The verdict."""

    verdict: str
    reason: str
    address: str
    deciding_revision: int | None


def _require_key(x_api_key: Annotated[str, Header()]) -> None:
    if not hmac.compare_digest(hashlib.sha256(x_api_key.encode()).digest(), _KEY_DIGEST):
        raise HTTPException(401)


def _open_session(request: Request) -> Iterator[Session]:
    with request.app.state.sessions() as session:
        yield session


def _canonical(question: Question, country: str | None) -> str:
    if question.channel == "EMAIL":
        return validate_email(question.address, check_deliverability=False).normalized.lower()
    number = phonenumbers.parse(question.address, country)
    if not phonenumbers.is_possible_number(number):
        raise HTTPException(422)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _decide(records: list[Consent], purpose: Purpose) -> tuple[str, str, int | None]:
    now = time.time_ns() // 1000
    for record in records:
        if record.state == _OPTED_OUT:
            return "DENY", "OPTED_OUT", record.revision
    for record in records:
        if record.suspect_time is not None:
            return "DENY", "OPT_OUT_SUSPECTED", record.revision
    if purpose.rule == _ALWAYS_ALLOWED:
        return "ALLOW", "ALLOWED_BY_RULE", None
    yeses = [record for record in records if record.state == _OPTED_IN]
    in_force = [record for record in yeses if record.expire_time is None or record.expire_time > now]
    for record in in_force:
        if (record.strength or 0) >= (purpose.minimum or 0):
            return "ALLOW", "OPTED_IN", record.revision
    if len(in_force) < len(yeses):
        return "DENY", "EXPIRED", None
    return "DENY", "INSUFFICIENT_STRENGTH" if in_force else "NO_CONSENT", None


def create_app(database: str) -> FastAPI:
    """The service on one database."""
    sessions = sessionmaker(create_engine(f"sqlite:///{database}"), expire_on_commit=False)
    with sessions() as session:
        tenant_id = session.scalars(select(Tenant.id).where(Tenant.name == TENANT)).one()
    app = FastAPI()
    app.state.sessions = sessions

    @app.post("/check", dependencies=[Depends(_require_key)])
    def check(question: Question, session: Annotated[Session, Depends(_open_session)]) -> Answer:
        tenant = session.get(Tenant, tenant_id)
        sender = session.get(Sender, (tenant_id, question.sender))
        purpose = session.get(Purpose, (tenant_id, question.purpose))
        if tenant is None or sender is None or purpose is None or question.channel not in _CHANNELS:
            raise HTTPException(404)
        address = _canonical(question, sender.country or tenant.country)
        query = (
            select(Consent)
            .join(Recipient, (Recipient.tenant_id == Consent.tenant_id) & (Recipient.id == Consent.recipient_id))
            .where(
                Recipient.tenant_id == tenant_id,
                Recipient.address == address,
                Recipient.channel == _CHANNELS[question.channel],
                Consent.sender_id.in_((question.sender, "*")),
                Consent.purpose_id.in_((question.purpose, "*")),
            )
        )
        verdict, reason, revision = _decide(list(session.scalars(query)), purpose)
        return Answer(verdict=verdict, reason=reason, address=address, deciding_revision=revision)

    return app


def main(database: str) -> None:
    """Serve on a free port, which the ready line names, until SIGTERM."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(1024)
        port = sock.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(database), log_level="warning", access_log=False))
        print(f"ready: JSON on http://127.0.0.1:{port}", flush=True)  # noqa: T201
        server.run(sockets=[sock])


if __name__ == "__main__":
    main(sys.argv[1])
