"""What the columns of a table take on every engine. SQLite stores anything anywhere, PostgreSQL holds to the types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peewee import BigIntegerField, BlobField, BooleanField, Field, IntegerField, Model, SmallIntegerField, TextField

_BITS = {SmallIntegerField: 16, IntegerField: 32, BigIntegerField: 64}

Row = Sequence[object]


class Columns:
    """The columns of one table, in the order of its model."""

    def __init__(self, model: type[Model]) -> None:
        meta = model._meta
        fields: Sequence[Field] = meta.sorted_fields
        self.table: str = meta.table_name
        self.names = tuple(str(field.column_name) for field in fields)
        self._keys = [self.names.index(field.column_name) for field in meta.get_primary_keys()]
        self._rules = [(place, _rule(field)) for place, field in enumerate(fields)]

    def misfit(self, row: Row) -> str | None:
        """Why a row cannot stand in the table, with its name; None where it can. Tells no value but its key."""
        for place, rule in self._rules:
            fault = rule(row[place])
            if fault is not None:
                return f"{self._name(row)}: {self.names[place]} {fault}"
        return None

    def _name(self, row: Row) -> str:
        key = ", ".join(f"{self.names[place]} {row[place]!r}" for place in self._keys)
        return f"the row of {self.table} with {key}"


def _rule(field: Field) -> Callable[[object], str | None]:
    """What says of a value why a column does not take it."""
    check = _check(field)
    if not field.null:
        return lambda value: "is missing" if value is None else check(value)
    return lambda value: None if value is None else check(value)


def _check(field: Field) -> Callable[[object], str | None]:
    if isinstance(field, TextField):
        return _fault_of_text
    if isinstance(field, BlobField):
        return lambda value: None if isinstance(value, bytes) else "is not bytes"
    if isinstance(field, BooleanField):
        return lambda value: None if value in (0, 1) else "is neither yes nor no"
    bits = next(_BITS[kind] for kind in type(field).__mro__ if kind in _BITS)
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    return lambda value: None if isinstance(value, int) and least <= value <= most else f"is no number of {bits} bits"


def _fault_of_text(value: object) -> str | None:
    if not isinstance(value, str):
        return "is not text"
    return "holds a NUL character, which PostgreSQL cannot store" if "\0" in value else None
