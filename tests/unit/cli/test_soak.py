"""`harness.cli.soak`: what is asked for, and how a round's end is written down."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from harness.chapters.faults.catalogue import FAULTS, Fault, find_fault
from harness.chapters.faults.schedule import RoundPlan
from harness.chapters.faults.soak import run_round, run_rounds
from harness.cli.soak import declare, read_rounds
from harness.core.errors import CheckFailure, HarnessError, SettingsError
from harness.core.outcomes import Invalid, NotApplicable, NotRun
from harness.core.progress import SILENT
from harness.core.record import Check, Record, Status
from harness.report.record import read_record
from harness.spec.model import Case
from harness.suite.chapter import Chapter, Section, Topic
from harness.suite.recorder import Recorder
from harness.suite.session import Session

PLAN = RoundPlan(1, (find_fault("mysql-kill"),), 7, 1.5)


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(words)


def read(*words: str) -> list[RoundPlan]:
    """Return the first rounds of a command line."""
    return list(islice(read_rounds(parse(*words)), 5))


def test_a_named_fault_is_one_round() -> None:
    """With --fault alone there is one round of it, as long as its outage is in a short run, or as told."""
    assert read("--fault", "mysql-kill", "--seed", "7") == [PLAN]
    (told,) = read("--fault", "mysql-kill", "--outage", "4")
    assert told.outage_s == 4.0


def test_several_named_faults_hold_at_once() -> None:
    """Two faults without --minutes are one round, in the order in which they have to be injected."""
    (plan,) = read("--fault", "controllermgr-kill", "--fault", "mysql-refused")
    assert plan.name == "mysql-refused + controllermgr-kill"


def test_faults_that_exclude_each_other_are_refused() -> None:
    """Two faults of one part can't hold at once."""
    with pytest.raises(SettingsError, match="mysql-kill and mysql-stop can't hold at once"):
        read("--fault", "mysql-kill", "--fault", "mysql-stop")


def test_rounds_go_on_for_minutes() -> None:
    """Without a fault there is no end of rounds; with one and --minutes they are all of it."""
    assert len(read()) == 5
    assert {plan.name for plan in read("--minutes", "1", "--fault", "etcd-kill")} == {"etcd-kill"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--minutes", "0"], "--minutes: 0 is no time"),
        (["--outage", "-1", "--fault", "mysql-kill"], "--outage: -1 is no time"),
        (["--outage", "2"], "--outage goes with one round"),
        (["--fault", "mysql-kil"], "did you mean mysql-kill"),
    ],
)
def test_wrong_options_are_refused(words: list[str], problem: str) -> None:
    """A wrong value is named."""
    with pytest.raises(SettingsError, match=problem):
        read(*words)


@pytest.mark.parametrize("profile", ["report-2026-03", "upstream-main"])
def test_a_profile_with_issues_of_other_chapters_is_no_mistake(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A soak knows the issues of all chapters, and leaves a report also where its sandbox does not come up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Session, "start", lambda *_, **__: (_ for _ in ()).throw(HarnessError("no sandbox")))
    assert main(["soak", "--fault", "mysql-kill", "--profile", profile]) == 2
    record = read_record(tmp_path / "reports" / "latest")
    assert record.headline == "no sandbox"


class FakeSession:
    """A session whose rounds end as told, and whose sandbox can't have the faults of `absent`."""

    note = Session.note

    def __init__(self, outcome: BaseException | None, absent: Collection[str] = ()) -> None:
        self._outcome = outcome
        self._absent = absent
        self.record = Record()
        self.cases: list[Case] = []

    def start(self, **_: bool) -> None:
        """Do nothing."""

    def explain_absence(self, fault: Fault) -> str:
        """Return the reason for those that are absent."""
        return f"no {fault.name} here" if fault.name in self._absent else ""

    def select(self, checks: list[Check]) -> None:
        """Take them for the record's."""
        self.record.checks = list(checks)

    def get_state(self, _: Chapter) -> FakeSession:
        """Return itself."""
        return self

    def carry_out(self, _: Chapter, section: Section, topic: Topic, __: Check) -> None:
        """Have the section's check run its round."""
        section.check(self, topic.value, Recorder())

    def run_round(self, *_: Any, **__: Any) -> None:
        """End as told."""
        if self._outcome is not None:
            raise self._outcome


@pytest.mark.parametrize(
    ("outcome", "status", "detail"),
    [
        (None, Status.PASS, ""),
        (CheckFailure("lost\n  much"), Status.FAIL, "lost"),
        (Invalid("no load"), Status.INVALID, "no load"),
        (NotApplicable("no capability"), Status.NOT_APPLICABLE, "no capability"),
        (NotRun("no controller"), Status.NOT_RUN, "no controller"),
        (HarnessError("etcd is gone"), Status.ERROR, "etcd is gone"),
    ],
)
def test_a_rounds_end_is_written_down(outcome: BaseException | None, status: Status, detail: str) -> None:
    """Each way in which a round can end has its status and its reason."""
    check = Check("8.1", "mysql is killed")
    run_round(FakeSession(outcome), PLAN, check)  # type: ignore[arg-type]
    assert (check.status, check.detail) == (status, detail)


def soak_for(session: FakeSession, *words: str) -> int:
    """Soak the session's sandbox as the command line says; return the exit code."""
    options = parse(*words)
    rounds = islice(read_rounds(options), 50)
    asked = [find_fault(name) for name in options.fault] or FAULTS
    return run_rounds(session, rounds, asked, SILENT, minutes=options.minutes)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", [NotRun("0 of 13 registered"), HarnessError("etcd is gone")])
def test_a_round_that_can_t_be_run_ends_the_soak(outcome: Exception) -> None:
    """The next one would fare no better; the headline says why."""
    session = FakeSession(outcome)
    assert soak_for(session, "--minutes", "60") == 1
    assert (len(session.record.checks), session.record.headline) == (1, str(outcome))


def test_rounds_go_on_after_one_that_failed() -> None:
    """A failure is a result: the others are run as well."""
    session = FakeSession(CheckFailure("lost"))
    assert soak_for(session, "--minutes", "60") == 1
    assert [check.status for check in session.record.checks] == [Status.FAIL] * 50


def test_what_the_sandbox_does_not_know_is_left_out() -> None:
    """A fault that can't be injected here is listed once, and none of its rounds is run."""
    session = FakeSession(None, ["mysql-kill"])
    assert soak_for(session, "--minutes", "60", "--fault", "mysql-kill", "--fault", "etcd-kill") == 0
    absent = [check for check in session.record.checks if check.status is Status.NOT_APPLICABLE]
    assert [check.detail for check in absent] == ["no mysql-kill here"]
    titles = {check.title.partition(" (")[0] for check in session.record.checks if check.status is Status.PASS}
    assert titles == {find_fault("etcd-kill").title}


def test_a_soak_without_a_possible_round_is_none() -> None:
    """Where no fault can be injected nothing was tested, which is no success."""
    session = FakeSession(None, [fault.name for fault in FAULTS])
    assert soak_for(session, "--minutes", "60") == 2
    assert session.record.headline == f"No round is possible here: no {FAULTS[0].name} here"


def test_an_interrupted_round_is_not_run() -> None:
    """Ctrl-C in a round leaves its check without a result and ends the soak."""
    check = Check("8.1", "mysql is killed")
    with pytest.raises(KeyboardInterrupt):
        run_round(FakeSession(KeyboardInterrupt()), PLAN, check)  # type: ignore[arg-type]
    assert (check.status, check.detail) == (Status.NOT_RUN, "interrupted")
