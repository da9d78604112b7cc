"""`consent record`."""

from __future__ import annotations

import click

from server.cli.evidence import evidence_options, read_evidence
from server.cli.outcomes import DRY_RUN, outcome_facts, outcome_lines
from server.cli.output import print_json, print_line
from server.cli.recipients import address_argument, channel_of, channel_option
from server.cli.rehearsal import perform
from server.cli.session import SOURCE, database_option, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.cli.times import read_end, read_start
from server.cli.words import Words
from server.domain.model import Actor, Channel, Instant, LiftedBy, Scope, State, Strength
from server.usecases.records import Draft, Terms, record_consent
from server.usecases.statements import Recorded

EXIT_NO_EFFECT = 1
_ACTORS = (Actor.BUSINESS, Actor.RECIPIENT, Actor.CARRIER, Actor.IMPORT)


@click.command(
    epilog="""\b
    Examples:
      consent record +16505551234 --tenant acme --sender shop --purpose '*' --opt-out
      consent record +16505551234 --tenant acme --sender '*' --purpose '*' --opt-out --dry-run
      consent record a@example.com --tenant acme --sender shop --purpose marketing --opt-in express
      consent record a@example.com --tenant acme --sender shop --purpose '*' --opt-in express-written
        --actor recipient --method web-form --url https://example.com/join
      consent record a@example.com --tenant acme --sender shop --purpose '*' --opt-in express --force
        --reason 'ticket 4711: opted out by mistake'
    """
)
@address_argument
@tenant_option
@click.option(
    "--sender",
    required=True,
    metavar="ID",
    type=Bounded("ConsentStatement.sender"),
    help="The sender that it is about, or '*' for every sender of the tenant.",
)
@click.option(
    "--purpose",
    required=True,
    metavar="ID",
    type=Bounded("ConsentStatement.purpose"),
    help="The purpose that it is about, or '*' for every purpose.",
)
@click.option("--opt-in", "strength", type=Words(Strength), help="A yes, and how strong it is.")
@click.option("--opt-out", is_flag=True, help="A no.")
@click.option(
    "--actor",
    type=Words(_ACTORS),
    default="business",
    show_default=True,
    help="Who says so. A statement of the recipient needs evidence; a yes of an import never lifts a no.",
)
@click.option(
    "--lifted-by",
    type=Words(LiftedBy),
    help="Who may lift a no. Without it: business for a no of the business, recipient for any other.",
)
@click.option(
    "--effective-time",
    metavar="TIME",
    callback=read_start,
    help="When it was said: a day such as 2027-01-31 (its beginning, UTC) or a moment in RFC 3339. Without it: now.",
)
@click.option(
    "--expires",
    metavar="TIME",
    callback=read_end,
    help="When a yes ends: a day such as 2027-01-31, the whole of which it still holds (UTC), or a moment in RFC 3339.",
)
@evidence_options
@channel_option
@click.option("--force", is_flag=True, help="Lift a protected no, at this scope and narrower. Needs --reason.")
@click.option(
    "--reason",
    default="",
    type=Bounded("RecordConsentRequest.force_reason"),
    help="Why it is forced. It stays as evidence.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and record nothing.")
@database_option
@json_option
@click.pass_context
def record(
    context: click.Context,
    /,
    address: str,
    tenant: str,
    sender: str,
    purpose: str,
    strength: Strength | None,
    opt_out: bool,
    actor: Actor,
    lifted_by: LiftedBy | None,
    effective_time: Instant | None,
    expires: Instant | None,
    channel: Channel | None,
    force: bool,
    reason: str,
    dry_run: bool,
    database: str,
    as_json: bool,
    **evidence: str | None,
) -> None:
    """Record a yes or a no.

    ADDRESS is a phone number or an e-mail address in any usual form. The statement stands in the ledger whether it
    prevails or not: a no that the recipient said is lifted by a later yes of the recipient only.

    Exit code 0: it took effect, or was so already; 1: it was recorded without effect, or refused; 2: a setting, an
    option or the database cannot be used.
    """
    if (strength is None) == (not opt_out):
        raise click.UsageError("Say one of --opt-in and --opt-out.")
    if reason and not force:
        raise click.UsageError("--reason is for --force.")
    draft = Draft(
        channel=channel_of(address, channel),
        address=address,
        sender_id=sender,
        purpose_id=purpose,
        state=State.OPTED_OUT if opt_out else State.OPTED_IN,
        actor=actor,
        strength=strength,
        lifted_by=lifted_by,
        effective_time=effective_time,
        expire_time=expires,
        evidence=read_evidence(evidence),
        source=SOURCE,
    )
    with session(database) as opened:
        place = opened.tenant(tenant)
        terms = Terms(force, reason)
        recorded = perform(place, lambda tx: record_consent(tx, place.principal, draft, terms), dry_run)
    _tell(recorded, Scope(sender, purpose), dry_run, as_json)
    context.exit(EXIT_NO_EFFECT if recorded.not_applied_reason is not None else 0)


def _tell(recorded: Recorded, scope: Scope, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(outcome_facts(recorded, dry_run=dry_run))
        return
    for line in (*outcome_lines(recorded, scope, dry_run=dry_run), *([DRY_RUN] if dry_run else [])):
        print_line(line)
