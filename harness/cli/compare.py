"""The command `compare`: two systems side by side on one machine, and whether the target is worse.

Both are built and brought up, each in a sandbox of its own; the same checks are carried out on both, then the same
objects are created and patched by turns, until the latencies can be told apart or there is no hope of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.chapters import CHAPTERS
from harness.cli.options import LOCAL, OPTIONS, PROGRAM, RUN_OPTIONS, add_to_parser, point_at, read_run_settings
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.record import Record
from harness.core.settings import REFERENCE
from harness.provision.checkout.worktree import make_worktree, resolve_ref
from harness.report.comparison import (
    Judgement,
    compare,
    judge_operations,
    render_comparison,
    render_comparison_json,
    render_comparison_page,
)
from harness.report.console import ConsoleProgress, make_console
from harness.report.folder import ReportFolder, prepare_report_folder
from harness.report.html import render_page
from harness.report.publish import publish
from harness.report.record import write_text
from harness.suite.chapter import Chapter
from harness.suite.sampling import Sampler, Samples
from harness.suite.session import Session

CONTROL, TARGET = SIDES = ("control", "target")
SAMPLES = 30
PATIENCE = 128   # times as many samples at the most: of a machine with seven times its work, nearly all are needed

_REPORT = "report"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `compare`."""
    parser.epilog = "Exit codes: 0 the target is not worse, 1 it is worse, 2 it could not be told, 4 wrong usage."
    sides = parser.add_argument_group("what is compared")
    for side in SIDES:
        sides.add_argument(
            f"--{side}",
            required=True,
            metavar="REF|PATH|URL@REF|BIN",
            help=f"the {side}: a ref of the checkout that --michelangelo names, a checkout, a repository, a "
            f"controller manager's executable, or {REFERENCE}",
        )
    sides.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        metavar="N",
        help=f"pairs of each operation at the least (default: %(default)s); up to {PATIENCE} times as many where "
        "it is not clear",
    )
    sides.add_argument(
        "--chapter",
        action="append",
        choices=_list_markers(),
        help=f"whose checks are carried out on both (repeatable; default: {_REPORT})",
    )
    add_to_parser(parser, [option for option in RUN_OPTIONS if option.attribute not in _NOT_HERE])
    parser.set_defaults(run=_run, **{name: OPTIONS[name].default for name in _NOT_HERE})


_NOT_HERE = ("controllermgr", "keep_sandbox", "api_server", "baseline", "verdict_within")


def _list_markers() -> list[str]:
    markers = dict.fromkeys(chapter.markers[0] for chapter in CHAPTERS if not chapter.by_request)
    return list(markers)


def _run(options: argparse.Namespace) -> int:
    if options.sandbox != LOCAL:
        raise SettingsError(f"--sandbox: compare needs two sandboxes of its own, so {LOCAL}", hint="Leave it out")
    if options.samples < 1:
        raise SettingsError(f"--samples: {options.samples} is no number of pairs", hint="Give 1 or more")
    markers = options.chapter or [_REPORT]
    chapters = [chapter for chapter in CHAPTERS if set(chapter.markers) & set(markers)]
    progress = ConsoleProgress(make_console())
    command = shlex.join([PROGRAM, *sys.argv[1:]])
    root = Path(options.reports).resolve()
    with tempfile.TemporaryDirectory(prefix=f"{PROGRAM}-compare-") as trees:
        sides = [read_side(options, side, Path(trees)) for side in SIDES]
        sessions = [Session(read_run_settings(each, progress), CHAPTERS, command, progress) for each in sides]
        folders = [prepare_report_folder(root, side) for side in SIDES]
        for session, folder in zip(sessions, folders, strict=True):
            session.keep_files_in(folder.path)
        return _compare(root, sessions, folders, chapters, options.samples, progress)


def _compare(
    root: Path,
    sessions: list[Session],
    folders: list[ReportFolder],
    chapters: list[Chapter],
    number: int,
    progress: ConsoleProgress,
) -> int:
    """Try both sides out and conclude; what was gathered by an interruption is written as well."""
    previous = signal.signal(signal.SIGTERM, interrupt)
    samples, problem = Samples(), "interrupted"
    try:
        for side, session in zip(SIDES, sessions, strict=True):
            _try_out(side, session, chapters, progress)
        samples = _sample(sessions, number, progress)
        problem = ""
    except KeyboardInterrupt:
        pass   # what was gathered is told
    except (HarnessError, Refusal) as error:
        problem = str(error).partition("\n")[0]
        print(f"error: {error}", file=sys.stderr)
    finally:
        progress.close()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)   # once is enough: now the reports are written
        with _stopping(sessions):
            records = [_finish(*each, interrupted=bool(problem)) for each in zip(sessions, folders, strict=True)]
        signal.signal(signal.SIGTERM, previous)
    return _conclude(root, records, folders, samples, problem)


def read_side(options: argparse.Namespace, side: str, trees: Path) -> argparse.Namespace:
    """Return the options of one side's run; that of a ref gets a working tree in the folder `trees`.

    SettingsError names what can't be compared.
    """
    word = getattr(options, side)
    if (named := point_at(options, word)) is not None:
        return named
    if options.michelangelo and Path(options.michelangelo).expanduser().is_dir():
        checkout = Path(options.michelangelo).expanduser().resolve()
        commit = resolve_ref(checkout, word, f"--{side}")
        tree = make_worktree(checkout, trees / side, commit)
        return argparse.Namespace(**{**vars(options), "michelangelo": str(tree)})
    raise SettingsError(
        f"--{side}: {word!r} is no file, no folder and no URL",
        hint="Valid: one of these; or a ref, and its checkout as --michelangelo",
    )


def _try_out(side: str, session: Session, chapters: list[Chapter], progress: ConsoleProgress) -> None:
    """Bring one side up and carry its checks out. Raises HarnessError where it does not come up."""
    progress.begin(side)
    session.start()
    planned = list(session.list_checks(chapters))
    session.select([check for *_, check in planned])
    for chapter, section, topic, check in planned:
        session.note(chapter, section, topic, check)
    progress.end(side, f"{session.record.system_under_test}: {len(planned)} checks")


def _sample(sessions: list[Session], number: int, progress: ConsoleProgress) -> Samples:
    """Take samples until there are enough of each operation and their judgement is clear, or hope is lost."""
    sampler = Sampler(*(session.context for session in sessions))
    stage = "samples by turns"
    progress.begin(stage)
    sampler.take_round()   # the first writes of a kind are slower
    sampler.samples.pairs = Samples().pairs
    enough = number
    while sampler.cases and enough <= PATIENCE * number:
        sampler.take_round()
        progress.advance(stage, sampler.samples.fewest)
        if sampler.samples.fewest >= enough:   # few looks: each is a chance to be wrong
            enough *= 2
            judged = {operation.judgement for operation in judge_operations(sampler.samples.pairs)}
            if Judgement.UNKNOWN not in judged:
                break
    progress.end(stage, f"{sampler.samples.fewest} pairs at the least")
    return sampler.samples


@contextlib.contextmanager
def _stopping(sessions: list[Session]) -> Iterator[None]:
    with contextlib.ExitStack() as last_first:
        for session in sessions:
            last_first.callback(session.stop)
        yield


def _finish(session: Session, folder: ReportFolder, *, interrupted: bool) -> Record:
    """Complete one side's record and write its report."""
    judged = [check.status.succeeds for check in session.record.checks]
    exit_code = 2 if interrupted or not judged else int(not all(judged))
    record = session.finish(exit_code=exit_code, interrupted=interrupted)
    write_text(folder.html, render_page(record))
    publish(record, None, folder)
    return record


def _conclude(
    root: Path, records: list[Record], folders: list[ReportFolder], samples: Samples, problem: str
) -> int:
    """Write the page and say how it ended; return the exit code."""
    comparison = compare(records[0], records[1], samples.pairs, samples.in_vain, problem)
    links = {side: os.path.relpath(folder.html, root) for side, folder in zip(SIDES, folders, strict=True)}
    write_text(root / "compare.html", render_comparison_page(comparison, links))
    write_text(root / "compare.json", render_comparison_json(comparison))
    print(render_comparison(comparison))
    print(f"Page: {root / 'compare.html'}")
    return comparison.judgement.exit_code
