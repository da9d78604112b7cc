"""Country codes: ISO 3166-1 alpha-2, by the `pycountry` copy of the standard."""

from __future__ import annotations

from functools import cache

import pycountry

from server.domain.errors import FieldFault, InvalidField, Violation
from server.domain.model import ALL


@cache
def _codes() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


def read_country(code: str, field: str) -> str | None:
    """Read a country code in either case; None for the empty one. Raises InvalidField."""
    if not code:
        return None
    if code.upper() not in _codes():
        raise InvalidField(Violation(field, FieldFault.INVALID_FORMAT, "not an ISO 3166-1 alpha-2 country code"))
    return code.upper()


def read_country_or_all(code: str, field: str) -> str:
    """Read a country code, or `*` for every country. Raises InvalidField."""
    if code == ALL:
        return ALL
    return read_country(code, field) or ALL
