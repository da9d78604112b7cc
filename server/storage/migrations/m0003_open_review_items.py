"""An index on what waits to be judged, so that to count it costs nothing of what was judged."""

from __future__ import annotations

_INDEX = "CREATE INDEX review_items_resolve_time_create_time ON review_items (resolve_time, create_time)"


def statements(dialect: str) -> list[str]:  # noqa: ARG001 - the same for both
    """Answer the SQL for `sqlite` or `postgres`."""
    return [_INDEX]
