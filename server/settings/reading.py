"""Reading the settings: from the command line, else from the environment, else the default."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from server.settings.kinds import InvalidSetting, NotAllowed
from server.settings.serving import SERVE, ServeSettings
from server.settings.setting import Setting, Settled

_ALIKE = 0.85


class Source(Enum):
    """Where the value of a setting comes from."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Found:
    """One setting as it was found: its value or, where that is not allowed, what is wrong with it."""

    setting: Setting
    source: Source
    value: Any
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All settings as they were found."""

    found: tuple[Found, ...]

    @property
    def faults(self) -> list[str]:
        """What is wrong, each in a sentence for a person: with single settings or, where all are good, between them."""
        faults = [found.fault for found in self.found if found.fault]
        return faults or list(self._settings.conflicts())

    @property
    def settings(self) -> ServeSettings:
        """The settings in force. Raises InvalidSetting with all that is wrong."""
        if self.faults:
            raise InvalidSetting("\n".join(self.faults))
        return self._settings

    @property
    def _settings(self) -> ServeSettings:
        return ServeSettings(**{found.setting.name: found.value for found in self.found})


def read_settings(options: Mapping[str, str | None], environment: Mapping[str, str]) -> Reading:
    """Read every setting: from the options, by name, else its variable, else its default. An empty variable is none."""
    return Reading(tuple(_find_all(options, environment)))


def misspelt(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that set nothing and look like one that does, each in a sentence for a person.

    Others that begin alike are not ours: Kubernetes sets CONSENT_PORT and more beside a service of that name.
    """
    known = [setting.variable for setting in SERVE]
    for name in sorted(environment):
        if name.startswith("CONSENT_") and name not in known:
            for meant in difflib.get_close_matches(name, known, 1, _ALIKE):
                yield f"{name} is no setting, and has no effect; {meant} is one"


def _find_all(options: Mapping[str, str | None], environment: Mapping[str, str]) -> Iterator[Found]:
    settled: dict[str, Any] = {}
    for setting in SERVE:
        option, variable = options.get(setting.name), environment.get(setting.variable)
        if option is not None:
            found = _read(setting, Source.OPTION, setting.option, option)
        elif variable:
            found = _read(setting, Source.ENVIRONMENT, setting.variable, variable)
        else:
            found = _preset(setting, settled)
        # What is derived from a setting that cannot be used is derived from its default.
        settled[setting.name] = setting.preset(settled) if found.fault else found.value
        yield found


def _read(setting: Setting, source: Source, place: str, text: str) -> Found:
    try:
        return Found(setting, source, setting.kind.parse(text))
    except NotAllowed as error:
        reason = f"{place}: {error}" if str(error) else f"{place} must be {setting.kind.allowed}, not {text!r}"
        return Found(setting, source, None, reason)


def _preset(setting: Setting, settled: Settled) -> Found:
    return Found(setting, Source.DEFAULT, setting.preset(settled))
