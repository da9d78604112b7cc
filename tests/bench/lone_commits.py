"""`consent`, but each write is a commit of its own: what group commit is worth shows beside this.

    python -m tests.bench.lone_commits serve …

The service has no such option. Its serving processes import this module too, as the main one of their parent.
"""

from __future__ import annotations

from server.cli import main
from server.storage import writer

# Not by name alone: a constant that is there no longer must end this program, not change its meaning.
assert writer.MAX_UNITS_PER_COMMIT > 1
writer.MAX_UNITS_PER_COMMIT = 1

if __name__ == "__main__":
    main()
