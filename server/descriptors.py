"""How many files and connections a process may have open."""

from __future__ import annotations

import resource


def raise_descriptor_limit() -> int:
    """Allow this process, and those that it starts, as many descriptors as the system lets it have; answer how many.

    The usual limit of 1024 is there for programs that know no better. Each connection takes one, and a process that has
    none left can neither accept a caller nor open its database.
    """
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # macOS says that there is no limit, and allows no such number
        return usual
    return most
