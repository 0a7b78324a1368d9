"""Tests that a Kubernetes-to-MySQL sync controller, Michelangelo's Ingester, does what its contract says."""

from __future__ import annotations

import sys
from pathlib import Path

import harness
from harness.cli.options import PROGRAM
from harness.cli.parser import CommandParser
from harness.core.errors import HarnessError, SettingsError

_COMMANDS = {
    "run": "run the acceptance tests and write the report; takes pytest's options as well",
    "soak": "faults under load, round after round; or one round again",
    "doctor": "check that a run has what it needs; exit code 2 if not",
    "sandbox": "a sandbox that stays up: up, down, status, logs, env",
    "crs": "the custom resources as they are sent",
    "report": "render and compare records: html, markdown, svg, diff",
    "completion": "print what makes a shell complete commands and options",
}


def build_parser() -> CommandParser:
    """Return the parser; a command is declared by its module of `harness.cli` once it is asked for."""
    called_as_script = Path(sys.argv[0]).stem == PROGRAM
    parser = CommandParser(prog=PROGRAM if called_as_script else "python -m harness", description=__doc__)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {harness.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, text in _COMMANDS.items():
        described = f"{text[0].upper()}{text[1:]}."
        commands.add_parser(name, help=text, description=described, module=f"harness.cli.{name}")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return its exit code.

    It is 0, 1 (the answer is no), 2 (it could not be done) or 4 (wrong usage).
    """
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
