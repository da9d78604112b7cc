"""What a command asks before it does what cannot be taken back lightly: a reason, and a yes."""

from __future__ import annotations

import sys

import click

yes_option = click.option("--yes", is_flag=True, help="Do not ask. Needed where there is no terminal to ask at.")


def confirm(question: str, doing: str) -> None:
    """Go on after a yes only. `doing` says what --yes does: "deletes". Raises click.UsageError, click.Abort."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"There is no terminal to ask at; --yes {doing} without asking.")
    click.confirm(question, abort=True, err=True)


def require_reason(reason: str) -> None:
    """Raise click.BadParameter for a reason that says nothing."""
    if not reason.strip():
        raise click.BadParameter("is empty", param_hint="'--reason'")
