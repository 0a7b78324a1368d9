"""The program that runs one round: `python -m harness.campaign.one_round FOLDER`, its order on standard input.

It leaves the round's record in the folder, and ends with the exit code of a soak. When its standard input is
closed, by whoever ordered the round or since that one is gone, it stops as at Ctrl-C, and its sandbox with it.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from harness.campaign.plan import Round
from harness.chapters import CHAPTERS
from harness.chapters.faults.catalogue import find_fault
from harness.chapters.faults.schedule import RoundPlan
from harness.chapters.faults.soak import soak
from harness.core.errors import HarnessError
from harness.core.record import Record
from harness.report.console import ConsoleProgress, make_console
from harness.report.html import render_page
from harness.report.record import RECORD_NAME, write_text
from harness.suite.session import RunSettings, Session

PAGE = "report.html"


@dataclass(frozen=True)
class Order:
    """A round, and the settings of the run that it is."""

    round: Round
    settings: RunSettings


def run(order: Order, folder: Path) -> int:
    """Run the round, leave its record in the folder, and return the exit code. Its sandbox is stopped then."""
    one = order.round
    fault = find_fault(one.fault)
    settings = dataclasses.replace(order.settings, format_soak_command=lambda *_: one.command)
    session = Session(settings, CHAPTERS, one.command, progress := ConsoleProgress(make_console()))
    session.keep_files_in(folder)

    def publish(record: Record) -> None:
        write_text(folder / RECORD_NAME, record.to_json())
        if not all(check.status.succeeds for check in record.checks):
            write_text(folder / PAGE, render_page(record))

    return soak(session, [RoundPlan(1, (fault,), one.seed, one.outage_s)], [fault], progress, publish)


def end_with_input() -> None:
    """Interrupt this process once its standard input is closed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Read the order and carry it out."""
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301  from the process that has started this one
    threading.Thread(target=end_with_input, name="standard input", daemon=True).start()
    try:
        return run(order, Path(sys.argv[1]))
    except HarnessError as error:   # such as a profile that this machine can't read
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
