"""Runs the acceptance tests several times, and says of each cell how often it ended how.

Each run is a process of its own and leaves a report of its own; the page of all of them is rewritten after each,
so that an interruption loses nothing. A run that failed is never taken back by one that passed.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.core.record import Record
from harness.report.folder import LATEST
from harness.report.history import build_history
from harness.report.history_page import render_history, render_rates
from harness.report.record import RECORD_NAME, read_record, write_text

PAGE = "repeat.html"

FAILED, NOT_TESTED, WRONG_OPTION = 1, 2, 4

_GRACE_S = 60.0   # a run that was interrupted writes its report and stops its sandbox meanwhile


def repeat(number: int, words: Sequence[str], reports: Path, run: Callable[[Sequence[str]], int]) -> int:
    """Run `number` times with these words; return 1 where any run failed, else 2 where any could not test.

    `run` carries out one run and returns its exit code; a wrong option, or an interruption, ends it all.
    """
    reports.mkdir(parents=True, exist_ok=True)
    gathered = _Gathered(reports)
    codes: list[int] = []
    try:
        with _raising_interrupt():
            for turn in range(1, number + 1):
                print(f"run {turn} of {number}", flush=True)
                codes.append(run(words))
                if codes[-1] == WRONG_OPTION:
                    return WRONG_OPTION
                gathered.add_latest()
    except KeyboardInterrupt:
        codes.append(NOT_TESTED)
        gathered.add_latest()   # if its report came so far
    if FAILED in codes:
        return FAILED
    return NOT_TESTED if any(codes) else 0


class _Gathered:
    """The records of the runs so far, and the page of them."""

    def __init__(self, reports: Path) -> None:
        self._reports = reports
        self._records: list[tuple[Path, Record]] = []
        self._seen = {self._find_latest()}   # of somebody else's run

    def _find_latest(self) -> Path:
        return (self._reports / LATEST / RECORD_NAME).resolve()

    def add_latest(self) -> None:
        """Add the newest record, if it is a new one, and write the page and the rates anew."""
        path = self._find_latest()
        if path in self._seen or not path.is_file():
            return
        self._seen.add(path)
        self._records.append((path, read_record(path)))
        history = build_history(self._records)
        write_text(self._reports / PAGE, render_history(history, self._reports))
        print(render_rates(history), end="")
        print(f"Page: {self._reports / PAGE}", flush=True)


def run_apart(words: Sequence[str]) -> int:
    """Carry out one run in a process of its own; interrupted, it gets the time to write its report."""
    command = [sys.executable, "-m", "harness", "run", *words]
    process = subprocess.Popen(command, start_new_session=True)   # so that it is interrupted once, and by us
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _raising_interrupt() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C."""

    def interrupt(_signum: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
