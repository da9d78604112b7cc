"""`consent import`."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO

import click

from server.cli.contacts import file_told, size_of
from server.cli.csv_file import BadRow, FileUnusable
from server.cli.output import Meter, meter, note, print_json, print_line
from server.cli.session import database_option, json_option, session, tenant_option
from server.cli.statement_file import Row, read_file
from server.cli.statement_import import StatementImport
from server.cli.statement_rows import Defaults, safe_cell
from server.cli.targets import whole_files
from server.cli.texts import Bounded
from server.cli.times import read_start
from server.cli.vendor_rows import SHAPES
from server.cli.words import Words
from server.domain.errors import StorageUnavailable
from server.domain.model import Instant, Strength

_TOLD_AT_MOST = 20


@click.command(
    "import",
    epilog="""Example of a file:

    \b
    address,sender,purpose,state,strength,effective_time,method,url
    +16505551234,shop,marketing,OPTED_IN,EXPRESS_WRITTEN,2024-03-01T17:20:00Z,web-form,https://example.com/join
    ann@example.com,shop,*,OPTED_OUT,,2025-01-31,,

    \b
    What the formats of the vendors read, one object, page or list on each line (or the whole file):
      telnyx    GET /messaging_optouts: from, messaging_profile_id, created_at
      relay     {"consent": {client_id, channel_addr, consent_type, updated_at}}
      mykaarma  …/optoutstatus/list: optOutStatusList[{communication, optOutStatus}]; needs --sender
      himarley  customers: mobile, optStatus; needs --effective-time

    \b
    Examples:
      consent import consents.csv --tenant acme --dry-run
      consent import consents.csv --tenant acme --batch-id cutover-1 --rejects bad.csv
      consent import optouts.jsonl --tenant acme --format telnyx
      consent import list.json --tenant acme --format mykaarma --sender 1f0a8a3e-5d5c-4d0e-9d3a-0b6f4f3f7a11
      consent import users.jsonl --tenant acme --format himarley --effective-time 2026-11-01
    """,
)
@click.argument("file", metavar="FILE", type=click.File("rb"))
@tenant_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(list(SHAPES)),
    default="own",
    show_default=True,
    help="Whose form the file has. A vendor's statements are of every purpose.",
)
@click.option(
    "--sender",
    default="",
    metavar="ID",
    type=Bounded("ConsentStatement.sender"),
    help="The sender of rows that name none; '*' for every sender of the tenant.",
)
@click.option(
    "--purpose",
    default="",
    metavar="ID",
    type=Bounded("ConsentStatement.purpose"),
    help="The purpose of rows that name none; '*' for every purpose.",
)
@click.option("--strength", type=Words(Strength), help="How strong a yes is that does not say it.")
@click.option(
    "--effective-time",
    metavar="TIME",
    callback=read_start,
    help="When it was said, for rows that do not tell: a day such as 2027-01-31 (its beginning, UTC) or RFC 3339.",
)
@click.option(
    "--batch-id",
    default="",
    metavar="ID",
    type=Bounded("RecordConsentRequest.batch_id"),
    help="What all events of this import are marked with. Without it one is made. Given again, with the same file, an "
    "import that was interrupted goes on where it stopped (within a week).",
)
@click.option(
    "--rejects",
    metavar="FILE.csv",
    type=click.Path(path_type=Path),
    help="Where the lines and reasons of bad rows go too.",
)
@click.option("--force", is_flag=True, help="Replace the file of --rejects where it is there already.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and record nothing.")
@database_option
@json_option
@click.pass_context
def import_statements(
    context: click.Context,
    /,
    file: BinaryIO,
    tenant: str,
    shape: str,
    sender: str,
    purpose: str,
    strength: Strength | None,
    effective_time: Instant | None,
    batch_id: str,
    rejects: Path | None,
    force: bool,
    dry_run: bool,
    database: str,
    as_json: bool,
) -> None:
    """Bring in what was said elsewhere, with its times.

    FILE (or - for standard input) is UTF-8 text: CSV with a header, or JSON, one object on each line. Columns: address
    and state (OPTED_IN, OPTED_OUT) are needed; channel, sender, purpose, strength, effective_time, expire_time and what
    proves it (method, url, message_id, ip_address, artifact_hash, text_shown, text_version, language, user_agent,
    jurisdiction) may be there. What `consent export` writes is such a file; an apostrophe that a cell begins with is
    taken off.

    Whatever the file says, the actor is IMPORT: its yes never lifts a no, and its no is lifted by the recipient only.
    Rows that meet such a no are protected, those that meet a newer statement superseded: both are recorded without
    effect. Rows that say neither yes nor no are silent. A bad row is told by its line and reason and changes nothing;
    the others are kept. A row that says what stands already writes nothing, so importing a file again is safe. A dry
    run judges each portion of 500 rows by itself.

    Exit code 0: all rows were good; 1: some were bad, or it was refused; 2: the file, the settings or the database
    cannot be used.
    """
    batch_id = batch_id or str(uuid.uuid4())
    defaults = Defaults(sender, purpose, strength, effective_time)
    with session(database) as opened, file_told(file), ExitStack() as stack:
        place = opened.tenant(tenant)
        run = StatementImport(place, batch_id, dry_run=dry_run)
        rows = stack.enter_context(closing(read_file(file, SHAPES[shape], defaults)))
        paths = [rejects] if rejects else []
        targets = stack.enter_context(whole_files(paths, force=force, sources=[file]))
        bar = stack.enter_context(meter(size_of(file)))
        if not dry_run:
            bar.note(f"batch {batch_id}")
        _run(run, rows, bar, file.tell if size_of(file) else lambda: 0, _Rejects(targets))
    _tell(run, batch_id, dry_run, as_json)
    context.exit(1 if run.counts["bad"] else 0)


class _Rejects:
    """Where bad rows are told: all of them in a file, where there is one."""

    def __init__(self, targets: list[BinaryIO]) -> None:
        self._targets = targets
        self._write([("line", "reason")])

    def add(self, bad: list[BadRow]) -> None:
        # A reason may begin with a name that the file gives.
        self._write([(row.line, safe_cell(row.reason)) for row in bad])

    def _write(self, rows: list[tuple[object, str]]) -> None:
        for target in self._targets:
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            target.write(text.getvalue().encode())


def _run(
    run: StatementImport, rows: Iterator[Row | BadRow], bar: Meter, position: Callable[[], int], rejects: _Rejects
) -> None:
    told = 0
    try:
        for bad in run.run(rows):
            rejects.add(list(bad))
            for row in bad[: max(_TOLD_AT_MOST - told, 0)]:
                bar.note(f"line {row.line}: {row.reason}")
            told += len(bad)
            bar.advance(position(), f"{run.counts.total():,} rows, {run.counts['bad']:,} bad")
    except (StorageUnavailable, FileUnusable, KeyboardInterrupt):
        if run.last_line:
            bar.note(
                f"stopped: the rows to line {run.last_line} are done; run it again with the same file and batch id"
            )
        raise
    if told > _TOLD_AT_MOST:
        bar.note(f"… and {told - _TOLD_AT_MOST:,} more bad rows; --rejects writes all to a file")


def _tell(run: StatementImport, batch_id: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        facts = {**run.counts, "repeated": run.repeated, "batch_id": None if dry_run else batch_id, "dry_run": dry_run}
        print_json(facts)
        return
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in run.counts.items())
    total = run.counts.total()
    print_line(f"{total:,} {'row' if total == 1 else 'rows'}: {told}")
    if run.repeated:
        note(f"{run.repeated:,} of them were imported by an earlier run of this batch")
    if dry_run:
        note("Nothing was changed: this was a dry run.")
