"""A ninth chapter is one folder and one line: all else follows from its record, down to each file of the report.

The run is that of the command line, with the acceptance tests as they are; only the sandbox is made up.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

import harness.acceptance
import harness.cli.ahead
import harness.suite.session
from harness.chapters import CHAPTERS
from harness.cli.activation import build_arguments
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import NotApplicable
from harness.core.record import Check, Finding, IssueResult, IssueStatus, Record, SectionContents, Status
from harness.report.folder import LATEST
from harness.spec.model import Case
from harness.suite.chapter import Chapter, Section, whole_run
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import FakeSandbox
from tests.fakes.world import World

pytest_plugins = ["pytester"]

# The chapter's folder: its state, its checks, its known issues, its record.


class Toys:
    """What the chapter remembers; with `breaks_off` a check is interrupted within a library that hides it."""

    breaks_off = False

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.asked: list[str] = []


def check_kept(toys: Toys, case: Case, recorder: Recorder) -> None:
    """99.1: the toy is kept as it was."""
    toys.asked.append(case.name)
    recorder.note("the toy", f"in {toys.context.namespace}")
    recorder.problem, recorder.look_at = f"{case.name}: the toy is broken", "the toy box"
    if case.name == "Pipeline" and toys.breaks_off:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(10)
        except KeyboardInterrupt as interrupt:
            raise ValueError("no validator could be built") from interrupt
    if case.name == "SparkJob":
        recorder.find("toy.lost", "the toy", "kept", "lost")
    if case.name == "RayJob":
        recorder.find("toy.broken", "the toy", "whole", "in two")
    if case.name == "Cluster":
        raise NotApplicable("clusters have no toys")


def check_all(toys: Toys, _: None, recorder: Recorder) -> None:
    """99.2: all toys are in one box."""
    recorder.facts["toys"] = str(len(toys.asked))


LOST = KnownIssue(
    id="toy-gets-lost",
    title="The toy of a SparkJob gets lost",
    sections=("99.1",),
    kinds=("SparkJob",),
    code="toy.lost",
    impact="A child cries.",
    workaround="Buy another one.",
)
STALE = KnownIssue("toy-squeaks", "Toys squeak", ("99.2",), "Noise.", "Oil.", code="toy.squeak")

TOYS = Chapter(
    key="toys",
    title="Toys of all kinds",
    explanation="What becomes of toys.",
    summary="about toys",
    markers=("toys",),
    open=Toys,
    issues=(LOST, STALE),
    sections=(
        Section("99.1", "Toy is kept", "The toy is kept", "The toy is kept as it was.", check_kept),
        Section("99.2", "In one box", "All are in one box", "One box has them.", check_all, topics=whole_run),
    ),
)

# The one line, in a list of its own.

ALL_CHAPTERS = (*CHAPTERS, TOYS)

PROFILE = """
title = "A version with toys"
extends = "report-2026-03"
known_issues = ["toy-gets-lost"{more}]
"""


@dataclass
class Run:
    """A run that has ended."""

    record: Record | None   # None where nothing ran
    folder: Path
    sandbox: FakeSandbox
    output: str
    exit_code: int

    @property
    def checks(self) -> list[Check]:
        """The record's checks."""
        assert self.record is not None
        return self.record.checks

    def get(self, section: str, kind: str | None) -> Check:
        """Return the check of that section and kind."""
        return next(check for check in self.checks if (check.section, check.kind) == (section, kind))

    def get_issue(self, issue_id: str) -> IssueResult:
        """Return what became of the known issue."""
        assert self.record is not None
        return next(result for result in self.record.known_issues if result.id == issue_id)


Perform = Callable[..., Run]


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, ...], Run]:
    """The runs so far, by their arguments: each is looked at from several sides."""
    return {}


@pytest.fixture
def perform(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, runs: dict[tuple[str, ...], Run]
) -> Perform:
    """Return a function that runs the chapter's checks in a made-up sandbox, once for the same arguments."""
    sandbox = FakeSandbox()
    world = World(sandbox=sandbox)
    monkeypatch.setattr(harness.cli.ahead, "start_sandbox_ahead", lambda *_: None)
    monkeypatch.setattr(harness.suite.session, "bring_up", lambda *_, **__: sandbox)
    monkeypatch.setattr(harness.suite.session, "Cluster", lambda *_: world)
    monkeypatch.setattr(harness.suite.session, "Database", lambda *_: world)
    monkeypatch.setattr(harness.suite.session, "load_client", lambda: None)
    monkeypatch.setattr(harness.acceptance, "CHAPTERS", ALL_CHAPTERS)

    def perform(*arguments: str, more: str = "") -> Run:
        if arguments in runs:
            return runs[arguments]
        profile = pytester.path / "toys.toml"
        profile.write_text(PROFILE.format(more=more), encoding="utf-8")
        sandbox.register()
        words = build_arguments(["--profile", str(profile), "--reports", "reports", *arguments])
        result = pytester.runpytest_inprocess(*words, no_reraise_ctrlc=True)
        folder = pytester.path / "reports" / LATEST
        path = folder / "report.json"
        record = Record.from_json(path.read_text(encoding="utf-8")) if path.exists() else None
        runs[arguments] = Run(record, folder, sandbox, result.stdout.str(), int(result.ret))
        return runs[arguments]

    return perform


def test_its_checks_are_collected_by_their_ids(perform: Perform) -> None:
    """A section and a kind, or the section alone; its marker selects them, and nothing is brought up."""
    run = perform("-m", "toys", "--collect-only", "-q")
    found = re.findall(r"test_section\[(.+)\]", run.output)
    assert found == [*(f"99.1-{name.lower()}" for name in CONTRACT.names), "99.2"]
    assert (run.record, run.sandbox.stopped) == (None, 0)


def test_a_number_selects_one(perform: Perform) -> None:
    """As the report's command says."""
    run = perform("-k", "99.1-model and not 99.1-modelfamily", "-m", "toys")
    assert [(check.section, check.kind) for check in run.checks] == [("99.1", "Model")]
    assert run.checks[0].reproduce.endswith(" --crd model -k 99.1-model")


def test_its_checks_are_judged_and_recorded(perform: Perform) -> None:
    """Passed, failed with a code, known by the profile, not applicable; each with evidence and duration."""
    run = perform("-m", "toys")
    assert run.exit_code == pytest.ExitCode.TESTS_FAILED
    assert len(run.checks) == len(CONTRACT.names) + 1
    passed = run.get("99.1", "Model")
    assert (passed.status, passed.title, passed.detail) == (Status.PASS, "The toy is kept", "")
    assert [(item.title, item.body) for item in passed.evidence] == [("the toy", "in ingester-test")]
    failed = run.get("99.1", "RayJob")
    assert (failed.status, failed.detail) == (Status.FAIL, "RayJob: the toy is broken")
    assert failed.findings == [Finding("toy.broken", "the toy", "whole", "in two")]
    known = run.get("99.1", "SparkJob")
    assert (known.status, known.detail, known.issues) == (Status.KNOWN, LOST.title, [LOST.id])
    absent = run.get("99.1", "Cluster")
    assert (absent.status, absent.detail) == (Status.NOT_APPLICABLE, "clusters have no toys")
    whole = run.get("99.2", None)
    assert (whole.status, whole.facts) == (Status.PASS, {"toys": str(len(CONTRACT.names))})
    assert run.record is not None
    assert run.record.headline == "1 check failed, first 99.1 RayJob: the toy is broken"
    assert "RayJob: the toy is broken" in run.output
    assert "look at: the toy box" in run.output
    assert re.search("reproduce: .* -k 99.1-rayjob", run.output)
    assert run.sandbox.stopped >= 1


def test_it_stands_in_the_contents(perform: Perform) -> None:
    """With its sections, behind those of the other chapters."""
    record = perform("-m", "toys").record
    assert record is not None
    assert [chapter.key for chapter in record.chapters] == [chapter.key for chapter in ALL_CHAPTERS]
    contents = record.chapters[-1]
    assert (contents.key, contents.title, contents.explanation) == ("toys", TOYS.title, TOYS.explanation)
    assert contents.sections == [SectionContents("99.1", "Toy is kept"), SectionContents("99.2", "In one box")]


def test_an_interruption_that_a_library_hides_ends_the_run(
    perform: Perform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check under way and all that follow did not run; none of them is blamed."""
    monkeypatch.setattr(Toys, "breaks_off", True)
    run = perform("-m", "toys", "-vv")
    assert run.exit_code == pytest.ExitCode.INTERRUPTED
    assert run.record is not None
    assert run.record.interrupted
    statuses = [check.status for check in run.checks]
    pipeline = [check.kind for check in run.checks].index("Pipeline")
    assert set(statuses[:pipeline]) == {Status.PASS}
    assert set(statuses[pipeline:]) == {Status.NOT_RUN}


def test_its_known_issue_is_concluded(perform: Perform) -> None:
    """It was seen, and the record says where; those of other chapters were not looked for."""
    run = perform("-m", "toys")
    lost = run.get_issue(LOST.id)
    assert (lost.status, lost.detail) == (IssueStatus.REPRODUCED, "in 1 check of 99.1")
    assert lost.evidence[0].body == "SparkJob: the toy: expected kept, got lost"
    assert run.get_issue("ghost-row").status is IssueStatus.NOT_CHECKED


def test_an_issue_of_its_own_goes_stale(perform: Perform) -> None:
    """Which the profile expects and the check does not show."""
    run = perform("-m", "toys", "-k", "99.2", more=f', "{STALE.id}"')
    check = run.get("99.2", None)
    assert (check.status, check.stale) == (Status.FAIL, [STALE.id])
    assert run.get_issue(STALE.id).status is IssueStatus.STALE


def test_a_run_in_which_nothing_failed_passes(perform: Perform) -> None:
    """With exit code 0, and what is known in its headline."""
    run = perform("-m", "toys", "-k", "99.1-sparkjob or 99.1-model")
    assert run.exit_code == pytest.ExitCode.OK
    assert run.record is not None
    assert run.record.headline == "Nothing failed in 3 checks; 1 known issue"


def test_each_file_of_the_report_names_its_checks(perform: Perform) -> None:
    """The record, the page, the Markdown and the JUnit file."""
    run = perform("-m", "toys")
    assert run.record is not None   # it was read
    for name in ("report.html", "report.md"):
        text = (run.folder / name).read_text(encoding="utf-8")
        for words in (TOYS.title, "Toy is kept", "All are in one box", LOST.title, "RayJob: the toy is broken"):
            assert words in text, (name, words)
    cases = list(ElementTree.parse(run.folder / "junit.xml").getroot().iter("testcase"))   # noqa: S314  our own
    kept = [case for case in cases if "The toy is kept" in str(case.get("name"))]
    assert len(kept) == len(CONTRACT.names)
    failures = [case.find("failure") for case in kept if case.find("failure") is not None]
    assert [failure.get("message") for failure in failures if failure is not None] == ["RayJob: the toy is broken"]


def test_the_console_shows_its_matrix(perform: Perform, capfd: pytest.CaptureFixture[str]) -> None:
    """After the run, with what failed below it."""
    perform("-m", "toys", "-v")
    shown = capfd.readouterr().out
    assert "Toys of all kinds: 13 cells and 1 check: 11 pass, 1 fail, 1 known, 1 not applicable." in shown
    assert "fail 99.1 The toy is kept (RayJob)" in shown
