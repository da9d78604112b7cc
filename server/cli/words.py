"""Options whose value is a word for a member of an enum."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import click

from server.cli.output import word

E = TypeVar("E", bound=Enum)


class Words(click.Choice[E]):
    """The members of an enum, as `word` writes them."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Write a member as its word; what was typed is compared as it is."""
        return word(choice) if isinstance(choice, Enum) else super().normalize_choice(choice, ctx)
