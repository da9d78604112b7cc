"""`consent prune`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import click

from server.cli.confirmation import confirm, yes_option
from server.cli.output import meter, note, print_json, print_line, second, stamp
from server.cli.rehearsal import perform
from server.cli.session import Workplace, database_option, json_option, session
from server.cli.times import read_age
from server.domain.model import Instant
from server.storage.database import wall_clock
from server.usecases.retention import (
    Spent,
    check_cutoff,
    find_spent,
    portions,
    prune_answers,
    prune_heard_answers,
    prune_payloads,
    waiting_events,
)

T = TypeVar("T")

_KINDS = ("payloads", "heard_answers", "answers")


@click.command(
    epilog="""\b
    Examples:
      consent prune --older-than 1500d --dry-run
      consent prune --older-than 1500d --tenant acme --yes
    """
)
@click.option(
    "--older-than",
    "age",
    required=True,
    metavar="AGE",
    callback=read_age,
    help="How long ago a payload must have ceased to prove anything that stands: 1500d. At least 7d.",
)
@click.option("--tenant", metavar="NAME", help="The tenant whose payloads are pruned. Without it: every tenant's.")
@click.option("--dry-run", is_flag=True, help="Count what would go, and delete nothing.")
@yes_option
@database_option
@json_option
def prune(age: Instant, tenant: str | None, dry_run: bool, yes: bool, database: str, as_json: bool) -> None:
    """Delete evidence that need not be kept any longer.

    What an event said, when, by whom and what it changed is kept for ever, and so is every verdict of now and of any
    time before. What goes is its payload: the address, the message's text, the evidence. A payload stays while what it
    proves stands, and goes AGE after that: a yes keeps its evidence until AGE after it was replaced or taken back.
    What is under a legal hold or waits to be judged stays. Answers to messages heard AGE ago are emptied, and those
    to request ids deleted after a week; that a message was heard stays known.

    Each deletion is recorded in the ledger as a PRUNED event, so that the ledger still verifies. It is done in
    portions, while the database may be served; run it again where it was interrupted. How long evidence is to be kept
    is a matter of law: claims may be brought years after a message.

    Exit code 0: done; 1: refused or not confirmed; 2: a setting or the database cannot be used.
    """
    totals: Counter[str] = Counter(dict.fromkeys(_KINDS, 0))
    now = wall_clock()
    with session(database) as opened:
        before = check_cutoff(now, now - age)
        names = [tenant] if tenant is not None else [each.name for each in opened.storage.tenants()]
        places = [opened.tenant(name) for name in names]
        if not (dry_run or yes):
            of = ", ".join(names)
            confirm(
                f"Delete the evidence of what ceased to stand before {second(before)} UTC in {of} for good?", "deletes"
            )
        for place in places:
            totals.update(_Pruning(place, before, dry_run).run())
    if as_json:
        print_json({**totals, "before": stamp(before), "dry_run": dry_run})
        return
    told = f"{totals['payloads']:,} payloads, {totals['heard_answers']:,} answers to messages"
    print_line(f"{told}, {totals['answers']:,} answers to request ids {'would be ' if dry_run else ''}deleted")
    if dry_run:
        note(f"Nothing was changed: this was a dry run. What ceased to stand before {second(before)} UTC would go.")


class _Pruning:
    """One tenant's part. A dry run deletes in transactions that are taken back, or only counts."""

    def __init__(self, place: Workplace, before: Instant, dry_run: bool) -> None:
        self._place = place
        self._before = before
        self._dry_run = dry_run
        self._done: Counter[str] = Counter(dict.fromkeys(_KINDS, 0))

    def run(self) -> Counter[str]:
        """Prune, and answer how many of each there were."""
        place = self._place
        with meter(place.tenant.head_revision) as bar:
            waiting = place.read(waiting_events)
            after, seen = 0, 0
            while True:
                page = place.read(partial(find_spent, after_id=after, before=self._before, waiting=waiting))
                if not page.next_id:
                    break
                for portion in portions(page.found):
                    self._prune_payloads(portion)
                after, seen = page.next_id, seen + page.event_count
                bar.advance(seen, f"{place.tenant.name}: {self._done['payloads']:,} payloads of {seen:,} events")
            self._prune_kept()
        return self._done

    def _prune_payloads(self, portion: Sequence[Spent]) -> None:
        """Delete some payloads; in a dry run count those that may go."""
        if self._dry_run:
            self._done["payloads"] += sum(len(spent.revisions) for spent in portion)
            return
        place = self._place
        work = partial(prune_payloads, principal=place.principal, portion=portion, before=self._before)
        self._done["payloads"] += place.write(work)

    def _prune_kept(self) -> None:
        """Delete the answers that are not kept any longer."""
        self._walk("heard_answers", partial(prune_heard_answers, before=self._before))
        self._walk("answers", prune_answers)

    def _walk(self, kind: str, prune_some: Callable[..., tuple[int, T | None]]) -> None:
        """Call `prune_some` in a transaction of its own, until it says that there is nothing after what it saw."""
        after: T | None = None
        while True:
            count, after = perform(self._place, partial(prune_some, after=after), self._dry_run)
            self._done[kind] += count
            if after is None:
                return
