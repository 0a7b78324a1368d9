"""The command `run`: the acceptance tests that come with the harness, from any folder.

It is pytest with a configuration of its own, so that neither the folder's `pytest.ini` nor its `conftest.py` has a
say. Reports go to the current folder, and nothing else does. Exit codes are those of the tests.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence

from harness.cli.activation import build_arguments
from harness.cli.options import RUN_OPTIONS, add_to_parser

_USAGE_ERROR = 4


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `run`: its words go to pytest as they are; the options are declared for `--help` and completion."""
    parser.usage = "%(prog)s [OPTION ...] [PYTEST'S OPTION ...]"
    parser.epilog = (
        "Everything goes to pytest, whose own options can be given too, such as -m report (the seed report's "
        "chapters alone), -k WORDS, -x or -q; `pytest --help` lists them. Exit codes: 0 all is as it should be; 1 "
        "the product is wrong, or a selected check has no result; 2 it could not be tested, or was interrupted; 4 "
        "an option is wrong."
    )
    add_to_parser(parser, RUN_OPTIONS)
    parser.set_defaults(verbatim=True, run=lambda options: run_tests(options.words))


def run_tests(words: Sequence[str]) -> int:
    """Run the tests with these options; return pytest's exit code."""
    import pytest  # noqa: PLC0415  `run --help` does without

    exit_code = int(pytest.main(build_arguments(words)))
    if exit_code == _USAGE_ERROR:
        for hint in list_hints(words):
            print(hint, file=sys.stderr)
    return exit_code


def list_hints(words: Sequence[str]) -> list[str]:
    """Return a suggestion for each word that is nearly one of the options: pytest refuses it without one."""
    names = [option.name for option in RUN_OPTIONS]
    asked = [word.partition("=")[0] for word in words if word.startswith("--")]
    near = {word: difflib.get_close_matches(word, names, n=1, cutoff=0.7) for word in asked if word not in names}
    return [f"{word}: did you mean {found[0]}?" for word, found in near.items() if found]
