"""`consent export`."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click
import orjson

from server.cli.output import Meter, meter, note
from server.cli.session import Unusable, database_option, session, tenant_option
from server.cli.statement_rows import safe_cell
from server.cli.targets import whole_files
from server.cli.times import read_as_of
from server.cli.wording import recipient_facts, record_facts
from server.domain.model import Recipient, Record
from server.usecases.as_of import AsOf, standing
from server.usecases.exports import walk_consents

HEADER = (
    *("channel", "address", "sender", "purpose", "state", "strength", "lifted_by", "suspected", "suspect_time"),
    *("expire_time", "request_time", "actor", "effective_time", "create_time", "update_time", "revision"),
)
_ROWS_A_WRITE = 1000


@click.command(
    "export",
    epilog="""\b
    Examples:
      consent export --tenant acme --out consents.csv
      consent export --tenant acme --format jsonl --as-of 2026-03-01 --out march.jsonl
      consent export --tenant acme --as-of 4711 | gzip > consents.csv.gz
    """,
)
@tenant_option
@click.option(
    "--as-of",
    multiple=True,
    metavar="REVISION|TIME",
    callback=read_as_of,
    help="Write what stood at a revision of the ledger, or at a moment: a day such as 2027-01-31 (its beginning, UTC) "
    "or RFC 3339. It is rebuilt from the ledger, which takes longer.",
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True, help="The form."
)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Where it goes. Without it: standard output."
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@database_option
def export(tenant: str, as_of: AsOf, form: str, out: Path | None, force: bool, database: str) -> None:
    """Write all records to a file, of one moment.

    Each row is one record: the person's address on a channel, at a sender and purpose, what stands and since when. The
    address of a person who was forgotten is empty. `consent import` reads either form; it takes over what was said,
    and when, and not who said it.

    In CSV a cell that a spreadsheet would run (it begins with =, +, -, @, their full-width forms, a tab or the end of a
    line: so do all phone numbers) or that begins with an apostrophe has one more apostrophe before it. JSON lines are
    exact.

    Exit code 0: it is written; 1: the question was refused; 2: the file, the settings or the database cannot be used.
    """
    write_rows: Callable[[Sequence[Sequence[object]]], bytes] = _as_csv if form == "csv" else _as_lines
    with session(database) as opened, ExitStack() as stack:
        place = opened.tenant(tenant)
        with place.storage.read(place.tenant.id) as snapshot:
            records = walk_consents(snapshot, place.principal, as_of)
            revision = standing(snapshot, as_of).revision
            target = _target(stack, out, force)
            bar = stack.enter_context(meter(None))
            if form == "csv":
                target.write(write_rows([HEADER]))
            count = _write(records, target, write_rows, bar)
            target.flush()
    note(f"{count:,} {'record' if count == 1 else 'records'} as of revision {revision}")


def _target(stack: ExitStack, out: Path | None, force: bool) -> BinaryIO:
    if out is None:
        return sys.stdout.buffer
    return stack.enter_context(whole_files([out], force=force))[0]


def _write(
    records: Iterable[tuple[Recipient, Record]],
    target: BinaryIO,
    write_rows: Callable[[Sequence[Sequence[object]]], bytes],
    bar: Meter,
) -> int:
    count = 0
    remaining = iter(records)
    while page := list(islice(remaining, _ROWS_A_WRITE)):
        text = write_rows([_row(recipient, record) for recipient, record in page])
        try:
            target.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unusable(f"what is exported cannot be written: {error.strerror}") from error
        count += len(page)
        bar.advance(count, f"{count:,} records")
    return count


def _row(recipient: Recipient, record: Record) -> list[object]:
    facts = {**(recipient_facts(recipient) or {}), **record_facts(record)}
    return [facts[name] for name in HEADER]


def _as_csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return safe_cell(str(value))


def _as_lines(rows: Sequence[Sequence[object]]) -> bytes:
    return b"".join(orjson.dumps(dict(zip(HEADER, row, strict=True))) + b"\n" for row in rows)
