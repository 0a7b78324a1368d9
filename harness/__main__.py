"""The door for the command line: `ingester-acceptance`, or `python -m harness`."""

from __future__ import annotations

import sys

from harness.cli.program import build_parser
from harness.core.errors import HarnessError, SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return its exit code.

    It is 0, 1 (the answer is no), 2 (it could not be done), 3 (beyond a limit) or 4 (wrong usage).
    """
    try:
        options = build_parser().parse_args(arguments)
        return int(options.run(options))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
