"""The command `completion`: prints the script that makes a shell complete commands, options and their values.

The script is static (shtab, of the extra `completion`): a shell that asks Python at each press of a key waits for
its start each time. It has to be written again after an update.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from harness.cli.options import OPTIONS, PROGRAM
from harness.cli.parser import CommandParser
from harness.cli.program import build_parser
from harness.core.errors import HarnessError

SHELLS = ("bash", "zsh", "fish")


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `completion SHELL`."""
    parser.epilog = f"Such as: {PROGRAM} completion bash > ~/.local/share/bash-completion/completions/{PROGRAM}"
    parser.add_argument("shell", choices=SHELLS, help="whose script to print")
    parser.set_defaults(run=_print_script)


def _print_script(options: argparse.Namespace) -> int:
    print(render_script(build_parser(), options.shell))
    return 0


def render_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the shell's script; HarnessError where the library is missing."""
    try:
        shtab = importlib.import_module("shtab")
    except ImportError as error:
        raise HarnessError(
            "completion: the package shtab is missing", hint=f"pip install '{PROGRAM}[completion]'"
        ) from error
    parser.prog = PROGRAM
    places = {"file": shtab.FILE, "directory": shtab.DIRECTORY}
    options = {option.name: option for option in OPTIONS.values()}
    for action in _list_actions(parser):
        option = next((options[name] for name in action.option_strings if name in options), None)
        if option is None:
            continue
        if option.valid is not None:
            action.choices = list(option.valid())
        elif option.files:
            action.complete = places[option.files]  # type: ignore[attr-defined]  # where shtab looks
    script: str = shtab.complete(parser, shell=shell)
    return script


def _list_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the options of the parser and of all its commands, which are declared for that."""
    if isinstance(parser, CommandParser):
        parser.declare()
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _list_actions(command)
