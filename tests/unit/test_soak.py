"""`harness.soak`: what is asked for, and how a round's end is written down."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import Any

import pytest

from harness.errors import CheckFailure, HarnessError, SettingsError
from harness.faults.catalogue import find_fault
from harness.faults.programme import RoundPlan
from harness.results import Check, Status
from harness.scenario.signals import Invalid, NotApplicable, NotRun
from harness.soak import add_soak_command, conduct_round, read_rounds

PLAN = RoundPlan(1, (find_fault("mysql-kill"),), 7, 1.5)


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    add_soak_command(parser.add_subparsers())
    return parser.parse_args(["soak", *words])


def read(*words: str) -> list[RoundPlan]:
    """Return the first rounds of a command line."""
    return list(islice(read_rounds(parse(*words)), 5))


def test_a_named_fault_is_one_round() -> None:
    """With --fault alone there is one round of it, as long as its outage is in a short run, or as told."""
    assert read("--fault", "mysql-kill", "--seed", "7") == [PLAN]
    (told,) = read("--fault", "mysql-kill", "--outage", "4")
    assert told.outage_s == 4.0


def test_several_named_faults_strike_at_once() -> None:
    """Two faults without --minutes are one round, in the order in which they have to strike."""
    (plan,) = read("--fault", "controllermgr-kill", "--fault", "mysql-refused")
    assert plan.name == "mysql-refused + controllermgr-kill"


def test_faults_that_exclude_each_other_are_refused() -> None:
    """Two faults of one part can't strike at once."""
    with pytest.raises(SettingsError, match="mysql-kill and mysql-stop can't strike at once"):
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


class FakeSession:
    """A session whose rounds end as told."""

    def __init__(self, outcome: BaseException | None) -> None:
        self._outcome = outcome

    @property
    def faults(self) -> FakeSession:
        """Itself."""
        return self

    def conduct(self, *_: Any, **__: Any) -> None:
        """End as told."""
        if self._outcome is not None:
            raise self._outcome


@pytest.mark.parametrize(
    ("outcome", "status", "detail"),
    [
        (None, Status.PASS, ""),
        (CheckFailure("lost\n  much"), Status.FAIL, "lost"),
        (Invalid("no load"), Status.INVALID, "no load"),
        (NotApplicable("no power"), Status.NOT_APPLICABLE, "no power"),
        (NotRun("no controller"), Status.NOT_RUN, "no controller"),
        (HarnessError("etcd is gone"), Status.ERROR, "etcd is gone"),
    ],
)
def test_a_rounds_end_is_written_down(outcome: BaseException | None, status: Status, detail: str) -> None:
    """Each way in which a round can end has its status and its reason."""
    check = Check("8.1", "mysql is killed")
    conduct_round(FakeSession(outcome), PLAN, check)  # type: ignore[arg-type]
    assert (check.status, check.detail) == (status, detail)


def test_an_interrupted_round_is_not_run() -> None:
    """Ctrl-C in a round leaves its check without a result and ends the soak."""
    check = Check("8.1", "mysql is killed")
    with pytest.raises(KeyboardInterrupt):
        conduct_round(FakeSession(KeyboardInterrupt()), PLAN, check)  # type: ignore[arg-type]
    assert (check.status, check.detail) == (Status.NOT_RUN, "interrupted")
