"""The command `history`: one page of many runs, from the records below some folders."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Record
from harness.report.history import build_history
from harness.report.history_page import render_history, render_history_text
from harness.report.record import RECORD_NAME, read_record, write_text


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `history`."""
    parser.add_argument(
        "places",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="folder below which records are looked for, or a record; those of earlier schema versions count too",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("history.html"),
        metavar="FILE",
        help="the page (default: history.html)",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    history = build_history(read_records(find_records(options.places)))
    page = options.output
    try:
        write_text(page, render_history(history, page.parent))
    except OSError as error:
        raise SettingsError(
            f"--output: can't write {str(page)!r} ({error.strerror})", hint="Name a file in a folder that exists"
        ) from error
    print(render_history_text(history), end="")
    print(f"Page: {page}")
    return 0


def find_records(places: Iterable[Path]) -> list[Path]:
    """Return the records in or below `places`, each once; SettingsError where there is none."""
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise SettingsError(f"history: {str(place)!r} does not exist", hint="Name a folder of reports")
        files = [place] if place.is_file() else sorted(place.rglob(RECORD_NAME))
        if not files:
            raise SettingsError(
                f"history: there is no {RECORD_NAME} below {str(place)!r}",
                hint="Name a folder of reports, such as the one that --reports was given",
            )
        found |= dict.fromkeys(file.resolve() for file in files)
    return list(found)


def read_records(files: Iterable[Path]) -> Iterator[tuple[Path, Record]]:
    """Yield each record with its file; one that can't be read is named on standard error, and left out.

    HarnessError where none can be read.
    """
    problems: list[str] = []
    number = 0
    for file in files:
        try:
            record = read_record(file)
        except HarnessError as error:
            problems.append(error.problem)
            print(f"left out: {error.problem}", file=sys.stderr)
            continue
        number += 1
        yield file, record
    if not number:
        raise HarnessError(f"no record can be read: {problems[-1]}", hint="Each is named above")
