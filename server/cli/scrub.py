"""`consent scrub`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import click

from server.cli.contacts import size_of
from server.cli.list_file import CHUNK_LENGTH, ListFile, ListUnusable
from server.cli.output import Meter, meter, note, print_json, stamp
from server.cli.recipients import channel_option
from server.cli.session import Unusable, Workplace, database_option, json_option, session, tenant_option
from server.cli.targets import whole_files
from server.cli.texts import Bounded
from server.domain.model import Channel, Instant
from server.scrubbing.crew import Alone, Crew, CrewFailed, Task, judge_in_order, open_processes
from server.scrubbing.judging import ALLOWING, Judged, Question, storage_judge

_STANDARD_INPUT = "<stdin>"


@dataclass(slots=True)
class Summary:
    """What became of a list: its rows by reason, and the revisions of the ledger that they were judged at."""

    begin_time: Instant
    reasons: Counter[str] = field(default_factory=Counter)
    revisions: tuple[int, int] | None = None

    def add(self, judged: Judged) -> None:
        """Count one more chunk."""
        self.reasons.update(judged.reasons)
        seen = (*(self.revisions or ()), *(judged.revisions or ()))
        self.revisions = (min(seen), max(seen)) if seen else None

    @property
    def allowed(self) -> int:
        """How many rows may be sent to."""
        return sum(count for reason, count in self.reasons.items() if reason in ALLOWING)


@click.command(
    epilog="""Example of a list:

    \b
    name,phone
    Ann,+16505551234
    "Lee, Bob",(650) 555-9876

    \b
    Examples:
      consent scrub list.csv --tenant acme --sender shop --purpose marketing
      consent scrub list.csv --tenant acme --sender shop --purpose marketing --column phone
        --out may.csv --denied not.csv --force
      consent scrub numbers.txt --tenant acme --sender shop --purpose marketing --channel voice --json
    """
)
@click.argument("file", metavar="LIST.csv", type=click.File("rb"))
@tenant_option
@click.option(
    "--sender", required=True, metavar="ID", type=Bounded("BatchCheckConsentRequest.sender"), help="Who sends."
)
@click.option(
    "--purpose",
    required=True,
    metavar="ID",
    type=Bounded("BatchCheckConsentRequest.purpose"),
    help="Why it is sent.",
)
@channel_option
@click.option(
    "--column",
    metavar="NAME|NUMBER",
    help="The column that holds the addresses: its name in the header, or its number (from 1) in a list without one. "
    "Without it: a column with a usual name, such as phone or email, or the only one that holds addresses.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the allowed rows go. Without it: LIST.allowed.csv beside LIST.csv.",
)
@click.option(
    "--denied",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the denied rows go. Without it: LIST.denied.csv beside LIST.csv.",
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="How many processes judge side by side. Without it: as many as there are cores.",
)
@database_option
@json_option
def scrub(
    file: BinaryIO,
    tenant: str,
    sender: str,
    purpose: str,
    channel: Channel | None,
    column: str | None,
    out: Path | None,
    denied: Path | None,
    force: bool,
    processes: int | None,
    database: str,
    as_json: bool,
) -> None:
    """Divide a list into whom it may be sent to and whom not.

    LIST.csv (or - for standard input) is UTF-8 text: one address a line, or columns with or without a header, all of
    which are carried through unchanged, in the list's order. A denied row has the reason as one more column,
    consent_reason: that of `consent check`, INVALID_RECIPIENT where the address is none, or MALFORMED_ROW where the row
    has not as many columns as the first one or a quote in it is not closed.

    Each row is judged by what was committed when its turn came: nothing that was recorded before the command began is
    missed. Send soon; what is recorded later is not in the files. They appear under their names when the whole list
    is judged, and not at all after a failure.

    Exit code 0: the files are written, whatever the verdicts; 1: the question was refused; 2: the list, the files, the
    settings or the database cannot be used.
    """
    allowed_path, denied_path = _targets(file, out, denied)
    with session(database) as opened, _unusable(file):
        place = opened.tenant(tenant)
        question = Question(place.tenant.id, place.principal, sender, purpose, channel)
        judge = storage_judge(place.storage, question)
        judge([])  # An unknown sender or purpose is refused before anything is read.
        rows = ListFile(file, judge, channel, column)
        summary = Summary(place.read(lambda snapshot: snapshot.now))
        with (
            whole_files((denied_path, allowed_path), force=force, sources=[file]) as files,
            meter(size_of(file)) as bar,
            _crew(place, database, Task(question, rows.column, rows.form), processes, size_of(file)) as crew,
        ):
            _divide(rows, crew, files, summary, bar)
    _tell(summary, allowed_path, denied_path, as_json)


def _targets(file: BinaryIO, out: Path | None, denied: Path | None) -> tuple[Path, Path]:
    name = getattr(file, "name", _STANDARD_INPUT)
    if name == _STANDARD_INPUT or not isinstance(name, str):
        if out is None or denied is None:
            raise click.UsageError("What comes from standard input needs --out and --denied.")
        return out, denied
    listed = Path(name)
    suffix = listed.suffix or ".csv"
    return (
        out or listed.with_name(f"{listed.stem}.allowed{suffix}"),
        denied or listed.with_name(f"{listed.stem}.denied{suffix}"),
    )


@contextmanager
def _crew(place: Workplace, database: str, task: Task, wanted: int | None, size: int | None) -> Iterator[Crew]:
    """The process itself where there is work for one only, else others as well."""
    most = len(os.sched_getaffinity(0)) if wanted is None else wanted
    count = min(most, -(-size // CHUNK_LENGTH)) if size is not None else most
    if count <= 1:
        yield Alone(storage_judge(place.storage, task.question), task)
        return
    with open_processes(count, database, place.keys, task) as crew:
        yield crew


def _divide(rows: ListFile, crew: Crew, files: Sequence[BinaryIO], summary: Summary, bar: Meter) -> None:
    denied, allowed = files
    denied.write(rows.denied_header)
    allowed.write(rows.header)
    for judged in judge_in_order(crew, rows.chunks()):
        denied.write(judged.denied)
        allowed.write(judged.allowed)
        summary.add(judged)
        bar.advance(rows.position, f"{summary.reasons.total():,} rows, {summary.allowed:,} allowed")


def _tell(summary: Summary, allowed_path: Path, denied_path: Path, as_json: bool) -> None:
    total, allowed = summary.reasons.total(), summary.allowed
    if as_json:
        first, last = summary.revisions or (0, 0)
        print_json(
            {
                "rows": total,
                "allowed": allowed,
                "denied": total - allowed,
                "reasons": dict(summary.reasons.most_common()),
                "allowed_file": str(allowed_path),
                "denied_file": str(denied_path),
                "begin_time": stamp(summary.begin_time),
                "first_revision": first,
                "last_revision": last,
            }
        )
        return
    note(f"{total:,} {'row' if total == 1 else 'rows'}: {allowed:,} allowed, {total - allowed:,} denied")
    for reason, count in summary.reasons.most_common():
        note(f"{count:>12,} {'allowed' if reason in ALLOWING else 'denied '} {reason}")
    note(f"allowed: {allowed_path}")
    note(f"denied:  {denied_path}")


@contextmanager
def _unusable(file: BinaryIO) -> Iterator[None]:
    try:
        yield
    except ListUnusable as error:
        name = getattr(file, "name", _STANDARD_INPUT)
        raise Unusable(f"{'standard input' if name == _STANDARD_INPUT else name} {error}") from error
    except CrewFailed as error:
        raise Unusable(f"{error}; no file was written") from error
