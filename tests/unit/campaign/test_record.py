"""How attempts are put together."""

from __future__ import annotations

import json

import pytest

from harness.campaign.record import (
    FAILED,
    OK,
    UNTOLD,
    Attempt,
    CampaignRecord,
    choose_exit_code,
    list_rates,
    merge,
)
from harness.core.record import Status
from tests.unit.campaign.sample import judge, make_plan, make_record

PLAN = make_plan()


def test_a_round_counts_once() -> None:
    """The first verdict is the round's, whatever comes after it."""
    one = PLAN[0]
    (result,) = merge([one], [judge(one), judge(one, Status.FAIL)])
    assert (result.status, result.failed, result.others) == (Status.PASS, False, [])


@pytest.mark.parametrize("status", [Status.INVALID, Status.ERROR, Status.NOT_RUN])
def test_what_proves_nothing_is_no_verdict(status: Status) -> None:
    """It is kept beside the one that comes after it, and counted in no rate."""
    one = PLAN[0]
    vain = judge(one, status)
    (alone,) = merge([one], [vain])
    assert (alone.verdict, alone.counts, alone.status) == (None, False, status)
    (result,) = merge([one], [vain, judge(one, number=2)])
    assert (result.status, result.others) == (Status.PASS, [vain])


def test_what_was_judged_before_stays() -> None:
    """Rounds of an earlier plan are part of the record as well."""
    earlier, later = make_plan(1), make_plan(2)[2:]
    results = merge(later, [judge(one) for one in earlier], dict.fromkeys(later, "interrupted"))
    assert [(each.status, each.reason) for each in results] == [
        *[(Status.NOT_RUN, "interrupted")] * 2, *[(Status.PASS, "")] * 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "interrupted", "exit_code"),
    [
        ([Status.PASS, Status.KNOWN], False, OK),
        ([Status.PASS, Status.NOT_APPLICABLE], False, OK),
        ([Status.NOT_APPLICABLE], False, UNTOLD),
        ([Status.PASS, Status.INVALID], False, UNTOLD),
        ([Status.PASS], True, UNTOLD),
        ([Status.PASS, Status.FAIL, Status.ERROR], True, FAILED),
        ([], False, UNTOLD),
    ],
)
def test_how_it_ends(statuses: list[Status], interrupted: bool, exit_code: int) -> None:
    """A failure is one, whatever else could not be told; a campaign that judged nothing is no success."""
    rounds = make_plan()[: len(statuses)]
    attempts = [judge(one, status) for one, status in zip(rounds, statuses, strict=True)]
    record = CampaignRecord(rounds=merge(rounds, attempts), interrupted=interrupted)
    assert choose_exit_code(record) == exit_code


def test_rates_are_of_what_was_judged() -> None:
    """Of all; by version, database and fault where there are several; without what does not apply."""
    pytest.importorskip("scipy", reason="the extra campaign has it")
    plan = make_plan(2, ("good", "lossy"))
    attempts = [judge(one, Status.FAIL if one.version == "lossy" else Status.PASS) for one in plan[:-1]]
    rates = list_rates(merge(plan, [*attempts, judge(plan[-1], Status.NOT_APPLICABLE)]))
    assert {(each.group, each.name): (each.rate.failures, each.rate.rounds) for each in rates} == {
        ("", ""): (3, 7),
        ("version", "good"): (0, 4),
        ("version", "lossy"): (3, 3),
        ("fault", "mysql-kill"): (2, 4),
        ("fault", "etcd-stop"): (1, 3),
    }


def test_a_record_is_json() -> None:
    """Whoever reads it finds each round with its command, its verdict and its attempts."""
    data = json.loads(make_record().to_json())
    assert data["rounds"][9]["others"][0]["lost"] is True
    assert data["rounds"][1]["verdict"]["status"] == "fail"
    assert data["rounds"][1]["round"]["command"].startswith("soak lossy")
    assert data["exit_code"] == FAILED


def test_an_attempt_is_none_by_itself() -> None:
    """What says nothing says NOT RUN."""
    assert not Attempt(PLAN[0]).is_verdict
