"""What callers of the four documented APIs do: each step tells the service and the model, and compares the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from consent.v1 import opt_out_status_pb2 as status

from tests.model.game import Game
from tests.model.rules import EMAIL, SMS, VOICE, Who
from tests.model.service import PERMIT_LASTS, Contact, Permit, Words
from tests.model.statements import REFUSALS
from tests.servicer.refusals import Refused

_CONSENTS = ("", "WRITTEN", "EXPRESS", "STOP")
_TYPES = {SMS: 1, EMAIL: 2, VOICE: 3}
_MESSAGES = ("STOP_MESSAGE", "STOP_SUSPECTED", "OPTIN_MESSAGE", "OPTIN_TEXT", "GENERIC")


@dataclass(frozen=True)
class Department:
    """An event at a department. No recipients, in an event of a message: the customer's mobile."""

    department: str
    event: str
    recipients: tuple[Who, ...]
    message: str = "m1"
    customer: str = "ann"
    ok: bool | None = None

    @property
    def update_type(self) -> int:
        if self.event.startswith("DOUBLE_OPTIN"):
            return 3
        return 1 if self.event.startswith(_MESSAGES) else 2

    def play(self, game: Game) -> None:
        now, model = game.now(), game.model
        expected = []
        for who in self._recipients(model.contacts):
            if self.update_type == 1:
                told = model.message_event(self.department, self.event, self.message, who, now)
            else:
                told = model.customer_event(self.department, self.event, who, self.ok, now)
            expected.append(told)
        if self.update_type == 3:
            expected.append(model.roll(self.department, self.event.endswith("ROLLOUT")))
        try:
            answer = game.admin.UpdateOptOutStatus(**self._request())
        except Refused:
            if self.recipients or model.contacts[self.customer].mobile:
                raise
            return
        names = [status.OptOutWarningCode.Name(each.warning_code) for each in answer.warnings]
        assert [name.removeprefix("OPT_OUT_WARNING_CODE_") for name in names] == [each for each in expected if each]
        if self.event == "USER_REQUESTED_SEND_OPTIN_REQUEST":
            assert [bool(permit) for permit in answer.reply_permits] == [not warning for warning in expected]
            for who, permit in zip(self.recipients, answer.reply_permits, strict=True):
                game.keep_permit(permit, Permit(self.department, who, model.revision, now + PERMIT_LASTS))

    def _recipients(self, contacts: dict[str, Contact]) -> tuple[Who, ...]:
        if self.recipients or self.update_type != 1 or self.event.startswith("GENERIC"):
            return self.recipients
        mobile = contacts[self.customer].mobile
        return (Who(SMS, mobile),) if mobile else ()

    def _request(self) -> dict[str, Any]:
        told = {} if self.ok is None else {"ok_to_communicate": self.ok}
        return {
            "department_uuid": self.department,
            "event": status.OptOutEvent.Value(f"OPT_OUT_EVENT_{self.event}"),
            "update_type": self.update_type,
            "message_uuid": self.message,
            "customer_uuid": self.customer,
            "communication_attributes_list": [
                {"communication_type": _TYPES[who.channel], "communication_value": who.address, **told}
                for who in self.recipients
            ],
        }


@dataclass(frozen=True)
class Relay:
    """Consent types at a client, one call for each or all in a batch."""

    client: str
    consents: tuple[tuple[str, str], ...]
    bulk: bool = False

    def play(self, game: Game) -> None:
        batch = [
            {
                "channel_addr": phone[1:],
                "channel_type": 1,
                "consent_type": ("", "WRITTEN", "EXPRESS", "STOP").index(kind),
            }
            for phone, kind in self.consents
        ]
        if self.bulk:
            now = game.now()
            answers = game.admin.BatchUpdateChannelConsents(client_id=self.client, batch=batch).results
            for answer, (phone, kind) in zip(answers, self.consents, strict=True):
                self._compare(game, answer, phone, kind, now)
            return
        for one, (phone, kind) in zip(batch, self.consents, strict=True):
            now = game.now()
            self._compare(game, game.admin.UpdateChannelConsent(client_id=self.client, **one), phone, kind, now)

    def _compare(self, game: Game, answer: Any, phone: str, kind: str, now: int) -> None:
        word, stands = game.model.relay(self.client, Who(SMS, phone), kind, now)
        assert REFUSALS[answer.not_applied_reason] == word.replace("unchanged", "applied")
        assert answer.applied == (word in ("applied", "unchanged"))
        assert _CONSENTS[answer.consent.consent_type] == stands


@dataclass(frozen=True)
class SetWords:
    """An auto-response setting of a profile is made, or replaced where its name is known."""

    profile: str
    name: str
    words: Words

    def play(self, game: Game) -> None:
        known = game.model.words.setdefault(self.profile, {})
        fields = {
            "profile_id": self.profile,
            "country_code": self.words.country,
            "keywords": self.words.words,
            "op": self.words.op,
        }
        clash = game.model.clash(self.profile, self.words, self.name)
        try:
            if self.name in known:
                setting_id = game.settings[self.profile, self.name]
                game.admin.UpdateAutoResponse(autoresp_cfg_id=setting_id, **fields)
            else:
                game.settings[self.profile, self.name] = game.admin.CreateAutoResponse(**fields).data.id
        except Refused as refused:
            if not clash or refused.reason != "KEYWORD_TAKEN":
                raise
            return
        assert not clash
        known[self.name] = self.words
        game.model.set(changed=True)


@dataclass(frozen=True)
class DropWords:
    """A setting is deleted, where it is known."""

    profile: str
    name: str

    def play(self, game: Game) -> None:
        if game.model.words.get(self.profile, {}).pop(self.name, None) is None:
            return
        setting_id = game.settings.pop((self.profile, self.name))
        game.admin.DeleteAutoResponse(profile_id=self.profile, autoresp_cfg_id=setting_id)
        game.model.set(changed=True)


@dataclass(frozen=True)
class OptOutUser:
    """Hi Marley: every customer with this e-mail address, or this mobile, is stopped."""

    by: str
    value: str

    def play(self, game: Game) -> None:
        contacts = game.model.contacts
        found = [name for name, each in contacts.items() if getattr(each, self.by) == self.value]
        now = game.now()
        try:
            if self.by == "email":
                user = game.admin.OptOutUserByEmail(email=self.value.upper()).user
            else:
                user = game.admin.OptOutUserByMobile(mobile=self.value[1:]).user
        except Refused:
            if any(contacts[name].mobile for name in found):
                raise
            return
        game.model.opt_out_users(found, now)
        assert user.mobile in {contacts[name].mobile for name in found}
        assert user.opt_status == game.model.opt_status(user.mobile)


@dataclass(frozen=True)
class MoveContact:
    """A customer has another mobile, or none."""

    name: str
    mobile: str

    def play(self, game: Game) -> None:
        game.model.move_contact(self.name, self.mobile, game.now())
        changed = {"id": self.name, "mobile": self.mobile}
        game.admin.UpdateContact(contact=changed, update_mask={"paths": ["mobile"]})
