"""`harness.chapters.faults.run`: what a round needs, and what it leaves in the recorder and in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from harness.chapters.faults import run as module
from harness.chapters.faults.catalogue import Fault, Part, find_fault
from harness.chapters.faults.environment import Environment
from harness.chapters.faults.injections.base import Injection
from harness.chapters.faults.issues import ISSUES
from harness.chapters.faults.load.workload import Load
from harness.chapters.faults.round_file import decode
from harness.chapters.faults.round_record import RoundResult
from harness.chapters.faults.run import FaultRun
from harness.core.errors import HarnessError
from harness.core.known_issue import Action, KnownIssue
from harness.core.outcomes import Invalid, NotApplicable, NotRun
from harness.core.record import Finding
from harness.core.settings import Timeouts
from harness.sandbox.base import ComponentStatus, Phase, Sandbox
from harness.spec.contract import Contract
from harness.spec.model import Case, Kind
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder
from tests.unit.chapters.faults.builders import make_round

PROJECT = Case(1, Kind("Project", "projects"), "", {}, ())
BLOCKED = Case(2, Kind("Model", "models"), "", {}, ())
BLOCKING = KnownIssue("blocks", "", (), "", "", kinds=("Model",), action=Action.DELETE)
FINDING = Finding("row.lost", "Project p", "a live row", "no row")


class Anywhere(Injection):
    """An injection that every sandbox can have."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    @classmethod
    def explain_absence(cls, _sandbox: Sandbox) -> str:
        """Return the reason: there is none."""
        return ""


FAULT = Fault("anywhere", "8.2", "something breaks", Part.MYSQL, Anywhere, retry_s=3.0)


class FakeContext:
    """A context of one sandbox in which each namespace is new; `missing` kinds have no controller."""

    def __init__(self, *, missing: Sequence[str] = (), reason: str = "") -> None:
        component = ComponentStatus("mysql", Phase.RUNNING, reason=reason)
        self.sandbox = SimpleNamespace(name="fake", components=lambda: [component], kubeconfig="")
        self.cases = (PROJECT, BLOCKED)
        self.contract = Contract(self.cases)
        self.expectations = Expectations((BLOCKING, *ISSUES))
        self.timeouts = Timeouts(sync_s=4.0)
        self.database = SimpleNamespace(reconnect=lambda: None)
        self.taken: list[str] = []
        self.kept: dict[str, str] = {}
        self._missing = missing

    def take_namespace(self) -> str:
        """Return a new namespace."""
        self.taken.append(f"n{len(self.taken)}")
        return self.taken[-1]

    def keep(self, name: str, text: str) -> str:
        """Keep the text."""
        self.kept[name] = text
        return f"{name}.gz"

    def require_controller(self, case: Case) -> None:
        """Miss it where that was told."""
        if case.name in self._missing:
            raise NotRun("1.3: 12 of 13")

    def render(self, case: Case, namespace: str) -> dict[str, Any]:
        """Return an object."""
        return {"kind": case.name, "metadata": {"namespace": namespace}}

    def is_immutable(self, case: Case) -> bool:
        """Whether it is: a Model."""
        return case.name == "Model"

    def format_soak_command(self, cases: Sequence[Case], faults: Sequence[str], seed: int, outage_s: float) -> str:
        """Return it."""
        return f"soak {[case.name for case in cases]} {list(faults)} {seed} {outage_s}"


class FakeRound:
    """A round that brings one finding, or ends as told."""

    outcome: BaseException | None = None
    rounds: list[FakeRound] = []  # noqa: RUF012  emptied by the fixture

    def __init__(
        self,
        environment: Environment,
        load: Load,
        injections: Sequence[Injection],
        outage_s: float,
        *,
        retry_s: float,
    ) -> None:
        self.environment, self.load, self.injections = environment, load, injections
        self.outage_s, self.retry_s = outage_s, retry_s
        self.record = make_round()
        facts = {"seed": "7", "operations": "9", "injected": "seen"}
        self.result = RoundResult(facts, [FINDING], [("the fault was injected", "seen")])
        self.rounds.append(self)

    def run(self) -> None:
        """End as told."""
        if self.outcome is not None:
            raise self.outcome


@pytest.fixture
def cleared(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Put fakes in the place of rounds and clusters; return the namespaces that are cleared."""
    namespaces: list[list[str]] = []
    monkeypatch.setattr(module, "Round", FakeRound)
    monkeypatch.setattr(module, "Cluster", lambda *_, **__: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(module, "clear", lambda _, __, found: namespaces.append(found))
    monkeypatch.setattr(module, "_WHOLE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(FakeRound, "rounds", [])
    monkeypatch.setattr(Anywhere, "made", 0)
    return namespaces


def run_round(context: FakeContext, recorder: Recorder, fault: Fault = FAULT) -> None:
    """Run one round of the fault."""
    FaultRun(context).run_round([fault], recorder, seed=7, outage_s=2.0)  # type: ignore[arg-type]


def test_a_round_is_recorded_whole(cleared: list[list[str]]) -> None:
    """Findings, notes and facts stand in the recorder, what is looked for first in front, with the command."""
    recorder, context = Recorder(), FakeContext()
    run_round(context, recorder)
    assert list(recorder.facts) == ["injected", "operations", "seed"]
    assert recorder.findings == [FINDING]
    assert [(each.kind, each.title, each.body) for each in recorder.evidence] == [
        ("timeline", "load, fault and lag", ""),
        ("note", "the fault was injected", "seen"),
        ("file", "all that the round asked for, did and saw", "rounds/0001-anywhere.json.gz"),
    ]
    assert decode(context.kept["rounds/0001-anywhere.json"]).title == "something breaks"
    assert recorder.problem == "after something breaks, MySQL does not hold what was acknowledged"
    assert recorder.reproduce == "soak ['Project', 'Model'] ['anywhere'] 7 2.0"
    assert cleared == [["n0"]]


def test_a_round_gets_what_the_run_and_the_fault_say(cleared: list[list[str]]) -> None:
    """Blocked kinds are left out, the fault is made once, the margin is the run's, known issues the section's."""
    run_round(FakeContext(), Recorder())
    (one,) = FakeRound.rounds
    assert (list(one.load.kinds), one.load.seed, one.load.namespace) == (["Project"], 7, "n0")
    assert (Anywhere.made, len(one.injections), one.retry_s, one.outage_s) == (1, 1, 3.0, 2.0)
    assert one.environment.margin_s == 4.0
    late = "no row; 4 failures in a row, not tried again for 31 s"
    finding = Finding("row.missing", "Project p", "a live row", late)
    assert not one.environment.is_explained(finding)
    FaultRun(FakeContext()).run_round(  # type: ignore[arg-type]
        [FAULT], Recorder(), seed=7, outage_s=2.0, section="8.3"
    )
    assert FakeRound.rounds[-1].environment.is_explained(finding)


def test_an_invalid_round_leaves_its_facts_and_no_objects(
    cleared: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured is recorded, and the namespace cleared, however the round ended."""
    monkeypatch.setattr(FakeRound, "outcome", Invalid("no load"))
    recorder = Recorder()
    with pytest.raises(Invalid):
        run_round(FakeContext(), recorder)
    assert (recorder.facts["seed"], cleared) == ("7", [["n0"]])


@pytest.mark.parametrize(
    ("context", "fault", "error", "words"),
    [
        (FakeContext(), find_fault("mysql-kill"), NotApplicable, "a fake sandbox can't kill its components"),
        (FakeContext(missing=["Project"]), FAULT, NotRun, "1.3: 12 of 13"),
        (FakeContext(reason="paused"), FAULT, HarnessError, r"not whole: mysql \(Running paused\)"),
    ],
)
def test_a_round_that_can_t_be_run_disturbs_nothing(
    cleared: list[list[str]], context: FakeContext, fault: Fault, error: type[Exception], words: str
) -> None:
    """Without the capability, the controllers or a whole sandbox there is no round, and the command is there."""
    recorder = Recorder()
    with pytest.raises(error, match=words):
        run_round(context, recorder, fault)
    assert (FakeRound.rounds, context.taken, cleared) == ([], [], [])
    assert recorder.reproduce


def test_a_run_without_testable_kinds_is_not_run(cleared: list[list[str]]) -> None:
    """Where known issues block every kind there is nothing to load."""
    context = FakeContext()
    context.cases = (BLOCKED, BLOCKED)
    with pytest.raises(NotRun, match="no kind is left"):
        run_round(context, Recorder())
