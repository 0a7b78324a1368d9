"""The command `run`: the acceptance tests that come with the harness, from any folder.

It is pytest with a configuration of its own, so that neither the folder's `pytest.ini` nor its `conftest.py` has a
say. Reports go to the current folder, and nothing else does. Exit codes are those of the tests. It may be done
several times, or again for what did not succeed.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.activation import build_arguments
from harness.cli.options import PROGRAM, RUN_OPTIONS, add_to_parser
from harness.cli.parser import CommandParser
from harness.core.errors import SettingsError

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
    _add_own(parser.add_argument_group("again"))
    parser.set_defaults(verbatim=True, run=lambda options: _run(options.words))


def _add_own(add: argparse._ActionsContainer) -> None:
    """Declare the options that are not pytest's, but of this command alone."""
    add.add_argument(
        "--repeat", type=int, metavar="N", help="run N times, and say of each cell how often it ended how"
    )
    add.add_argument(
        "--rerun-failed",
        type=Path,
        metavar="REPORT.JSON",
        help="run what did not succeed in a record, with its options; others given here go before them",
    )


def _run(words: Sequence[str]) -> int:
    parser = CommandParser(prog=f"{PROGRAM} run", add_help=False, usage="%(prog)s [OPTION ...]")
    _add_own(parser)
    own, rest = parser.parse_known_args(words)
    if own.repeat is None and own.rerun_failed is None:
        return run_tests(rest)
    if own.repeat is not None and own.repeat < 1:
        raise SettingsError(f"--repeat: {own.repeat} is no number of runs", hint="Give 1 or more")
    ids: tuple[str, ...] = ()
    again = given = rest
    if own.rerun_failed is not None:
        from harness.cli.rerun import OPTION, read_rerun  # noqa: PLC0415

        record = own.rerun_failed.resolve()   # `latest` is another one after the next run
        rerun = read_rerun(record)
        if not rerun.ids:
            print(f"Nothing of {own.rerun_failed} is to be run again: everything succeeded.")
            return 0
        again, ids, given = [OPTION, str(record), *rest], rerun.ids, [*rerun.words, *rest]
    if own.repeat is None:
        return run_tests(given, ids)
    from harness.cli.repeat import repeat, run_apart  # noqa: PLC0415

    add_to_parser(parser, RUN_OPTIONS)
    return repeat(own.repeat, again, Path(parser.parse_known_args(given)[0].reports).resolve(), run_apart)


def run_tests(words: Sequence[str], ids: Sequence[str] = ()) -> int:
    """Run the tests with these options, or only the checks with these `ids`; return pytest's exit code."""
    import pytest  # noqa: PLC0415  `run --help` does without

    exit_code = int(pytest.main(build_arguments(words, ids)))
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
