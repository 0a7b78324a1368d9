"""pytest glue: options, fixtures, one test per case, the capture of results, the report. No logic of its own.

It is active in runs of `tests/acceptance` only; in any other run it declares its options and does nothing.
"""

from __future__ import annotations

import shlex
import signal
import sys
import time
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.chapters.api_server.run import ApiRun
from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.faults.run import FaultRun
from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.restarts.gates import Gates
from harness.chapters.seed.issues import KnownIssue
from harness.chapters.seed.run import Run
from harness.cli.options import add_run_options, add_sandbox_options, add_target_options, read_run_settings
from harness.core.errors import CheckFailure, HarnessError, Refusal, SettingsError
from harness.core.outcomes import Invalid, Known, NotApplicable, NotRun, StaleKnownIssueWarning
from harness.core.record import Check, Column, IssueResult, Record, Status
from harness.report.console import ConsoleProgress, make_console, print_evidence, print_matrix
from harness.report.folder import ReportFolder, prepare_report_folder
from harness.report.html import render_page, render_section
from harness.report.publish import publish
from harness.report.record import SEED_BASELINE, load_baseline, write_text
from harness.spec.model import Case
from harness.suite.conclusion import belongs_to_report, summarise_report
from harness.suite.outcome import noting_outcome
from harness.suite.session import Session, interrupt

ACCEPTANCE = "tests/acceptance"
FAULTS_FILE = "test_8_faults.py"
_CHECK = pytest.StashKey[Check]()
_PLUGIN = "ingester-acceptance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("ingester", "validation of Michelangelo's Ingester (tests/acceptance)")
    add_sandbox_options(group.addoption)
    add_target_options(group.addoption)
    add_run_options(group.addoption)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Switch the plugin on where the run contains the acceptance tests."""
    config.addinivalue_line(
        "markers", "section(number, title, column=None): the section of the report that the test stands for"
    )
    if not _concerns(config) or config.option.collectonly or config.option.help:
        return
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("-n: the acceptance tests share one sandbox; run them without pytest-xdist")
    progress = ConsoleProgress(make_console())
    try:
        settings = read_run_settings(config.option, progress)
        folder = prepare_report_folder(config.rootpath / config.option.reports, settings.target.profile)
        baseline = load_baseline(config.option.baseline or SEED_BASELINE, required=bool(config.option.baseline))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from error
    except HarnessError as error:
        pytest.exit(str(error), returncode=2)
    finally:
        progress.close()
    if hasattr(config.option, "htmlpath"):
        config.option.htmlpath = str(folder.html)
        config.option.self_contained_html = True
    if hasattr(config.option, "randomly_reorganize"):
        config.option.randomly_reorganize = False   # the report has an order
    session = Session(settings, _get_command(config), progress)
    config.pluginmanager.register(AcceptancePlugin(config, session, folder, baseline, progress), _PLUGIN)


def _concerns(config: pytest.Config) -> bool:
    """Whether the command line selects the acceptance tests, or a folder that contains them."""
    acceptance = config.rootpath / ACCEPTANCE
    for argument in config.args:
        path = Path(config.invocation_params.dir, argument.split("::")[0]).resolve()
        if path == acceptance or acceptance in path.parents or path in acceptance.parents:
            return True
    return False


def _asks_for_faults(config: pytest.Config) -> bool:
    """Whether -m speaks of them, or their file is named: they disturb the sandbox, and take minutes."""
    return "faults" in config.option.markexpr or any(FAULTS_FILE in argument for argument in config.args)


def _get_command(config: pytest.Config) -> str:
    return shlex.join(["pytest", *map(str, config.invocation_params.args)])


class AcceptancePlugin:
    """The hooks and fixtures of an acceptance run."""

    def __init__(
        self,
        config: pytest.Config,
        session: Session,
        folder: ReportFolder,
        baseline: Record | None,
        progress: ConsoleProgress,
    ) -> None:
        self._config = config
        self._session = session
        self._folder = folder
        self._baseline = baseline
        self._progress = progress
        self._checks: dict[str, Check] = {}
        self._interrupted = False
        self._announced = False   # how the seed report's chapters ended
        self._started = time.monotonic()
        self._sigterm: Any = None

    # Collection: one test per case and per known issue, each with its place in the record.

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each case of the run, or for each known issue of its cases."""
        settings = self._session.settings
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", settings.cases, ids=[case.name for case in settings.cases])
        if "issue" in metafunc.fixturenames:
            issues = [i for i in self._session.profile.known_issues if settings.includes(i.kind)]
            metafunc.parametrize("issue", issues, ids=[issue.id for issue in issues])

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Give each test its check."""
        marker = item.get_closest_marker("section")
        if marker is None:
            return
        section, title, *column = marker.args
        parameters = _get_parameters(item)
        case, issue = parameters.get("case"), parameters.get("issue")
        if isinstance(issue, KnownIssue):
            title = f"{title}: {issue.id}"
        elif "issue" in parameters:
            return
        elif isinstance(case, Case) and not column:
            title = f"{title}: {case.name}"
        item.stash[_CHECK] = Check(
            section=section,
            title=title,
            kind=case.name if isinstance(case, Case) else None,
            column=Column(column[0]) if column else None,
            detail="not reached",
            reproduce=self._get_reproduction(item),
        )

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the tests of an API server where there is none, and those of faults unless they are asked for.

        The same goes for the place-holder that pytest makes where the run's cases have no known issue.
        """
        has_apiserver = self._session.settings.has_apiserver
        with_faults = _asks_for_faults(config)
        left_out = [
            item
            for item in items
            if ("issue" in _get_parameters(item) and _CHECK not in item.stash)
            or (item.get_closest_marker("api_server") and not has_apiserver)
            or (item.get_closest_marker("faults") and not with_faults)
        ]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Enter every selected check into the record, as NOT RUN."""
        self._checks = {item.nodeid: item.stash[_CHECK] for item in session.items if _CHECK in item.stash}
        self._session.record.checks = list(self._checks.values())

    # The run: the sandbox comes up before the first test, and is let go of after the last.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Bring the sandbox up; where that fails, end the run with exit code 2 (or 4 for a wrong setting)."""
        if not self._session.record.checks or session.testsfailed:
            return
        self._sigterm = signal.signal(signal.SIGTERM, interrupt)
        try:
            self._session.start(faults=any(item.get_closest_marker("faults") for item in session.items))
        except SettingsError as error:
            self._give_up(error, exit_code=4)
        except (HarnessError, Refusal) as error:
            self._give_up(error, exit_code=2)
        finally:
            self._progress.close()

    def _give_up(self, error: Exception, exit_code: int) -> None:
        first, *others = str(error).strip().splitlines()
        announces = first.endswith(":") and others   # the cause is the last of what it quotes
        self._session.record.headline = f"{first} {others[-1].strip()}" if announces else first
        for check in self._session.record.checks:
            check.detail = self._session.record.headline
        pytest.exit(str(error), returncode=exit_code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Once the seed report's chapters are through, say how they ended: the others take longer."""
        check = self._checks.get(nodeid)
        if check is None or belongs_to_report(check) or self._announced:
            return
        self._announced = True
        if line := summarise_report(self._session.record.checks, time.monotonic() - self._started):
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.ensure_newline()
                reporter.write_line(line)

    @pytest.fixture
    def run(self) -> Run:
        """The scenario's run in the sandbox."""
        return self._session.run

    @pytest.fixture
    def api(self) -> ApiRun:
        """The scenario's run through Michelangelo's API server."""
        return self._session.api

    @pytest.fixture
    def lifecycle(self) -> Lifecycle:
        """The objects of the contract's chapter."""
        return self._session.lifecycle

    @pytest.fixture
    def inputs(self) -> Inputs:
        """The hostile input of the run."""
        return self._session.inputs

    @pytest.fixture
    def gates(self) -> Gates:
        """The chain of starts with other configurations."""
        return self._session.gates

    @pytest.fixture
    def fault_run(self) -> FaultRun:
        """The rounds of faults under load."""
        return self._session.faults

    @pytest.fixture
    def run_cases(self) -> Sequence[Case]:
        """The cases of the run."""
        return self._session.settings.cases

    @pytest.fixture
    def check(self, request: pytest.FixtureRequest) -> Check:
        """The place in the record that the test fills."""
        check: Check = request.node.stash[_CHECK]
        return check

    @pytest.fixture
    def tables(self, run: Run) -> dict[str, dict[str, str]]:
        """Every table of the database with its columns and their types."""
        return run.tables

    @pytest.fixture
    def issue_result(self, issue: KnownIssue) -> IssueResult:
        """The place in the record for what becomes of the known issue."""
        return next(result for result in self._session.record.known_issues if result.id == issue.id)

    @pytest.fixture
    def allow_stale(self) -> bool:
        """Whether a known issue that does not show is tolerated."""
        return self._session.settings.allow_stale_known_issues

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Write the test's outcome into its check, and tell pytest the nearest word that it has for it."""
        check = pyfuncitem.stash.get(_CHECK, None)
        if check is None:
            return (yield)
        try:
            with noting_outcome(check):
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
            self._note_failure(check)
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
        """In a run of single cases, print all that the check saw."""
        check = self._checks.get(nodeid)
        if check is not None and not self._session.settings.is_whole:
            print_evidence(check, make_console(sys.__stdout__))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Keep in the record what the checks warn of."""
        if issubclass(warning_message.category, StaleKnownIssueWarning):
            self._session.record.warnings.append(str(warning_message.message))

    def _note_failure(self, check: Check) -> None:
        if check.section == "1.3" and not self._session.record.headline:
            self._session.record.headline = check.detail

    # The end: the record first, then everything that renders it.

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the run was cut short; pytest also calls this where the harness itself gives up."""
        self._interrupted = excinfo.errisinstance(KeyboardInterrupt)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Complete the record, write the reports, let go of the sandbox."""
        if exitstatus == pytest.ExitCode.OK and self._has_gaps():
            session.exitstatus = exitstatus = pytest.ExitCode.TESTS_FAILED
        try:
            self._session.finish(exit_code=int(exitstatus), interrupted=self._interrupted)
            publish(self._session.record, self._baseline, self._folder)
        except OSError as error:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._session.record.warnings.append(f"the report could not be written: {error}")
        finally:
            self._session.stop()
            if self._sigterm is not None:
                signal.signal(signal.SIGTERM, self._sigterm)

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
        """Render the page without pytest-html's table where that plugin is off; make it the latest report."""
        if not self._folder.html.exists():
            write_text(self._folder.html, render_page(self._session.record, self._baseline))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the matrix."""
        terminalreporter.ensure_newline()
        console = make_console(sys.__stdout__)
        whole = self._session.settings.is_whole
        print_matrix(
            self._session.record if whole else self._session.get_focus(),
            self._baseline if whole else None,
            console,
            self._folder.html,
        )
        if self._session.access:
            terminalreporter.write_line(self._session.access)

    def _get_reproduction(self, item: pytest.Item) -> str:
        """Return the command that runs this check alone."""
        case = _get_parameters(item).get("case")
        arguments = [a for a in map(str, self._config.invocation_params.args) if not a.startswith(ACCEPTANCE)]
        name = item.originalname if isinstance(item, pytest.Function) else item.name
        command = ["pytest", ACCEPTANCE, *arguments, "-k", name or item.name]
        if isinstance(case, Case) and "--crd" not in arguments:
            command += ["--crd", case.name.lower()]
        return shlex.join(command)


def _get_parameters(item: pytest.Item) -> dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params
