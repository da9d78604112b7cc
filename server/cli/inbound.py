"""`consent inbound`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import click
from consent.v1 import inbound_pb2

from server.api import convert_statements
from server.cli.outcomes import DRY_RUN, outcome_facts, outcome_lines
from server.cli.output import Facts, plain, print_json, print_line, second, stamp
from server.cli.rehearsal import perform
from server.cli.session import Workplace, database_option, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.cli.times import read_start
from server.cli.words import Words
from server.domain.inbound import Intent
from server.domain.model import Channel, Instant
from server.storage.protocol import Transaction
from server.usecases.heard import hear_once
from server.usecases.inbound import MESSAGE_CHANNELS, Addressed, Handled, Message, find_ends, handle_message
from server.usecases.permits import ReplyPermits

_MEANINGS = {
    Intent.STOP: "It says no",
    Intent.START: "It says yes",
    Intent.HELP: "It asks for help",
    Intent.STOP_SUSPECTED: "It may be a no: checks answer DENY until a person has judged it",
    Intent.NONE: "It says nothing about consent, and changes nothing",
}


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a message did, or what it did when it was heard before."""

    ends: Addressed
    now: Handled | None
    before: inbound_pb2.HandleInboundMessageResponse


@click.command(
    epilog="""\b
    Examples:
      consent inbound --tenant acme --sender shop --from +16505551234 --body "Stop!" --dry-run
      consent inbound --tenant acme --sender shop --from +16505551234 --body STOP --message-id SM42
    """
)
@tenant_option
@click.option(
    "--sender",
    required=True,
    metavar="ID",
    type=Bounded("HandleInboundMessageRequest.sender"),
    help="The sender that received it.",
)
@click.option(
    "--from",
    "written_by",
    required=True,
    metavar="ADDRESS",
    type=Bounded("HandleInboundMessageRequest.from"),
    help="Who wrote it. The number's country chooses among the sender's settings.",
)
@click.option("--body", required=True, type=Bounded("HandleInboundMessageRequest.body"), help="The text.")
@click.option(
    "--channel",
    type=Words(sorted(MESSAGE_CHANNELS)),
    default="sms",
    show_default=True,
    help="The channel that it came by.",
)
@click.option(
    "--to",
    "sent_to",
    default="",
    metavar="ADDRESS",
    type=Bounded("HandleInboundMessageRequest.to"),
    help="The number that it was sent to. It stays as evidence.",
)
@click.option(
    "--message-id",
    metavar="ID",
    type=Bounded("HandleInboundMessageRequest.provider_message_id"),
    help="The provider's id: the same id, writer and text are heard once. Without it the message is a new one.",
)
@click.option(
    "--received",
    metavar="TIME",
    callback=read_start,
    help="When it was received: a moment in RFC 3339, or a day (its beginning, UTC). Without it: now.",
)
@click.option("--dry-run", is_flag=True, help="Tell what it would mean, change and reply, and record nothing.")
@database_option
@json_option
def inbound(
    tenant: str,
    sender: str,
    written_by: str,
    body: str,
    channel: Channel,
    sent_to: str,
    message_id: str | None,
    received: Instant | None,
    dry_run: bool,
    database: str,
    as_json: bool,
) -> None:
    """Hear a message that a person sent.

    With --dry-run it is the keyword tester: it tells what the service would hear in the message, what that would
    change, and the reply that would be due. Without it, the message is handled as if it had come by the API. The
    service itself sends nothing.

    Exit code 0: it was heard, whatever it means; 1: it was refused; 2: a setting, an option or the database cannot be
    used.
    """
    if not body:
        raise click.BadParameter("is empty", param_hint="'--body'")
    if message_id == "":
        raise click.BadParameter("is empty", param_hint="'--message-id'")
    identifier = message_id or f"cli-{uuid.uuid4()}"
    message = Message(sender, channel, written_by, sent_to, body, identifier, received)
    with session(database) as opened:
        place = opened.tenant(tenant)
        heard = perform(place, lambda tx: _hear(tx, place, message), dry_run)
    if as_json:
        print_json(_facts(heard, dry_run))
        return
    for line in (*_lines(heard, dry_run), *([DRY_RUN] if dry_run else [])):
        print_line(line)


def _hear(tx: Transaction, place: Workplace, message: Message) -> _Heard:
    ends = find_ends(tx, place.principal, message)
    fresh: list[Handled] = []

    def handle() -> bytes:
        fresh.append(handle_message(tx, place.principal, ReplyPermits(place.tokens), message, ends))
        return convert_statements.handled(fresh[0]).SerializeToString()

    answer, _ = hear_once(tx, place.keys, message, ends, handle)
    kept = inbound_pb2.HandleInboundMessageResponse.FromString(answer)
    return _Heard(ends, fresh[0] if fresh else None, kept)


def _facts(heard: _Heard, dry_run: bool) -> Facts:
    told = heard.before
    intent = Intent(told.intent) if told.intent else None
    reply = {
        "text": told.reply.text,
        "permit": told.reply.permit,
        "permit_expire_time": stamp(told.reply.permit_expire_time.ToMicroseconds()),
    }
    recorded = heard.now.recorded if heard.now else None
    return {
        "dry_run": dry_run,
        "intent": intent.name if intent else None,
        "matched_word": told.matched_word or None,
        "result": outcome_facts(recorded, dry_run=dry_run) if recorded else None,
        "reply": reply if told.HasField("reply") else None,
        "review_item_id": told.review_item_id if told.review_item_id and not dry_run else None,
        "repeated_message": heard.now is None,
    }


def _lines(heard: _Heard, dry_run: bool) -> list[str]:
    told = heard.before
    if heard.now is None:
        meaning = _meaning(Intent(told.intent), told.matched_word) if told.intent else "Its writer was forgotten since."
        return [f"This message was heard before; hearing it again changes nothing. {meaning}"]
    lines = [_meaning(heard.now.heard.intent, heard.now.heard.word)]
    if heard.now.recorded is not None:
        lines += outcome_lines(heard.now.recorded, heard.ends.sender.heard_scope, dry_run=dry_run)
    reply = heard.now.reply
    if reply is None:
        lines.append("No reply is due.")
    elif reply.text:
        lines.append(f"The reply to send: {plain(reply.text)}")
    else:
        lines.append("A reply is due; no setting of the sender has a text for it.")
    if reply is not None and not dry_run:
        lines.append(f"Its permit, until {second(reply.permit.expire_time)} UTC: {reply.permit_text}")
    return lines


def _meaning(intent: Intent, word: str) -> str:
    return f"{intent.name}: {_MEANINGS[intent]}" + (f" (heard by “{plain(word)}”)." if word else ".")
