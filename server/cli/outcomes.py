"""What became of a statement, for a person and for programs."""

from __future__ import annotations

from server.cli.output import Facts
from server.cli.wording import NOT_APPLIED, record_facts, scope_words, state_words
from server.domain.model import Scope
from server.usecases.statements import Recorded

DRY_RUN = "Nothing was changed: this was a dry run."


def outcome_facts(recorded: Recorded, *, dry_run: bool) -> Facts:
    """What became of a statement, in the contract's names. What was only rehearsed has no revision."""
    return {
        "dry_run": dry_run,
        "applied": recorded.not_applied_reason is None,
        "unchanged": recorded.unchanged,
        "not_applied_reason": recorded.not_applied_reason.name if recorded.not_applied_reason else None,
        "lifted_count": recorded.lifted_count,
        "revision": recorded.revision if recorded.revision and not dry_run else None,
        "consent": record_facts(recorded.record) if recorded.record.revision else None,
        "review_item_id": recorded.review_item_id if recorded.review_item_id and not dry_run else None,
    }


def outcome_lines(recorded: Recorded, scope: Scope, *, dry_run: bool) -> list[str]:
    """The same in sentences."""
    where = scope_words(scope)
    if recorded.unchanged:
        told = [f"Nothing to record: it was so already for {where}."]
    elif recorded.not_applied_reason is not None:
        reason = recorded.not_applied_reason
        told = [f"{_done('Recorded', dry_run)} without effect for {where}: {NOT_APPLIED[reason]} ({reason.name})."]
    else:
        told = [f"{_done('Recorded', dry_run)} for {where}" + _at(recorded, dry_run) + "."]
    told.append(f"The record of this scope {'would be' if dry_run else 'is'}: {state_words(recorded.record)}.")
    if recorded.lifted_count:
        others = "1 other record" if recorded.lifted_count == 1 else f"{recorded.lifted_count} other records"
        told.append(f"{others} of a narrower scope or of the sibling channel changed with it.")
    if recorded.review_item_id:
        told.append("A review item is opened: consent review list.")
    return told


def _done(verb: str, dry_run: bool) -> str:
    return f"Would be {verb.lower()}" if dry_run else verb


def _at(recorded: Recorded, dry_run: bool) -> str:
    return "" if dry_run else f" as revision {recorded.revision}"
