"""A parser whose commands are declared when they are asked for: `--help` loads no module that does the work."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn


class CommandParser(argparse.ArgumentParser):
    """Declares itself, where it is a command, by the function `declare` of the `module` that carries it out.

    That function gets the parser and adds options, and commands of its own; it sets `run`, which takes what was
    read and returns an exit code. With `verbatim` set, the words of the command stay as they are, in `words`.
    Options can't be shortened: what is short today may be ambiguous tomorrow.
    """

    def __init__(self, *args: Any, module: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self._module = module

    def declare(self) -> None:
        """Declare the command, if that has not been done yet."""
        if self._module:
            module, self._module = self._module, ""
            importlib.import_module(module).declare(self)

    def error(self, message: str) -> NoReturn:
        """End with exit code 4, which says of every command that it was asked wrongly."""
        self.print_usage(sys.stderr)
        self.exit(4, f"error: {message}\n")

    def parse_known_args(  # type: ignore[override]  # argparse's overloads, none of which says less
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Declare the command, then read its words."""
        self.declare()
        if self.get_default("verbatim") and not {"-h", "--help"} & set(args or ()):
            namespace = namespace or argparse.Namespace()
            namespace.words, namespace.run = list(args or ()), self.get_default("run")
            return namespace, []
        return super().parse_known_args(args, namespace)
