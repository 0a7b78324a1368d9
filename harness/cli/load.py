"""The command `load`: how much a system can take, in latencies, backlog, processor time and memory.

Exit codes: 0 within all limits; 1 the audit afterwards found something wrong; 2 it could not be told, or it was
interrupted; 3 a limit is exceeded, or something is worse than in the baseline; 4 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import math
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import harness
from harness.chapters import CHAPTERS
from harness.cli.options import LOAD_OPTIONS, LOCAL, OPTIONS, PROGRAM, add_to_parser, read_run_settings, read_value
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.moment import get_moment
from harness.core.progress import Progress
from harness.load.engine import find_missing
from harness.load.limits import BACKFILL, MEASURES, choose_exit_code, compare, judge_limits
from harness.load.loading import LoadSettings
from harness.load.plan import Shape
from harness.load.record import LoadRecord, read_record
from harness.report.console import ConsoleProgress, make_console
from harness.suite.session import RunSettings, Session

_RATE = 100.0
_MAX = "max"


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `load`."""
    parser.epilog = (
        "Exit codes: 0 within all limits, 1 the audit found something wrong, 2 it could not be told, 3 a limit is "
        "exceeded or something is worse than in the baseline, 4 wrong usage."
    )
    own = parser.add_argument_group("load")
    own.add_argument(
        "--rate",
        metavar=f"N|{_MAX}",
        default=f"{_RATE:g}",
        help=f"writes a second, of all clients; {_MAX}: as fast as they are answered (default: %(default)s)",
    )
    own.add_argument(
        "--baseline",
        metavar="RECORD",
        help="an earlier load.json, or its folder: what is worse now counts as a limit",
    )
    own.add_argument(
        "--output", metavar="DIR", default="load", help="folder for the record and the page (default: %(default)s)"
    )
    add_to_parser(parser, LOAD_OPTIONS)
    hidden = {option.attribute: option.default for option in OPTIONS.values() if option.attribute in _NOT_HERE}
    parser.set_defaults(run=_run, **hidden, objects=[])


_NOT_HERE = ("api_server", "examples", "reports", "allow_stale_known_issues", "keep_sandbox")


def _run(options: argparse.Namespace) -> int:
    if missing := find_missing():
        raise SettingsError(f"load: {missing}")
    settings, shape, backfills = read_load(options)
    earlier = read_record(Path(options.baseline).expanduser(), "--baseline") if options.baseline else None
    limits = {
        measure.name: value
        for measure in (*MEASURES, BACKFILL)
        if (value := read_value(options, measure.name)) is not None
    }
    if backfills and options.sandbox != LOCAL:
        problem = f"--backfill: only --sandbox {LOCAL} can stop the controller manager"
        raise SettingsError(problem, hint="Leave it out")
    output = Path(options.output).expanduser().absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--output: {options.output!r} can't be made: {error.strerror}") from error
    progress = ConsoleProgress(make_console())
    run_settings = read_run_settings(options, progress)
    sandbox = dataclasses.replace(run_settings.target.sandbox, notes_writes=True)
    target = dataclasses.replace(run_settings.target, sandbox=sandbox)
    run_settings = dataclasses.replace(run_settings, target=target)
    record = LoadRecord(
        command=shlex.join([PROGRAM, *sys.argv[1:]]), started_at=get_moment(), harness_version=harness.__version__
    )
    steps: list[LoadSettings | int] = [*([settings] * read_value(options, "runs") if shape else []), *backfills]
    _carry_out(record, run_settings, settings, steps, output, progress)
    record.finished_at = get_moment()
    record.limits = judge_limits(record, limits)
    if earlier is not None:
        record.baseline = str(options.baseline)
        record.changes = compare(earlier, record)
    record.exit_code = choose_exit_code(record)
    from harness.load.output.publish import publish  # noqa: PLC0415  after the work

    publish(record, output, make_console(sys.stdout))
    return record.exit_code


def read_load(options: argparse.Namespace) -> tuple[LoadSettings, str | None, list[int]]:
    """Return the load that is asked for, its shape (None: none is), and the sizes of the backfills."""
    backfills = read_value(options, "backfill")
    shape = read_value(options, "shape") or (None if backfills else Shape.STEADY)
    settings = LoadSettings(
        shape=Shape(shape or Shape.STEADY),
        rate=_read_rate(options.rate),
        duration_s=read_value(options, "duration"),
        workers=read_value(options, "workers"),
        mix=read_value(options, "mix"),
        size=read_value(options, "size"),
        labels=read_value(options, "labels"),
        catch_up_s=read_value(options, "max_catch_up"),
        p99_limit_s=read_value(options, "max_p99"),
        metrics_url=options.metrics_url or "",
    )
    if settings.rate is None and settings.shape is not Shape.STEADY:
        raise SettingsError(f"--rate: {_MAX} has no shape but {Shape.STEADY}", hint="Give the rate to climb to")
    if read_value(options, "min_rate_below_p99") is not None and settings.p99_limit_s is None:
        raise SettingsError("--min-rate-below-p99: of which p99?", hint="Give --max-p99 as well")
    return settings, shape, backfills


def _read_rate(word: str) -> float | None:
    if word == _MAX:
        return None
    try:
        rate = float(word)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise SettingsError(f"--rate: {word!r} is no rate", hint=f"Valid: writes a second, above 0, or {_MAX}")
    return rate


def _carry_out(
    record: LoadRecord,
    run_settings: RunSettings,
    settings: LoadSettings,
    steps: list[LoadSettings | int],
    output: Path,
    progress: ConsoleProgress,
) -> None:
    """Carry out each load and backfill in a sandbox of its own; what ends one ends all, as the record says."""
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        for number, step in enumerate(steps, start=1):
            folder = output / f"run-{number}" if len(steps) > 1 else output
            with _in_session(record, run_settings, progress) as session:
                _take(record, session, settings, step, folder, progress)
            if record.interrupted:
                break
    except KeyboardInterrupt:
        record.problem = "interrupted"
    except SettingsError:
        raise
    except (HarnessError, Refusal) as error:
        record.problem = str(error)
    finally:
        progress.close()
        signal.signal(signal.SIGTERM, previous)


def _take(
    record: LoadRecord,
    session: Session,
    settings: LoadSettings,
    step: LoadSettings | int,
    folder: Path,
    progress: Progress,
) -> None:
    from harness.load.backfill import run_backfill  # noqa: PLC0415
    from harness.load.loading import run_load  # noqa: PLC0415

    if isinstance(step, int):
        record.backfills.append(run_backfill(session.context, step, settings, folder, progress))
    else:
        record.loads.append(run_load(session.context, step, folder, progress))


@contextlib.contextmanager
def _in_session(record: LoadRecord, settings: RunSettings, progress: Progress) -> Iterator[Session]:
    """Yield a session whose sandbox is up; the record says what it was. Whatever ends it, the sandbox stops."""
    session = Session(settings, CHAPTERS, record.command, progress)
    try:
        session.start()
        yield session
    finally:
        ignore: Callable[..., None] = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # type: ignore[assignment]
        try:
            found = session.finish(exit_code=0, interrupted=False)
            record.system_under_test, record.backend = found.system_under_test, found.backend
            record.profile = found.profile
            record.environment = found.environment | {
                each.name: f"{each.version} {each.sha256}".strip() for each in found.components if each.version
            }
            record.warnings = list(dict.fromkeys([*record.warnings, *found.warnings]))
        finally:
            session.stop()
            signal.signal(signal.SIGTERM, ignore)
