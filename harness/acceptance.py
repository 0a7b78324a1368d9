"""An acceptance run in pytest: hooks that collect checks, carry them out, and render the record; no logic.

`harness.plugin` loads it where a run contains the acceptance tests.
"""

from __future__ import annotations

import contextlib
import gc
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest

from harness.chapters import CHAPTERS
from harness.cli.activation import spell_check, spell_command
from harness.cli.options import read_run_settings
from harness.cli.other_plugins import refuse_other_plugins
from harness.core.errors import CheckFailure, HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.outcomes import (
    Invalid,
    Known,
    NotApplicable,
    NotRun,
    StaleKnownIssueWarning,
    noting_outcome,
)
from harness.core.record import Check, Record, Status
from harness.report.console import ConsoleProgress, make_console, print_evidence, print_matrix
from harness.report.folder import ReportFolder, prepare_report_folder
from harness.report.formatting import count
from harness.report.html import load_templates, render_page, render_section
from harness.report.publish import publish
from harness.report.record import SEED_BASELINE, load_baseline, write_text
from harness.sandbox.local.client.ahead import SandboxAhead
from harness.suite.chapter import Chapter, Section, Topic
from harness.suite.conclusion import find_synced_section, name_check, summarise_report
from harness.suite.session import Session
from harness.suite.verdict_limit import VerdictLimit
from harness.suite.watch import SandboxWatch

INSTANCE = "check"
"""The argument of the acceptance tests: one check of one section, ready to be carried out."""

_PLUGIN = "ingester-acceptance-run"
_RUN_ENDS = signal.SIGUSR1
_REPORT = "report"   # the marker of the seed report's chapters
_CHECK = pytest.StashKey[Check]()


@dataclass(frozen=True)
class Instance:
    """One section for one topic; called, it is carried out."""

    chapter: Chapter
    section: Section
    topic: Topic
    check: Check
    session: Session

    @property
    def id(self) -> str:
        """What pytest calls it: '1.6-model'."""
        number = self.topic.section or self.section.number
        return f"{number}-{self.topic.name}" if self.topic.name else number

    def __call__(self) -> None:
        """Carry the check out: returns where it passes, raises how it ended otherwise."""
        self.session.carry_out(self.chapter, self.section, self.topic, self.check)


def begin(config: pytest.Config, ahead: SandboxAhead | None = None) -> None:
    """Prepare the run that the options ask for, and register its hooks; its sandbox may have been started `ahead`.

    Raises pytest.UsageError where an option is wrong, and ends pytest with exit code 2 where what the run needs
    can't be had.
    """
    progress = ConsoleProgress(make_console())
    collects_only = config.option.collectonly
    try:
        refuse_other_plugins(lambda name: getattr(config.option, name, None), partial(_get_ini, config))
        settings = read_run_settings(config.option, progress)
        session = Session(settings, CHAPTERS, spell_command(config), progress, ahead)
        root = Path(config.rootpath / config.option.reports)
        folder = None if collects_only else prepare_report_folder(root, session.profile.name)
        baseline = load_baseline(config.option.baseline or SEED_BASELINE, required=bool(config.option.baseline))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from error
    except HarnessError as error:
        pytest.exit(str(error), returncode=2)
    finally:
        progress.close()
    config.addinivalue_line("markers", "order: the place in the report, for pytest-order")
    for marker in dict.fromkeys(marker for chapter in CHAPTERS for marker in chapter.markers):
        own = [chapter.summary for chapter in CHAPTERS if marker in chapter.markers]
        config.addinivalue_line("markers", f"{marker}: {'; '.join(own)}")
    if folder is not None:
        session.keep_files_in(folder.path)
    if folder is not None and hasattr(config.option, "htmlpath"):
        config.option.htmlpath = str(folder.html)
        config.option.self_contained_html = True
    if hasattr(config.option, "randomly_reorganize"):
        config.option.randomly_reorganize = False   # the report has an order
    config.pluginmanager.register(AcceptancePlugin(config, session, folder, baseline, progress), _PLUGIN)


class AcceptancePlugin:
    """The hooks of an acceptance run, or of the collection of one: then there is no `folder` for a report."""

    def __init__(
        self,
        config: pytest.Config,
        session: Session,
        folder: ReportFolder | None,
        baseline: Record | None,
        progress: ConsoleProgress,
    ) -> None:
        self._config = config
        self._session = session
        self._folder = folder
        self._baseline = baseline
        self._progress = progress
        self._checks: dict[str, Check] = {}
        self._heading: set[int] = set()   # checks whose failure is the run's headline
        self._interrupted = False
        self._stopping: Future[None] | None = None
        self._announced = False   # how the seed report's chapters ended
        self._started = time.monotonic()
        self._handlers: dict[signal.Signals, Any] = {}   # as they were before the run
        self._watch: SandboxWatch | None = None
        self._limit: VerdictLimit | None = None
        self._has_failed = False   # some check has
        self._interrupt = 0   # the signal that has interrupted the run
        self._end: Callable[[], NoReturn] | None = None   # how the run is to end early, where it is

    # Collection: one test per section and topic, each with its place in the record.

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each check, in the report's order."""
        if INSTANCE not in metafunc.fixturenames:
            return
        instances = [
            Instance(*planned, self._session)
            for planned in self._session.list_checks(
                [each for each in self._session.chapters if not each.by_request or self._asks_for(each)]
            )
        ]
        metafunc.parametrize(
            INSTANCE,
            [
                pytest.param(
                    instance,
                    id=instance.id,
                    marks=[
                        *(getattr(pytest.mark, marker) for marker in instance.chapter.markers),
                        pytest.mark.order(number),   # pytest-order keeps it, whatever else sorts
                    ],
                )
                for number, instance in enumerate(instances, start=1)
            ],
        )

    def _asks_for(self, chapter: Chapter) -> bool:
        """Whether the command line speaks of the chapter: by a marker, or by the number of a section."""
        option, ids = self._config.option, [argument.partition("[")[2] for argument in self._config.args]
        numbers = [f"{section.number}-" for section in chapter.sections]
        by_marker = any(re.search(rf"\b{marker}\b", option.markexpr) for marker in chapter.markers)
        return by_marker or any(number in each for number in numbers for each in (option.keyword, *ids))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Give each test its check, with the command that runs it alone."""
        instance = _get_instance(item)
        if instance is None:
            return
        item.stash[_CHECK] = instance.check
        instance.check.reproduce = spell_check(self._config, instance.id, instance.check.kind)
        if instance.section.heads_the_report:
            self._heading.add(id(instance.check))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Enter every selected check into the record, as NOT RUN; the order is the report's, whoever sorted."""
        session.items.sort(key=_get_place)
        self._checks = {item.nodeid: item.stash[_CHECK] for item in session.items if _CHECK in item.stash}
        self._session.select(list(self._checks.values()))

    # The run: the sandbox comes up before the first test, and is let go of after the last.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Bring the sandbox up; where that fails, end the run with exit code 2 (or 4 for a wrong setting)."""
        if not self._session.record.checks or session.testsfailed or self._folder is None:
            return
        self._handlers[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._note_interrupt)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:   # else somebody ignores it on purpose
            self._handlers[signal.SIGINT] = signal.signal(signal.SIGINT, self._note_interrupt)
        instances = filter(None, map(_get_instance, session.items))
        threading.Thread(target=load_templates, name="load the report's templates", daemon=True).start()
        try:
            self._session.start(faults=any(instance.chapter.needs_faults for instance in instances))
        except SettingsError as error:
            self._give_up(error, exit_code=4)
        except (HarnessError, Refusal) as error:
            self._give_up(error, exit_code=2)
        finally:
            self._progress.close()
            gc.enable()
            gc.freeze()   # hundreds of thousands of objects, which no collection need go through any more
        self._handlers[_RUN_ENDS] = signal.signal(_RUN_ENDS, self._end_early)
        self._watch = self._session.watch(self._note_sandbox_end)
        self._limit = VerdictLimit(self._session.settings.verdict_s, self._note_verdict)

    def _note_sandbox_end(self, end: str) -> None:
        """End the run: nothing more can be told without the sandbox."""
        error = HarnessError(end, hint="Its logs say why, or who has ended it")
        self._note_end(partial(self._give_up, error, exit_code=2))

    def _note_verdict(self) -> None:
        """End the run: it has failed, and lasted as long as a run that fails is to last."""
        self._note_end(self._stop_at_verdict)

    def _note_end(self, end: Callable[[], NoReturn]) -> None:
        """Have the main thread end the run, whatever it waits for."""
        self._end = end
        signal.pthread_kill(threading.main_thread().ident or 0, _RUN_ENDS)

    def _note_interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Interrupt the run, and remember it."""
        self._interrupt = signum
        interrupt(signum, frame)

    @contextlib.contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        """Raise what a signal has asked for, also where a library has taken it for an error of its own."""
        try:
            yield
        finally:
            self._end_early()
            if self._interrupt:
                raise KeyboardInterrupt(f"signal {self._interrupt}")

    def _end_early(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        """End the run where that is due."""
        if self._end:
            self._end()

    def _stop_at_verdict(self) -> NoReturn:
        checks = self._session.record.checks
        failed = sum(not check.status.succeeds and check.status is not Status.NOT_RUN for check in checks)
        limit = f"--verdict-within {self._session.settings.verdict_s:g}"
        self._stop(
            f"the run has its verdict, {count(failed, 'check')} failed, and ended by {limit}; 0 carries out all",
            f"{limit}: {count(failed, 'check')} failed by then; with 0 all others are carried out",
            exit_code=1,
        )

    def _give_up(self, error: Exception, exit_code: int) -> NoReturn:
        first, *others = str(error).strip().splitlines()
        announces = first.endswith(":") and others   # the cause is the last of what it quotes
        self._session.record.headline = f"{first} {others[-1].strip()}" if announces else first
        self._stop(self._session.record.headline, str(error), exit_code)

    def _stop(self, detail: str, message: str, exit_code: int) -> NoReturn:
        """End the run; the `detail` is why checks have not run."""
        for check in self._session.record.checks:
            if check.status is Status.NOT_RUN:
                check.detail = detail
        pytest.exit(message, returncode=exit_code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Once the seed report's chapters are through, say how they ended: the others take longer."""
        check = self._checks.get(nodeid)
        own = [chapter for chapter in self._session.chapters if _REPORT in chapter.markers]
        sections = [section for chapter in own for section in chapter.sections]
        numbers = [section.number for section in sections]
        if check is None or check.section in numbers or self._announced:
            return
        self._announced = True
        seconds, checks = time.monotonic() - self._started, self._session.record.checks
        if line := summarise_report(checks, numbers, find_synced_section(sections), seconds):
            self._write_line(line)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Write the test's outcome into its check, and tell pytest the nearest word that it has for it."""
        check = pyfuncitem.stash.get(_CHECK, None)
        if check is None:
            return (yield)
        try:
            with noting_outcome(check), self._heeding_signals():
                return (yield)
        except Known as outcome:
            pytest.xfail(outcome.detail)
        except NotApplicable as outcome:
            pytest.skip(f"not applicable: {outcome.detail}")
        except Invalid as outcome:
            pytest.fail(f"INVALID: {outcome.detail}", pytrace=False)
        except NotRun as outcome:
            pytest.skip(f"NOT RUN: {outcome.detail}")
        except CheckFailure:
            if id(check) in self._heading:
                self._session.record.headline = self._session.record.headline or check.detail
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show what is wrong and how to reproduce it, in place of a traceback through the harness."""
        report = yield
        check = item.stash.get(_CHECK, None)
        if check is not None and call.excinfo is not None and report.failed:
            if call.excinfo.errisinstance((CheckFailure, HarnessError, Refusal)):
                report.longrepr = f"{call.excinfo.value}\nreproduce: {check.reproduce}"
            elif check.status is not Status.INVALID:   # which has its detail already
                check.status, check.detail = Status.ERROR, call.excinfo.exconly(tryshort=True)
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """In a run of single cases, print all that the check saw; in any, say at once what fails first."""
        check = self._checks.get(nodeid)
        if check is None:
            return
        if not self._session.is_whole:
            print_evidence(self._session.record, check, make_console(sys.__stdout__))
        if check.status.succeeds:
            return
        if self._watch is not None:
            self._watch.look()
        if not self._has_failed and check.status is not Status.NOT_RUN:
            self._has_failed = True
            seconds = time.monotonic() - self._started
            self._write_line(f"First to fail, after {seconds:.1f} s: {name_check(check)}")
        if self._limit is not None:
            self._limit.note_failure()

    def _write_line(self, line: str) -> None:
        """Write a line of its own among pytest's, where it writes any."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            writer = self._config.get_terminal_writer()
            if writer.width_of_current_line:   # with -q its dots have no file before them, and it knows of no line
                writer.line()
            reporter.write_line(line)

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Keep in the record what the checks warn of."""
        if issubclass(warning_message.category, StaleKnownIssueWarning):
            self._session.record.warnings.append(str(warning_message.message))

    # The end: the record first, then everything that renders it.

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the run was cut short; pytest also calls this where the harness itself gives up."""
        self._interrupted = excinfo.errisinstance(KeyboardInterrupt)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Complete the record, let go of the sandbox, and write the reports meanwhile."""
        if self._folder is None:
            return
        for each in (self._watch, self._limit):
            if each is not None:
                each.close()
        if exitstatus == pytest.ExitCode.OK and self._has_gaps():
            session.exitstatus = exitstatus = pytest.ExitCode.TESTS_FAILED
        try:
            self._session.finish(exit_code=int(exitstatus), interrupted=self._interrupted)
            executor = ThreadPoolExecutor(1, "stop the sandbox")
            self._stopping = executor.submit(self._session.stop)   # reports need nothing of it
            executor.shutdown(wait=False)
            publish(self._session.record, self._baseline, self._folder)
        except OSError as error:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._session.record.warnings.append(f"the report could not be written: {error}")
        finally:
            if self._stopping is None:
                self._session.stop()
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def _has_gaps(self) -> bool:
        """Whether a selected check has no result, which no run may pass with."""
        return any(not c.status.succeeds for c in self._session.record.checks)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the page."""
        report.title = "Ingester sandbox validation report"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the report above pytest-html's table."""
        prefix.append(render_section(self._session.record, self._baseline))

    def pytest_unconfigure(self) -> None:
        """Render the page without pytest-html's table where that plugin is off, and see the sandbox end.

        There may be one although no test was reached: it was started ahead.
        """
        if self._folder is not None and not self._folder.html.exists():
            write_text(self._folder.html, render_page(self._session.record, self._baseline))
        gc.enable()
        if self._stopping is None:
            self._session.stop()
        else:
            self._stopping.result()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the matrix."""
        if self._folder is None:
            return
        terminalreporter.ensure_newline()
        whole = self._session.is_whole
        print_matrix(
            self._session.record if whole else self._session.get_focus(),
            self._baseline if whole else None,
            make_console(sys.__stdout__),
            self._folder.html,
        )
        if self._session.access:
            terminalreporter.write_line(self._session.access)


def _get_ini(config: pytest.Config, name: str) -> object:
    """Return a setting of the configuration file, None where no plugin has declared it."""
    try:
        return config.getini(name)
    except (KeyError, ValueError):
        return None


def _get_place(item: pytest.Item) -> int:
    """Return the place of a test in the report; 0, before all others, for one that has none."""
    marker = item.get_closest_marker("order")
    return int(marker.args[0]) if marker is not None and _CHECK in item.stash else 0


def _get_instance(item: pytest.Item) -> Instance | None:
    callspec = getattr(item, "callspec", None)
    instance = None if callspec is None else callspec.params.get(INSTANCE)
    return instance if isinstance(instance, Instance) else None
