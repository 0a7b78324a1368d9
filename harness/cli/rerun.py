"""Which checks of a record did not succeed, and the words that run exactly these again.

It reads a record and runs nothing. A check is named by the command that repeats it, which the record has.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from pathlib import Path

from harness.cli.options import OPTIONS, PROGRAM, RUN_OPTIONS, spell
from harness.core.errors import SettingsError
from harness.core.record import Check
from harness.report.record import read_record

OPTION = "--rerun-failed"
_CHOOSES = "-k"


@dataclass(frozen=True)
class Rerun:
    """The ids of the checks to run again, and the options that the record's run was given."""

    ids: tuple[str, ...]
    words: tuple[str, ...]


def read_rerun(path: Path) -> Rerun:
    """Return what of a record is to be run again; no ids where everything succeeded.

    The kinds that the run was limited to are no option of it: the checks say what is needed. Raises SettingsError
    for a record whose checks can't be run again, HarnessError for what is no record.
    """
    failed = [check for check in read_record(path).checks if not check.status.succeeds]
    ids = [_read_id(check, path) for check in failed]
    if not failed:
        return Rerun((), ())
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in RUN_OPTIONS:
        option.declare(parser.add_argument)
    options, _ = parser.parse_known_args(shlex.split(failed[0].reproduce))
    given = {option.attribute: getattr(options, option.attribute) for option in RUN_OPTIONS}
    kept = {name: value for name, value in given.items() if OPTIONS[name].is_unusual(value)}
    return Rerun(tuple(dict.fromkeys(ids)), tuple(spell(kept, crd=None)))


def _read_id(check: Check, path: Path) -> str:
    words = shlex.split(check.reproduce)
    if words[:2] == [PROGRAM, "soak"] or _CHOOSES not in words:
        raise SettingsError(
            f"{OPTION}: {str(path)!r}: nothing says how {check.section} {check.title} is run again",
            hint=f"Repeat its round: {check.reproduce}" if check.reproduce else "Run everything again",
        )
    return words[words.index(_CHOOSES) + 1]
