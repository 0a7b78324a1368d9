"""How rounds are handed out, tried again, and counted."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.campaign.campaign import Campaign, Subject
from harness.campaign.journal import Journal
from harness.campaign.plan import Round
from harness.campaign.record import Attempt
from harness.campaign.worker import Task
from harness.core.progress import SILENT
from harness.core.record import Status
from tests.unit.campaign.sample import VERSIONS, judge, make_plan

Answer = Callable[[Attempt], Attempt]


def passes(attempt: Attempt) -> Attempt:
    """Pass."""
    return judge(attempt.round, number=attempt.number)


class FakeCrew:
    """A crew that answers as told, the last task first, and knows how many it had at once."""

    def __init__(self, answer: Answer, kept: bytes = b"") -> None:
        self.handed_out: list[tuple[Round, int]] = []
        self.most = Counter[tuple[str, str]]()
        self.most_at_all = 0
        self._answer, self._kept = answer, kept
        self._flying: list[Attempt] = []

    def submit(self, task: Task, entries: list[str]) -> None:  # noqa: ARG002  as the protocol has it
        """Take the task."""
        attempt = task.attempt
        self.handed_out.append((attempt.round, attempt.number))
        self._flying.append(attempt)
        self.most_at_all = max(self.most_at_all, len(self._flying))
        at_once = Counter((each.round.version, each.round.database) for each in self._flying)
        self.most |= at_once

    def collect(self, timeout_s: float) -> list[tuple[Attempt, bytes]]:  # noqa: ARG002  likewise
        """Answer one."""
        return [(self._answer(self._flying.pop()), self._kept)]


def make_campaign(
    folder: Path, plan: list[Round], *, resume: bool = False, limit: int | None = 2, alone: bool = False
) -> tuple[Campaign, Journal]:
    """Return a campaign of the plan, and its journal."""
    journal = Journal(folder, VERSIONS, resume=resume)
    subject = Subject(lambda attempt: Task(attempt, b"", None, 1.0), alone=alone)
    subjects = {(one.version, one.database): subject for one in plan}
    return Campaign(plan, subjects, journal, folder, SILENT, tries=3, limit=limit), journal


def test_every_round_has_one_verdict(tmp_path: Path) -> None:
    """Each is handed out once, and no more than so many at a time."""
    plan = make_plan(10)
    campaign, journal = make_campaign(tmp_path, plan)
    crew = FakeCrew(passes)
    campaign.run(crew)
    assert Counter(one for one, _ in crew.handed_out) == Counter(plan)
    assert (journal.judged, crew.most_at_all, campaign.has_work) == (set(plan), 2, False)


def test_a_crew_of_any_size_gets_all(tmp_path: Path) -> None:
    """Without a limit nothing waits here: a cluster sees how much there is to do."""
    campaign, _ = make_campaign(tmp_path, make_plan(10), limit=None)
    crew = FakeCrew(passes)
    campaign.run(crew)
    assert crew.most_at_all == 20


def test_a_lost_round_is_run_again(tmp_path: Path) -> None:
    """That its worker went away is no verdict; the round has one in the end, and both stand in the journal."""
    plan = make_plan(2)
    campaign, journal = make_campaign(tmp_path, plan)

    def answer(attempt: Attempt) -> Attempt:
        lost = attempt.round is plan[0] and attempt.number == 1
        return dataclasses.replace(attempt, lost=True, detail="lost: died") if lost else passes(attempt)

    campaign.run(FakeCrew(answer))
    assert journal.judged == set(plan)
    assert [attempt.lost for attempt in journal.attempts if attempt.round == plan[0]] == [True, False]


def test_a_round_without_a_verdict_is_given_up_in_the_end(tmp_path: Path) -> None:
    """After as many attempts as it has; a failure is none of them, since it is a verdict."""
    plan = make_plan(2)

    def answer(attempt: Attempt) -> Attempt:
        status = {plan[0]: Status.INVALID, plan[1]: Status.FAIL}.get(attempt.round, Status.PASS)
        return judge(attempt.round, status, number=attempt.number)

    campaign, journal = make_campaign(tmp_path, plan)
    crew = FakeCrew(answer)
    campaign.run(crew)
    tries = Counter(one for one, _ in crew.handed_out)
    assert (tries[plan[0]], tries[plan[1]]) == (3, 1)
    assert journal.judged == set(plan[1:])


def test_a_version_that_never_comes_up_does_not_cost_all_its_rounds(tmp_path: Path) -> None:
    """Nothing was ever judged of it, so that the rest of its rounds is not run; those of another one are."""
    plan = make_plan(20, ("good", "lossy"))

    def answer(attempt: Attempt) -> Attempt:
        return judge(attempt.round, Status.PASS if attempt.round.version == "good" else Status.ERROR)

    campaign, journal = make_campaign(tmp_path, plan)
    crew = FakeCrew(answer)
    campaign.run(crew)
    assert journal.judged == {one for one in plan if one.version == "good"}
    assert sum(one.version == "lossy" for one, _ in crew.handed_out) < 10
    assert set(campaign.reasons.values()) == {"given up: none of the first 6 attempts had a verdict"}


def test_lost_workers_are_not_the_versions_fault(tmp_path: Path) -> None:
    """However many are lost at first, its rounds are tried."""
    plan = make_plan(5)

    def answer(attempt: Attempt) -> Attempt:
        return passes(attempt) if attempt.number == 3 else dataclasses.replace(attempt, lost=True)

    campaign, journal = make_campaign(tmp_path, plan)
    campaign.run(FakeCrew(answer))
    assert journal.judged == set(plan)


def test_rounds_that_share_a_database_go_one_after_the_other(tmp_path: Path) -> None:
    """Each would disturb the other; all are run."""
    plan = make_plan(5, ("good", "lossy"))
    campaign, journal = make_campaign(tmp_path, plan, limit=8, alone=True)
    crew = FakeCrew(passes)
    campaign.run(crew)
    assert set(crew.most.values()) == {1}
    assert journal.judged == set(plan)


def test_what_was_judged_is_not_run_again(tmp_path: Path) -> None:
    """It goes on with what is left, as if it had not been interrupted."""
    plan = make_plan(5)

    def answer(attempt: Attempt) -> Attempt:
        if attempt.round is plan[4]:
            raise KeyboardInterrupt
        return passes(attempt)

    campaign, journal = make_campaign(tmp_path, plan)
    with pytest.raises(KeyboardInterrupt):
        campaign.run(FakeCrew(answer))
    before = journal.judged
    again, journal = make_campaign(tmp_path, plan, resume=True)
    crew = FakeCrew(passes)
    again.run(crew)
    assert 0 < len(before) < len(plan)
    assert {one for one, _ in crew.handed_out} == set(plan) - before
    assert len(journal.attempts) == len(plan)


def test_what_is_kept_of_a_round_is_found_beside_the_record(tmp_path: Path) -> None:
    """In a folder of its own, which its attempt names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        (tmp_path / "report.html").write_text("all of it")
        archive.add(tmp_path / "report.html", arcname="./report.html")
    plan = make_plan(1)[:1]
    campaign, journal = make_campaign(tmp_path, plan)
    campaign.run(FakeCrew(lambda attempt: judge(attempt.round, Status.FAIL), buffer.getvalue()))
    assert journal.attempts[0].folder == "rounds/good-own-mysql-kill-1"
    assert (tmp_path / journal.attempts[0].folder / "report.html").read_text() == "all of it"
