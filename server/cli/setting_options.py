"""The options of a command that takes the settings, made from their table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.types import OptionHelpExtra

from server.settings import SERVE, Setting
from server.settings.kinds import FLAG

F = TypeVar("F", bound=Callable[..., Any])


class _SettingOption(click.Option):
    """An option that shows its variable, and leaves it to `read_settings`, which says what it allows."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:  # noqa: ARG002 - click's own shape
        return None

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        return {**super().get_help_extra(ctx), "default": str(self.show_default)}


def setting_options(command: F) -> F:
    """Add an option for each setting that the command line takes; the command gets their texts by name."""
    for setting in reversed(SERVE):
        if setting.is_option:
            command = _option(setting)(command)
    return command


def _option(setting: Setting) -> Callable[[F], F]:
    is_flag = setting.kind is FLAG
    return click.option(
        setting.option,
        setting.name,
        cls=_SettingOption,
        type=str,
        # A flag value at all would make the value of any option one that may be left out.
        **({"is_flag": True, "flag_value": "on"} if is_flag else {}),
        metavar=setting.kind.metavar or None,
        envvar=setting.variable,
        show_envvar=True,
        show_default=setting.default,
        help=setting.help if is_flag else f"{setting.help} Allowed: {setting.kind.allowed}.",
    )
