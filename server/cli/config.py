"""`consent config`."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from server.cli.output import note, print_json, print_table
from server.cli.session import Unusable, json_option, told
from server.cli.setting_options import setting_options
from server.settings import Found, Source, misspelt, read_settings
from server.tls import TlsFiles, TlsUnusable, load


@click.command(
    epilog="""\b
    Examples:
      consent config
      CONSENT_LOG_LEVEL=debug consent config --processes 4
      consent config --json
    """
)
@setting_options
@json_option
def config(as_json: bool, **options: str | None) -> None:
    """Print the settings that `consent serve` would have here.

    Each is told with where it comes from: an option, its variable, or the default. It takes the options of
    `consent serve`, reads TLS files, opens no database and starts nothing. Of the service key only the id is shown, and
    no password of a database. Exit code 2: something in force cannot be used; standard error says what, and what is
    allowed.
    """
    with told():
        reading = read_settings(options, os.environ)
        faults = reading.faults or _tls_faults(reading.settings.tls)
        if as_json:
            told_settings = {found.setting.name: _facts(found) for found in reading.found}
            print_json({"settings": told_settings, "faults": faults})
        else:
            print_table(("setting", "value", "from"), [_row(found) for found in reading.found], "")
        for fault in misspelt(os.environ):
            note(f"Warning: {fault}")
        if faults:
            raise Unusable("\n".join(faults))


def _tls_faults(files: TlsFiles | None) -> list[str]:
    try:
        if files is not None:
            load(files, datetime.now(UTC))
    except TlsUnusable as error:
        return [str(error)]
    return []


def _row(found: Found) -> tuple[str, str, str]:
    value = "(cannot be used)" if found.fault else found.setting.show(found.value) or f"({found.setting.default})"
    return found.setting.name.replace("_", "-"), value, _origin(found)


def _origin(found: Found) -> str:
    match found.source:
        case Source.OPTION:
            return f"option {found.setting.option}"
        case Source.ENVIRONMENT:
            return f"environment {found.setting.variable}"
        case Source.DEFAULT:
            return "default"


def _facts(found: Found) -> dict[str, object]:
    value = found.value if isinstance(found.value, int | None) else found.setting.show(found.value)
    fault = {"fault": found.fault} if found.fault else {}
    return {"value": value, "source": found.source.value, **fault}
