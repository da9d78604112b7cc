"""`python -m server` and the console script `consent`."""

from __future__ import annotations

from server.cli import main

if __name__ == "__main__":
    main()
