"""`python -m server` and the console script `consent`."""

from __future__ import annotations


def main() -> None:
    """Run the command line. It is imported here, so that a process that others start does not load it too."""
    from server.cli import main as command

    command()


if __name__ == "__main__":
    main()
