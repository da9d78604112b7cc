"""`consent purpose`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from server.cli.output import Facts, print_json, print_table, word
from server.cli.session import SOURCE, database_option, every_page, json_option, session, tenant_option
from server.cli.words import Words
from server.domain.model import Purpose, Rule, Strength
from server.storage.protocol import Transaction
from server.usecases.pages import MAX_PAGE_SIZE
from server.usecases.purposes import change_purpose, create_purpose, find_purpose, list_purposes

_RULE_HELP = (
    "opt-in-required needs a yes of at least --minimum; opt-out-allowed needs none, as long as no no stands; "
    "always-allowed sends even while a message that may have been a no waits to be judged."
)
_minimum = click.option(
    "--minimum",
    type=Words(Strength),
    help="How strong a yes must be. Needed for opt-in-required, and for it only.",
)


@click.group(
    epilog="""\b
    Examples:
      consent purpose create --tenant acme --id birthday --rule opt-in-required --minimum express
      consent purpose create --tenant acme --id security-code --rule always-allowed --ignores-opt-out
      consent purpose update --tenant acme --id birthday --minimum express-written
      consent purpose list --tenant acme
    """
)
def purpose() -> None:
    """Define why messages are sent, and what that needs.

    Each tenant starts with marketing, informational and transactional. A change counts for every check from then on,
    and stands in the ledger.
    """


@purpose.command(
    epilog="Example: consent purpose create --tenant acme --id birthday --rule opt-in-required --minimum express"
)
@tenant_option
@click.option(
    "--id",
    "purpose_id",
    required=True,
    metavar="ID",
    help="Its name: 1 to 64 lower-case letters, digits, - and _.",
)
@click.option("--rule", required=True, type=Words(Rule), help=_RULE_HELP)
@_minimum
@click.option(
    "--ignores-opt-out", is_flag=True, help="Send in spite of a no; for always-allowed only, such as security codes."
)
@database_option
@json_option
def create(
    tenant: str,
    purpose_id: str,
    rule: Rule,
    minimum: Strength | None,
    ignores_opt_out: bool,
    database: str,
    as_json: bool,
) -> None:
    """Make a purpose."""
    draft = Purpose(purpose_id, rule, minimum, ignores_opt_out)
    with session(database) as opened:
        place = opened.tenant(tenant)
        made = place.write(lambda tx: create_purpose(tx, place.principal, draft, SOURCE))
    _print([made], made, as_json)


@purpose.command("list", epilog="Example: consent purpose list --tenant acme --json")
@tenant_option
@database_option
@json_option
def list_all(tenant: str, database: str, as_json: bool) -> None:
    """List a tenant's purposes by id."""
    with session(database) as opened:
        place = opened.tenant(tenant)
        found = place.read(
            lambda snapshot: list(
                every_page(lambda token: list_purposes(snapshot, place.tokens, MAX_PAGE_SIZE, token)),
            )
        )
    _print(found, None, as_json)


@purpose.command(
    epilog="Example: consent purpose update --tenant acme --id marketing --rule opt-in-required --minimum express"
)
@tenant_option
@click.option("--id", "purpose_id", required=True, metavar="ID", help="The purpose's name.")
@click.option("--rule", type=Words(Rule), help=_RULE_HELP)
@_minimum
@click.option(
    "--ignores-opt-out/--no-ignores-opt-out", default=None, help="Whether to send in spite of a no (always-allowed)."
)
@database_option
@json_option
def update(
    tenant: str,
    purpose_id: str,
    rule: Rule | None,
    minimum: Strength | None,
    ignores_opt_out: bool | None,
    database: str,
    as_json: bool,
) -> None:
    """Change what a purpose needs.

    What is not named stays as it is, but what the new rule has no use for: a minimum goes when a yes is no longer
    needed, and --ignores-opt-out with always-allowed.
    """
    if rule is None and minimum is None and ignores_opt_out is None:
        raise click.UsageError("Name a change: --rule, --minimum, --ignores-opt-out or --no-ignores-opt-out.")
    with session(database) as opened:
        place = opened.tenant(tenant)

        def change(tx: Transaction) -> Purpose:
            wanted = _changed(find_purpose(tx, purpose_id), rule, minimum, ignores_opt_out)
            return change_purpose(tx, place.principal, wanted, SOURCE)

        changed = place.write(change)
    _print([changed], changed, as_json)


def _changed(before: Purpose, rule: Rule | None, minimum: Strength | None, ignores_opt_out: bool | None) -> Purpose:
    after = replace(before, rule=rule or before.rule)
    if after.rule is not Rule.OPT_IN_REQUIRED:
        after = replace(after, minimum=None)
    if after.rule is not Rule.ALWAYS_ALLOWED:
        after = replace(after, ignores_opt_out=False)
    if minimum is not None:
        after = replace(after, minimum=minimum)
    if ignores_opt_out is not None:
        after = replace(after, ignores_opt_out=ignores_opt_out)
    return after


def _print(purposes: Sequence[Purpose], single: Purpose | None, as_json: bool) -> None:
    if as_json:
        print_json(_facts(single) if single else [_facts(each) for each in purposes])
        return
    rows = [
        (
            each.id,
            word(each.rule),
            word(each.minimum) if each.minimum else "-",
            "yes" if each.ignores_opt_out else "no",
        )
        for each in purposes
    ]
    print_table(("ID", "RULE", "MINIMUM", "IGNORES OPT-OUT"), rows, "the tenant has no purposes")


def _facts(value: Purpose) -> Facts:
    return {
        "id": value.id,
        "rule": word(value.rule),
        "minimum": word(value.minimum) if value.minimum else None,
        "ignores_opt_out": value.ignores_opt_out,
    }
