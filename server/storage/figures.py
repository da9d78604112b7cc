"""How large some things are in the whole database, read at a bounded cost."""

from __future__ import annotations

from peewee import fn

from server.storage.engines import Engine
from server.storage.protocol import COUNTED_REVIEW_ITEMS, TOLD_LEDGERS, Figures
from server.storage.tables import ReviewItemRow, TenantRow


def read_figures(database: Engine) -> Figures:
    """Read them, each by an index and never more than so many rows. Raises PeeweeException."""
    times = ReviewItemRow.select(ReviewItemRow.create_time).where(ReviewItemRow.resolve_time.is_null())
    waiting = times.order_by(ReviewItemRow.create_time).limit(COUNTED_REVIEW_ITEMS).alias("waiting")
    counted = waiting.select_from(fn.COUNT(waiting.c.create_time), fn.MIN(waiting.c.create_time)).tuples()
    longest = TenantRow.head_revision.desc(), TenantRow.id
    heads = TenantRow.select(TenantRow.name, TenantRow.head_revision).order_by(*longest).limit(TOLD_LEDGERS).tuples()
    ((count, oldest),) = counted.execute(database)
    return Figures(count, oldest, dict(heads.execute(database)))
