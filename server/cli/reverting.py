"""`consent revert`."""

from __future__ import annotations

from collections import Counter
from functools import partial

import click

from server.cli.confirmation import confirm, require_reason, yes_option
from server.cli.output import meter, note, print_json, print_line
from server.cli.rehearsal import perform
from server.cli.session import Refused, Workplace, database_option, json_option, session, tenant_option
from server.cli.texts import Bounded
from server.usecases.reversals import KINDS, Reverting, find_batch, revert_portion

_TOLD = {
    "yeses": "yeses taken back",
    "lifts": "opt-outs that they had lifted stand again",
    "noes": "imported noes taken back",
    "kept_noes": "noes stay",
    "restated": "records were restated since and stay",
    "heard_again": "noes that had no effect because of them were heard again",
}


@click.command(
    epilog="""\b
    Examples:
      consent revert cutover-1 --tenant acme --reason "wrong file, ticket 4711" --dry-run
      consent revert cutover-1 --tenant acme --reason "wrong file, ticket 4711" --yes
    """
)
@click.argument("batch_id", metavar="BATCH_ID", type=Bounded("RecordConsentRequest.batch_id"))
@tenant_option
@click.option(
    "--reason", required=True, type=Bounded("RecordConsentRequest.force_reason"), help="Why. Kept as evidence."
)
@click.option("--noes", is_flag=True, help="Take back the noes of an import too, at your own risk: see above.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@yes_option
@database_option
@json_option
def revert(
    batch_id: str, tenant: str, reason: str, noes: bool, dry_run: bool, yes: bool, database: str, as_json: bool
) -> None:
    """Take back what a batch said, such as a bad import.

    BATCH_ID is the id that the batch's events are marked with; `consent import` tells it. Where nothing was said of a
    record since, what stood before the batch stands again. Nothing is deleted: each record that changes gets a REVERT
    event in the batch revert:BATCH_ID, which names what it took back.

    Yeses are taken back, and opt-outs that they lifted stand again. A no that had no effect because of such a yes is
    heard again. Noes stay, unless you say --noes: somebody may have meant one of them, and what stood before may be a
    yes, so that messages are sent against a no. Even then only noes of an import are taken back, never what a person,
    the business or a carrier said.

    It is done in portions, while the database may be served; run it again where it was interrupted: what was taken
    back is not touched again. A batch that was reverted cannot be gone on with by `consent import`.

    Exit code 0: done; 1: refused (there is no such batch) or not confirmed; 2: a setting or the database cannot be
    used.
    """
    require_reason(reason)
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    with session(database) as opened:
        place = opened.tenant(tenant)
        if not place.read(partial(find_batch, batch_id=batch_id, after_revision=0)).next_revision:
            raise Refused(f"no event of {tenant} is of the batch {batch_id}")
        if not (dry_run or yes):
            what = "the yeses and noes" if noes else "the yeses"
            confirm(f"Take back {what} of the batch {batch_id} in {tenant}?", "reverts")
        counts.update(_run(place, Reverting(batch_id, reason, noes), dry_run))
    if as_json:
        print_json({**counts, "batch_id": None if dry_run else f"revert:{batch_id}", "dry_run": dry_run})
        return
    for kind in KINDS:
        print_line(f"{counts[kind]:,} {_TOLD[kind]}")
    if dry_run:
        note("Nothing was changed: this was a dry run.")


def _run(place: Workplace, reverting: Reverting, dry_run: bool) -> Counter[str]:
    """Take back portion by portion, each in a transaction of its own."""
    counts: Counter[str] = Counter()
    with meter(place.tenant.head_revision) as bar:
        after = 0
        while True:
            page = place.read(partial(find_batch, batch_id=reverting.batch_id, after_revision=after))
            if not page.next_revision:
                return counts
            work = partial(revert_portion, principal=place.principal, reverting=reverting, recipients=page.recipients)
            counts.update(perform(place, work, dry_run))
            after = page.next_revision
            bar.advance(after, f"{counts['yeses']:,} yeses, {counts['noes']:,} noes taken back")
