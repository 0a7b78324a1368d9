"""`harness.suite.session`: how checks are carried out, and what a run of single cases shows at its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters import CHAPTERS
from harness.core import codes
from harness.core.errors import CheckFailure, HarnessError, SettingsError
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Known, NotApplicable, NotRun
from harness.core.progress import SILENT
from harness.core.record import Check, IssueResult, IssueStatus
from harness.suite.chapter import Chapter, Section, Topic, each_case, whole_run
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder
from harness.suite.session import RunSettings, Session, take_namespace
from harness.suite.target import Target
from tests.fakes.contract import CONTRACT

MODEL = CONTRACT.get_case("Model")
LIVE = KnownIssue("live", "It stays", ("9.1",), "i", "w", code=codes.ROW_LIVE)
ALSO = KnownIssue("also", "It also", ("9.1",), "i", "w", code="also")

CarryOut = Callable[..., Check]


def make_session(*chapters: Chapter, words: tuple[str, ...] = ()) -> Session:
    """Return a session of these chapters, of a version without known issues."""
    return Session(RunSettings(words=words), chapters or CHAPTERS, "pytest", SILENT)


def make_chapter(check: Callable[..., None], key: str = "toy", **fields: Any) -> Chapter:
    """Return a chapter of one section."""
    section = Section("9.1", "Toys", "A toy", "p", check, topics=fields.pop("topics", each_case))
    return Chapter(**{
        "key": key,
        "title": "T",
        "explanation": "E",
        "summary": "s",
        "markers": (key,),
        "open": lambda _: key,
        "sections": (section,),
        **fields,
    })


@pytest.fixture
def carry_out(monkeypatch: pytest.MonkeyPatch) -> CarryOut:
    """Return a function that carries a check out, with these issues expected, and returns its place."""
    monkeypatch.setattr(Session, "context", property(lambda _: "context"))
    monkeypatch.setattr("harness.suite.session.resolve", lambda *_: Expectations())

    def carry_out(
        check: Callable[..., None], *issues: KnownIssue, raises: type[BaseException] | None = None
    ) -> Check:
        chapter = make_chapter(check)
        monkeypatch.setattr("harness.suite.session.resolve", lambda *_: Expectations(issues))
        session = make_session(chapter)
        place = session.add_check(chapter.sections[0], Topic("model", MODEL, "Model"))
        if raises is None:
            session.carry_out(chapter, chapter.sections[0], Topic("model", MODEL, "Model"), place)
        else:
            with pytest.raises(raises):
                session.carry_out(chapter, chapter.sections[0], Topic("model", MODEL, "Model"), place)
        return place

    return carry_out


def find_live(recorder: Recorder) -> None:
    """Record what `LIVE` explains."""
    recorder.find(codes.ROW_LIVE, "the row", "deleted", "live")


def test_the_focus_is_on_the_runs_kinds() -> None:
    """Kinds and known issues of others are left out, and those that nobody looked for and are about all."""
    session = make_session(words=("SparkJob",))
    everything = len(session.record.kinds)
    session.record.known_issues = [IssueResult(issue.id, issue.title) for issue in session.expectations.issues]
    shown = next(result for result in session.record.known_issues if result.id == "orphan-without-finalizer")
    shown.status = IssueStatus.REPRODUCED
    focus = session.get_focus()
    assert not session.is_whole
    assert [kind.name for kind in focus.kinds] == ["SparkJob"]
    assert [issue.id for issue in focus.known_issues] == [
        "sparkjob-double-panic",
        "sparkjob-driver-fields",
        "orphan-without-finalizer",
    ]
    assert len(session.record.kinds) == everything == 13
    assert len(session.record.known_issues) == len(session.expectations.issues)


def test_a_check_gets_state_topic_and_recorder(carry_out: CarryOut) -> None:
    """And passes where it records nothing but evidence, which is kept."""

    def check(state: str, case: object, recorder: Recorder) -> None:
        assert (state, case) == ("toy", MODEL)
        recorder.note("seen")
        recorder.facts["rows"] = "7"

    place = carry_out(check)
    assert ([item.title for item in place.evidence], place.facts) == (["seen"], {"rows": "7"})
    assert (place.section, place.title, place.kind, place.topic) == ("9.1", "A toy", "Model", "")


def test_what_was_found_stands_whatever_came_after_it(carry_out: CarryOut) -> None:
    """A check that is broken off fails on what nobody explains, and keeps its evidence."""

    def check(_: object, __: object, recorder: Recorder) -> None:
        find_live(recorder)
        recorder.note("seen")
        raise HarnessError("MySQL is gone")

    place = carry_out(check, raises=CheckFailure)
    assert [finding.code for finding in place.findings] == [codes.ROW_LIVE]
    assert [item.title for item in place.evidence] == ["seen"]


@pytest.mark.parametrize("end", [NotRun("no row"), NotApplicable("immutable"), HarnessError("gone")])
def test_what_is_explained_gives_way_to_how_it_ended(end: Exception, carry_out: CarryOut) -> None:
    """The issue has shown, and that the check could not go on is its end."""

    def check(_: object, __: object, recorder: Recorder) -> None:
        find_live(recorder)
        raise end

    assert carry_out(check, LIVE, raises=type(end)).issues == ["live"]


def test_a_check_that_was_broken_off_misses_no_issue(carry_out: CarryOut) -> None:
    """What it did not come to may have shown: nothing is stale."""

    def check(_: object, __: object, recorder: Recorder) -> None:
        find_live(recorder)
        raise NotRun("no row")

    place = carry_out(check, LIVE, ALSO, raises=NotRun)
    assert (place.issues, place.stale) == (["live"], [])


def test_a_check_that_ends_at_once_is_not_judged(carry_out: CarryOut) -> None:
    """Without a finding there is nothing to conclude, and no issue to miss."""

    def check(_: object, __: object, recorder: Recorder) -> None:
        recorder.note("seen")
        raise NotApplicable("immutable")

    place = carry_out(check, LIVE, raises=NotApplicable)
    assert (place.stale, [item.title for item in place.evidence]) == ([], ["seen"])


def test_a_known_finding_is_known(carry_out: CarryOut) -> None:
    """The section's own issues explain it."""
    place = carry_out(lambda _, __, recorder: find_live(recorder), LIVE, raises=Known)
    assert place.issues == ["live"]


@pytest.mark.usefixtures("carry_out")
def test_a_chapters_state_is_made_once_and_closed() -> None:
    """When it is first asked for, from that of the chapter that it stands on; closed with the run."""
    made: list[Any] = []

    class State:
        def __init__(self, *stands_on: object) -> None:
            self.closed = 0
            made.append((self, *stands_on))

        def close(self) -> None:
            self.closed += 1

    below = make_chapter(print, "below", open=State)
    above = make_chapter(print, "above", open=State, stands_on="below")
    session = make_session(below, above)
    state = session.get_state(above)
    assert session.get_state(above) is state
    lower = session.get_state(below)
    assert made == [(lower, "context"), (state, "context", lower)]
    session.stop()
    session.stop()
    assert (lower.closed, state.closed) == (1, 1)


@pytest.mark.usefixtures("carry_out")
def test_all_that_is_held_is_let_go_of() -> None:
    """A state that can't be closed keeps nothing else from it, and says so in the end."""
    closed = []

    class Broken:
        def close(self) -> None:
            raise HarnessError("no")

    class State:
        def close(self) -> None:
            closed.append(self)

    chapters = [make_chapter(print, state.__name__, open=lambda _, s=state: s()) for state in (State, Broken)]
    session = make_session(*chapters)
    for chapter in chapters:
        session.get_state(chapter)
    with pytest.raises(HarnessError, match="no"):
        session.stop()
    assert len(closed) == 1


def test_nothing_is_known_of_a_run_that_has_not_started() -> None:
    """A chapter that asks too early is told so."""
    with pytest.raises(HarnessError, match="the sandbox is not up"):
        _ = make_session().context


def test_every_selected_check_stands_in_the_record() -> None:
    """As NOT RUN, with the chapters' contents in full, and the kinds of the version."""
    session = make_session()
    section = next(s for s in CHAPTERS[0].sections if s.number == "1.6")
    check = session.add_check(section, Topic("model", MODEL, "Model"))
    session.select([check])
    assert session.record.checks == [check]
    assert check.detail == "not reached"
    assert [chapter.key for chapter in session.record.chapters] == [chapter.key for chapter in CHAPTERS]
    assert session.record.kinds[2].tables == ["model", "model_labels", "model_annotations"]


def test_a_topic_beside_the_kind_is_kept() -> None:
    """A check of an issue or a fault is named by it; one of a kind by the kind alone."""
    session = make_session()
    section = dataclasses.replace(CHAPTERS[0].sections[0], topics=whole_run)
    about_issue = session.add_check(section, Topic("sparkjob-double-panic", LIVE, "SparkJob"))
    assert (about_issue.kind, about_issue.topic) == ("SparkJob", "sparkjob-double-panic")
    family = session.add_check(section, Topic("kill", None, section="8.2", title="SIGKILL"))
    assert (family.section, family.title, family.kind, family.topic) == ("8.2", "SIGKILL", None, "kill")


def test_settings_that_fit_no_version_are_refused() -> None:
    """A kind or a profile that does not exist, with the valid ones."""
    with pytest.raises(SettingsError, match=r"(?s)--crd: unknown value 'Modell'.*Model"):
        make_session(words=("Modell",))
    with pytest.raises(SettingsError, match="report-2026-03"):
        Session(RunSettings(Target(profile="report-2026")), CHAPTERS, "pytest", SILENT)


def test_a_namespace_is_new_in_sandbox_cluster_and_database() -> None:
    """Of a database that several sandboxes have used, one that another run has left rows of is passed over."""
    remembered: list[str] = []
    there, with_rows = {"ingester-test-3"}, {"ingester-test", "ingester-test-4"}
    sandbox = SimpleNamespace(known_namespaces=lambda: remembered, remember_namespace=remembered.append)

    def create(name: str) -> bool:
        is_new = name not in there
        there.add(name)
        return is_new

    cluster = SimpleNamespace(create_namespace=create)
    taken = [take_namespace(cast(Any, sandbox), cast(Any, cluster), with_rows.__contains__) for _ in range(3)]
    assert taken == remembered == ["ingester-test-2", "ingester-test-5", "ingester-test-6"]
