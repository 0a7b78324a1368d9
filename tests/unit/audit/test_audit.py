"""Promises of `harness.audit.audit`, its scan and its journal: what is gathered stays, and costs no other kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.audit.audit import Audit, AuditSettings
from harness.audit.classes import AuditClass
from harness.audit.journal import Journal
from harness.audit.problem import describe_problem
from harness.audit.reading import Scope
from harness.audit.result import FINDINGS
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.progress import SILENT, Progress
from harness.spec.equality import compare_row
from tests.fakes.contract import CONTRACT
from tests.unit.audit.fakes import FakeSystem
from tests.unit.chapters.faults.builders import make_obj, make_row

KIND = CONTRACT.get_kind("Project")


@pytest.fixture
def system() -> FakeSystem:
    """Five objects with their rows, of which one differs, and a row that is right alone."""
    system = FakeSystem()
    for number in range(5):
        obj = make_obj(f"project-{number}", uid=f"uid-{number}")
        system.add(obj, make_row(obj, tier="9") if number == 3 else make_row(obj))
    gone = make_row(make_obj("gone", uid="uid-gone"), deleted=True)
    system.rows[gone.uid] = gone
    return system


@dataclass
class Run:
    """How audits of a system are made, in one folder."""

    system: FakeSystem
    folder: Path

    def make(
        self,
        *,
        resume: bool = False,
        scope: Scope | None = None,
        show_values: bool = False,
        progress: Progress = SILENT,
    ) -> Audit:
        """Return an audit of one kind."""
        settings = AuditSettings(
            self.folder, {"of": "this"}, compare_row, grace_s=0.05, resume=resume, show_values=show_values
        )
        return Audit(settings, self.system.make_reader(scope), CONTRACT, [KIND], progress)

    def read_findings(self) -> list[dict[str, object]]:
        """Return the lines of the file of all findings."""
        return [json.loads(line) for line in (self.folder / FINDINGS).read_text().splitlines()]


@pytest.fixture
def run(system: FakeSystem, tmp_path: Path) -> Run:
    """Audits of that system."""
    return Run(system, tmp_path)


def test_what_is_found_is_counted_and_written(run: Run) -> None:
    """Each object and each row counts once, and each finding stands in the file, its values redacted."""
    result = run.make().run()
    assert result.counts == {AuditClass.EQUAL: 4, AuditClass.DIFFERS: 1, AuditClass.ALONE: 1}
    assert (result.objects, result.kinds[0].rows, result.kinds[0].compared) == (5, 1, 5)
    assert (result.exit_code, result.found) == (1, 1)
    (line,) = run.read_findings()
    assert (line["class"], line["key"]) == ("differs", "uid-3")
    assert '"9"' not in json.dumps(line)
    assert "column tier" in json.dumps(line)


def test_values_may_be_shown(run: Run) -> None:
    """Who asks for values gets them."""
    run.make(show_values=True).run()
    assert run.read_findings()[0]["differences"][0]["actual"] == '"9"'  # type: ignore[index]


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_resumed_audit_comes_to_the_same(run: Run, cut: int) -> None:
    """Wherever an audit ends, the resumed one comes to the same, and does not list again what was listed."""
    whole = run.make().run()
    path = run.folder / "journal" / "Project.ndjson"
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    path.write_text("".join(lines[:cut]) + lines[min(cut, 3)][:20])   # in the midst of a line
    run.system.listed = 0
    resumed = run.make(resume=True).run()
    assert resumed.counts == whole.counts
    assert resumed.kinds[0].rows == whole.kinds[0].rows
    assert run.system.listed == max(3 - cut, 0)
    assert [line["key"] for line in run.read_findings()] == ["uid-3"]


def test_other_audit_cannot_be_resumed(run: Run, tmp_path: Path) -> None:
    """What was asked for otherwise, or never, is not gone on with, and the way out is named."""
    run.make().run()
    with pytest.raises(SettingsError, match="another of: 'this', now 'that'"):
        Journal(tmp_path / "journal").resume({"of": "that"})
    with pytest.raises(SettingsError, match="no audit to go on with"):
        Journal(tmp_path / "elsewhere" / "journal").resume({})


def test_second_audit_begins_anew(run: Run) -> None:
    """Without being resumed, an audit takes nothing from an earlier one in its folder."""
    first, second = run.make().run(), run.make().run()
    assert first.counts == second.counts
    assert len(run.read_findings()) == 1


def test_interrupted_audit_has_what_was_gathered(run: Run) -> None:
    """An interruption leaves a result that says so, with what was found until then."""
    class Interruption:
        """What comes after four objects."""

        def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
            """Do nothing."""

        def advance(self, stage: str, done: int, note: str = "") -> None:  # noqa: ARG002  Progress' arguments
            """Interrupt, as Ctrl-C does."""
            if done >= 4:
                raise KeyboardInterrupt

        def end(self, stage: str, note: str = "") -> None:
            """Do nothing."""

    audit = run.make(progress=Interruption())
    with pytest.raises(KeyboardInterrupt):
        audit.run()
    assert audit.result.exit_code == 2
    assert audit.result.problems[0].words == "the audit was interrupted"
    assert [line["key"] for line in run.read_findings()] == ["uid-3"]


def test_kind_that_cannot_be_read_is_a_problem(run: Run) -> None:
    """What can't be read is told, and ends with exit code 2, whatever was found before."""

    def refuse() -> None:
        raise HarnessError("MySQL: 1146 (42S02): Table 'x' doesn't exist (in: SELECT 1)", hint="Make it")

    run.system.tick = refuse
    result = run.make().run()
    (problem,) = result.problems
    assert (problem.kind, problem.words, problem.hint) == (
        "Project",
        "MySQL: 1146 (42S02): Table 'x' doesn't exist",
        "Make it",
    )
    assert result.exit_code == 2


def test_refusals_are_told_in_a_sentence() -> None:
    """A missing right and a missing CRD are told as what they are."""
    assert "projects" in describe_problem("Project", Refusal(403, "Forbidden", "cannot list projects")).words
    assert "does not serve" in describe_problem("Project", Refusal(404, "NotFound", "page not found")).words


def test_children_without_a_parent_are_found(run: Run) -> None:
    """Labels of no row are a finding of their own; within one namespace nobody can say whose they are."""
    run.system.parentless = {"nobody": 2}
    assert run.make().run().counts[AuditClass.CHILDREN] == 1
    assert run.make(scope=Scope("load")).run().counts[AuditClass.CHILDREN] == 0


def test_selector_looks_at_objects_alone(run: Run) -> None:
    """With a selector no row without an object is looked for: its object may only not be selected."""
    result = run.make(scope=Scope(selector="a=b")).run()
    assert result.counts == {AuditClass.EQUAL: 4, AuditClass.DIFFERS: 1}


def test_sample_compares_the_content_of_some() -> None:
    """A sample is a share of the objects, the same ones each time."""
    scope = Scope(sample=0.25)
    chosen = [key for key in map(str, range(1000)) if scope.has_in_sample(key)]
    assert 200 < len(chosen) < 300
    assert chosen == [key for key in map(str, range(1000)) if scope.has_in_sample(key)]
    assert all(Scope().has_in_sample(key) for key in map(str, range(100)))


def test_outside_of_the_sample_no_content_is_judged(run: Run) -> None:
    """What is outside of the sample is judged by key and version."""
    result = run.make(scope=Scope(sample=1e-9)).run()
    assert result.counts == {AuditClass.EQUAL: 5, AuditClass.ALONE: 1}
    assert result.kinds[0].compared == 0
