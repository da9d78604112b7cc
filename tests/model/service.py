"""The whole service as a caller sees it, in plain Python: WIRE's operations and DESIGN section 5 on the rules' book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.model.rules import (
    BUSINESS,
    BY_BUSINESS,
    BY_RECIPIENT,
    EXPRESS,
    IMPLIED,
    RCS,
    RECIPIENT,
    SMS,
    SYSTEM,
    WRITTEN,
    Book,
    Entry,
    Key,
    Outcome,
    Purpose,
    Said,
    Who,
    decide,
    judge,
)

START, STOP, INFO = range(1, 4)
SHIPPED = {"stop": STOP, "unsubscribe": STOP, "start": START, "help": INFO}
SUSPECTED = ("please stop texting me", "ok stop")
INTENTS = {STOP: "STOP", START: "START", INFO: "HELP"}
PERMIT_LASTS = 300_000_000
HEARD = {
    "STOP_MESSAGE_RECEIVED": ("no", 0),
    "STOP_SUSPECTED_MESSAGE_RECEIVED": ("doubt", 0),
    "OPTIN_MESSAGE_RECEIVED": ("yes", EXPRESS),
    "OPTIN_TEXT_CONSENT_VIA_MESSAGE_RECEIVED": ("yes", WRITTEN),
}


@dataclass
class Sender:
    tenant_wide: bool
    double_opt_in: bool = False


@dataclass
class Contact:
    email: str
    mobile: str
    opted_out_mobile: str = ""


@dataclass
class Item:
    kind: str
    key: Key
    moment: int
    resolution: int = 0


@dataclass(frozen=True)
class Words:
    country: str
    words: tuple[str, ...]
    op: int


@dataclass(frozen=True)
class Permit:
    sender: str
    who: Who
    revision: int
    expires: int


@dataclass
class Model:
    senders: dict[str, Sender]
    purposes: dict[str, Purpose]
    contacts: dict[str, Contact]
    revision: int
    book: Book = field(default_factory=dict)
    log: list[tuple[Said, Outcome]] = field(default_factory=list)
    items: dict[int, Item] = field(default_factory=dict)
    told: set[tuple[str, str, str, Who]] = field(default_factory=set)
    heard: set[tuple[str, str, Who, str]] = field(default_factory=set)
    words: dict[str, dict[str, Words]] = field(default_factory=dict)
    forbidden_at: dict[Key, int] = field(default_factory=dict)
    touched_at: dict[Key, int] = field(default_factory=dict)

    def say(self, said: Said) -> Outcome:
        outcome = judge(self.book, said)
        own = self.revision + 1
        self.revision += outcome.events
        self.book = self.book | outcome.after
        self.log.append((said, outcome))
        self.touched_at |= dict.fromkeys(outcome.after, self.revision)
        if outcome.word == "applied" and said.what in ("no", "doubt"):
            self.forbidden_at[said.key] = own
        if outcome.word == "applied" and said.what == "doubt":
            self.items[own] = Item("STOP_SUSPECTED", said.key, said.moment)
        if outcome.word == "WIDER_OPT_OUT" and said.actor == RECIPIENT:
            self.items[own] = Item("WIDER_OPT_OUT", said.key, said.moment)
        return outcome

    def set(self, changed: bool) -> None:
        """Count the SETTING event of a change."""
        self.revision += changed

    def check(self, who: Who, sender: str, purpose: str, now: int) -> tuple[str, str, list[Key]]:
        double = self.senders[sender].double_opt_in
        return decide(self.book, who, sender, double, purpose, self.purposes[purpose], now)

    def permitted(self, permit: Permit, purpose: str) -> str:
        """Whether a reply may be sent: yes, no (a newer no stands), or either.

        DESIGN section 2 asks for a newer no; the service also holds back where an older no's record was written since,
        as by a judgement that an old suspicion was none. That errs on the safe side.
        """
        standing = [
            key
            for key, entry in self.book.items()
            if key.who.reached == permit.who.reached
            and key.covers(permit.sender, purpose)
            and (entry.said == "no" or entry.doubted is not None)
        ]
        if any(self.forbidden_at[key] > permit.revision for key in standing):
            return "no"
        return "either" if any(self.touched_at[key] > permit.revision for key in standing) else "yes"

    # myKaarma

    def heard_scope(self, who: Who, sender: str) -> Key:
        return Key(who, "*" if self.senders[sender].tenant_wide else sender, "*")

    def message_event(self, department: str, event: str, message: str, who: Who, now: int) -> str:
        """Answer the warning, or nothing."""
        if event == "GENERIC_MESSAGE_RECEIVED":
            return ""
        if (department, message, event, who) in self.told:
            return "NO_CHANGE"
        self.told.add((department, message, event, who))
        what, strength = HEARD[event]
        return _warning(self.say(Said(what, self.heard_scope(who, department), RECIPIENT, now, strength)))

    def customer_event(self, department: str, event: str, who: Who, ok: bool | None, now: int) -> str:
        key = Key(who, department, "*")
        if event == "USER_REQUESTED_OPT_OUT":
            return _warning(self.say(Said("no", key, BUSINESS, now)))
        if event == "USER_REQUESTED_SEND_OPTIN_REQUEST":
            if not self.can_ask(department, who, now):
                return "NO_CHANGE"
            return _warning(self.say(Said("request", key, BUSINESS, now)))
        if ok is None or self.book.get(key, Entry()).said != "none":
            return "NO_CHANGE"
        if ok:
            return _warning(self.say(Said("yes", key, BUSINESS, now, IMPLIED)))
        return _warning(self.say(Said("no", key, BUSINESS, now, lifted_by=BY_BUSINESS)))

    def opted_out(self, department: str, who: Who, now: int) -> bool:
        """What a legacy read answers."""
        near = self._legacy_view(department, who)
        confirmed = any(
            key.who == who
            and entry.said == "yes"
            and entry.strength >= EXPRESS
            and (entry.expires is None or now < entry.expires)
            for key, entry in near.items()
        )
        return any(entry.said == "no" for entry in near.values()) or (
            self.senders[department].double_opt_in and not confirmed
        )

    def can_ask(self, department: str, who: Who, now: int) -> bool:
        return self.opted_out(department, who, now) and not any(
            entry.lifted_by == BY_RECIPIENT or entry.doubted is not None or (entry.asked is not None and key.who == who)
            for key, entry in self._legacy_view(department, who).items()
        )

    def _legacy_view(self, department: str, who: Who) -> Book:
        scopes = ((department, "*"), ("*", "*"))
        return {k: e for k, e in self.book.items() if k.who.reached == who.reached and k[1:] in scopes}

    def roll(self, department: str, on: bool) -> str:
        sender = self.senders[department]
        changed = sender.double_opt_in != on
        sender.double_opt_in = on
        self.set(changed)
        return "" if changed else "NO_CHANGE"

    # Relay

    def relay(self, client: str, who: Who, consent: str, now: int) -> tuple[str, str]:
        """Answer what became of it, and what stands."""
        key = Key(who, client, "*")
        if consent == "STOP":
            outcome = self.say(Said("no", key, BUSINESS, now, lifted_by=BY_BUSINESS))
        else:
            outcome = self.say(Said("yes", key, BUSINESS, now, {"EXPRESS": EXPRESS, "WRITTEN": WRITTEN}[consent]))
        near = self._legacy_view(client, who)
        own = self.book.get(key, Entry())
        if any(entry.said == "no" for entry in near.values()) or own.said != "yes":
            return outcome.word, "STOP"
        return outcome.word, "WRITTEN" if own.strength == WRITTEN else "EXPRESS"

    # Hi Marley, and contacts

    def opt_out_users(self, found: Sequence[str], now: int) -> None:
        for contact in (self.contacts[each] for each in found):
            if contact.mobile:
                self.say(Said("no", Key(Who(SMS, contact.mobile), "*", "*"), BUSINESS, now))
                contact.opted_out_mobile = contact.mobile

    def opt_status(self, mobile: str) -> bool:
        """No tenant-wide no and no suspicion: a no does not prevail against the recipient's own newer yes."""
        near = (self.book.get(Key(Who(channel, mobile), "*", "*"), Entry()) for channel in (SMS, RCS))
        return not any(entry.said == "no" or entry.doubted is not None for entry in near)

    def move_contact(self, name: str, mobile: str, now: int) -> None:
        contact = self.contacts[name]
        contact.mobile = mobile
        old = contact.opted_out_mobile
        if not old or not mobile or old == mobile:
            return
        noes = (self.book.get(Key(Who(channel, old), "*", "*"), Entry()) for channel in (SMS, RCS))
        stands = any(no.said == "no" and no.lifted_by == BY_RECIPIENT for no in noes)
        if stands:
            self.say(Said("no", Key(Who(SMS, mobile), "*", "*"), SYSTEM, now))
        contact.opted_out_mobile = mobile if stands else ""

    # Inbound

    def meaning(self, sender: str, who: Who, body: str, country: str) -> str:
        """The intent of a message by the sender's settings, then the shipped words, YES and the suspicions."""
        word = "".join(letter for letter in body.lower() if letter.isalpha() or letter == " ").strip()
        settings = self.words.get(sender, {}).values()
        for place in (country, "*"):
            for setting in settings:
                if setting.country == place and word in setting.words:
                    return INTENTS[setting.op]
        if word in SHIPPED:
            return INTENTS[SHIPPED[word]]
        if word == "yes" and self.request_is_open(sender, who):
            return "START"
        return "STOP_SUSPECTED" if word in SUSPECTED else "NONE"

    def request_is_open(self, sender: str, who: Who) -> bool:
        """Whether the recipient was asked, and neither a no nor an own yes here or wider came since."""
        near = [(k, e) for k, e in self.book.items() if k.who.reached == who.reached and k.covers(sender, "*")]
        asked = [entry.asked for key, entry in near if key.who == who and entry.asked is not None]
        own_yes = ("yes", RECIPIENT, who)
        answered = [e.moment for k, e in near if e.said == "no" or (e.said, e.actor, k.who) == own_yes]
        return any(all(moment < request for moment in answered) for request in asked)

    def hear(self, sender: str, who: Who, intent: str, moment: int) -> Outcome | None:
        what = {"STOP": "no", "START": "yes", "STOP_SUSPECTED": "doubt"}.get(intent)
        if what is None:
            return None
        strength = EXPRESS if what == "yes" else 0
        return self.say(Said(what, self.heard_scope(who, sender), RECIPIENT, moment, strength))

    def resolve(self, revision: int, resolution: int) -> None:
        item = self.items[revision]
        item.resolution = resolution
        if resolution == 1:
            self.say(Said("no", item.key, RECIPIENT, item.moment))
        if resolution == 2 and not any(self._waits(other, item.key) for other in self.items.values()):
            doubted = self.book[item.key].doubted or 0
            self.say(Said("clear", item.key, BUSINESS, max(item.moment, doubted)))

    def _waits(self, other: Item, key: Key) -> bool:
        """Whether a suspicion of the same scope is not judged yet, nor answered by the recipient as wide or wider."""
        return (other.kind, other.key, other.resolution) == ("STOP_SUSPECTED", key, 0) and not any(
            each.who == key.who
            and each.covers(*key[1:])
            and (entry.said, entry.actor) == ("yes", RECIPIENT)
            and entry.moment >= other.moment
            for each, entry in self.book.items()
        )

    def clash(self, profile: str, words: Words, besides: str) -> bool:
        return any(
            each.country == words.country and each.op != words.op and set(each.words) & set(words.words)
            for name, each in self.words.get(profile, {}).items()
            if name != besides
        )

    # Never lost

    def lost(self, who: Who, sender: str, purpose: str) -> Said | None:
        """A no of the recipient here that no later yes of the recipient, as wide or wider, nor a FORCE has answered."""
        for place, (no, outcome) in enumerate(self.log):
            heard = no.what == "no" and no.lifted_by == BY_RECIPIENT and outcome.effective
            if not heard or no.key.who.reached != who.reached or not no.key.covers(sender, purpose):
                continue
            if not any(_answers(yes, no, later > place) for later, (yes, _) in enumerate(self.log)):
                return no
        return None


def _answers(yes: Said, no: Said, later: bool) -> bool:
    wide = yes.what == "yes" and yes.key.who.reached == no.key.who.reached and yes.key.covers(*no.key[1:])
    return wide and ((yes.actor == RECIPIENT and yes.moment > no.moment) or (yes.force and later))


def _warning(outcome: Outcome) -> str:
    if outcome.word in ("unchanged", "SUPERSEDED"):
        return "NO_CHANGE"
    return "" if outcome.word == "applied" else "PROTECTED_OPT_OUT"
