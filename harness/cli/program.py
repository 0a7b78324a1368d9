"""The command line as a whole: its commands, each declared by a module of its own once it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import harness
from harness.cli.options import PROGRAM
from harness.cli.parser import CommandParser

_DESCRIPTION = "Tests that Michelangelo's Ingester, which mirrors Kubernetes into MySQL, keeps its contract."

_COMMANDS = {
    "run": "run the acceptance tests and write the report; takes pytest's options as well",
    "compare": "two versions side by side on the same objects; exit code 1 if the target is worse",
    "bisect": "the first commit between a good and a bad one with which something got worse",
    "soak": "faults under load, round after round; or one round again",
    "campaign": "rounds of faults by the hundred: seeds, faults, versions and databases, side by side on Ray",
    "load": "how much it can take: latencies, backlog and cost under load; exit code 3 beyond a limit",
    "audit": "does MySQL equal Kubernetes right now? Reads a live system, and changes nothing",
    "doctor": "check that a run has what it needs; exit code 2 if not",
    "sandbox": "a sandbox that stays up: up, down, status, logs, env",
    "crs": "the custom resources as they are sent",
    "report": "render and compare records: html, markdown, svg, diff, schema",
    "history": "one page of many runs: since when each cell is red, flakes, known issues, latency",
    "completion": "print what makes a shell complete commands and options",
}


def build_parser() -> CommandParser:
    """Return the parser; a command is declared by its module of `harness.cli` once it is asked for."""
    called_as_script = Path(sys.argv[0]).stem == PROGRAM
    parser = CommandParser(prog=PROGRAM if called_as_script else "python -m harness", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {harness.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, text in _COMMANDS.items():
        described = f"{text[0].upper()}{text[1:]}."
        commands.add_parser(name, help=text, description=described, module=f"harness.cli.{name}")
    return parser
