"""What one process takes on. The operator sets it; these are the settings' defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """Bounds of one process: of its calls in number, time and size, of its watches and of its connections."""

    calls: int = 10_000
    """Calls that are under way at once, watches aside; more are refused."""
    call_seconds: int = 60
    """How long a call may take, whatever deadline it came with; a watch may take any time."""
    request_bytes: int = 4 << 20
    """The largest message."""
    batch_items: int = 10_000
    """The most items in one call, where the contract allows as many."""
    untaken_bytes: int = 128 << 20
    """Of all answers that their callers do not take, together; more end the calls that wait longest. No setting."""
    watches_a_tenant: int = 32
    watches: int = 96
    connections: int = 10_000
    rate: float = 0.0
    """Calls a second that one credential may make of this process; 0: any number."""
    burst: int = 0
    """How many of them at once."""


USUAL = Capacity()
