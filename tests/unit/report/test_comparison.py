"""`harness.report.comparison`: worse, not worse, or could not be told; and never one for another."""

from __future__ import annotations

import json
import random

import pytest

from harness.core.record import Check, Record, Status
from harness.report.comparison import (
    Judgement,
    compare,
    judge_operations,
    render_comparison,
    render_comparison_json,
    render_comparison_page,
)
from harness.report.shift import CONFIDENCE
from tests.unit.report.sample_contents import make_record

Pairs = list[tuple[float, float]]


def _draw(more_s: float, number: int = 39, *, seed: int = 1, busy: float = 0.6) -> Pairs:
    """Return pairs about 5 ms with a long tail, the second of each later by `more_s`; a common load moves both."""
    chance = random.Random(seed)  # noqa: S311  no secret
    loads = [chance.uniform(1, 4) for _ in range(number)]
    return [
        (load * chance.lognormvariate(-5.3, busy), load * chance.lognormvariate(-5.3, busy) + more_s)
        for load in loads
    ]


def _record(status: Status = Status.PASS) -> Record:
    return make_record(Check("4.2", "created", "Model", status=status))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (_draw(0.0, 60, busy=0.3), Judgement.NOT_WORSE),
        (_draw(0.010), Judgement.WORSE),
        (_draw(-0.010), Judgement.NOT_WORSE),
        (_draw(0.001, 60, busy=0.3), Judgement.NOT_WORSE),   # sure or not, it is nothing to speak of
        (_draw(0.010)[:10], Judgement.UNKNOWN),
        ([], Judgement.UNKNOWN),
        ([(0.005, 0.006 + 0.008 * (number % 2)) for number in range(40)], Judgement.UNKNOWN),   # 1 to 9 ms more
        ([(0.005, 0.005 + 0.02 * (number % 2)) for number in range(80)], Judgement.UNKNOWN),   # half of them
        ([(0.005, 0.005 + 0.02 * (number % 4 > 0)) for number in range(80)], Judgement.WORSE),   # most, not all
    ],
)
def test_a_latency_is_judged_with_its_noise(pairs: Pairs, expected: Judgement) -> None:
    """10 ms more are worse, equal ones are not; where the interval leaves both open, that is said."""
    (operation,) = judge_operations({"create": pairs})
    assert operation.judgement is expected


def test_equal_versions_are_not_worse() -> None:
    """Of 500 equal, noisy pairs none is taken for a worse one, and none with 10 ms more for an equal one."""
    equal = {judge_operations({"x": _draw(0.0, seed=seed)})[0].judgement for seed in range(500)}
    slower = {judge_operations({"x": _draw(0.01, seed=seed)})[0].judgement for seed in range(500)}
    assert Judgement.WORSE not in equal
    assert Judgement.NOT_WORSE not in slower


def _draw_busy(more_s: float, seed: int) -> Pairs:
    """Return 240 pairs of 5 ms and a wait for the machine of 20 ms on the average, the second `more_s` later."""
    chance = random.Random(seed)  # noqa: S311  no secret
    return [(0.005 + chance.expovariate(50), 0.005 + chance.expovariate(50) + more_s) for _ in range(240)]


def test_a_busy_machine_hides_little() -> None:
    """Where a latency is mostly waiting for the machine, 10 ms more are seen, and equal ones are not worse."""
    equal = [judge_operations({"x": _draw_busy(0.0, seed)})[0].judgement for seed in range(100)]
    slower = [judge_operations({"x": _draw_busy(0.01, seed)})[0].judgement for seed in range(100)]
    assert set(slower) == {Judgement.WORSE}
    assert Judgement.WORSE not in equal
    assert equal.count(Judgement.NOT_WORSE) >= 98


_EQUAL, _SLOWER = _draw(0.0, 60, busy=0.3), _draw(0.02)


@pytest.mark.parametrize(
    ("status", "pairs", "in_vain", "expected"),
    [
        (Status.PASS, _EQUAL, (), Judgement.NOT_WORSE),
        (Status.PASS, _SLOWER, (), Judgement.WORSE),
        (Status.FAIL, _EQUAL, (), Judgement.WORSE),
        (Status.FAIL, [], (), Judgement.WORSE),
        (Status.ERROR, _EQUAL, (), Judgement.UNKNOWN),
        (Status.NOT_RUN, _EQUAL, (), Judgement.UNKNOWN),
        (Status.PASS, [], (), Judgement.UNKNOWN),
        (Status.PASS, _EQUAL, ("Model, create, target",), Judgement.UNKNOWN),
    ],
)
def test_the_whole_is_as_bad_as_its_parts(
    status: Status, pairs: Pairs, in_vain: tuple[str, ...], expected: Judgement
) -> None:
    """A cell that got red is worse; one that was not judged, or a row that did not come, leaves it open."""
    found = compare(_record(), _record(status), {"create": pairs}, in_vain)
    assert found.judgement is expected
    assert found.judgement.exit_code == {"not worse": 0, "worse": 1, "could not be told": 2}[expected]


def test_every_format_says_it() -> None:
    """Text, JSON and page have the judgement, the interval in words, and what differs."""
    pairs = [(0.005, 0.015 + number / 10_000) for number in range(30)]
    found = compare(_record(), _record(Status.FAIL), {"create": pairs}, ["Model, patch, target"])
    text, page = render_comparison(found), render_comparison_page(found, {"target": "t/report.html"})
    data = json.loads(render_comparison_json(found))
    words = "between 10.5 ms and 12.4 ms more"
    assert f"create to row: worse ({CONFIDENCE:.1%} sure)" in text
    assert f"all: 5.00 ms → 16.4 ms; the target takes {words} (30 pairs)" in text
    assert text.startswith("WORSE")
    for part in (words, "Model, 4.2 Created", "Model, patch, target", "t/report.html"):
        assert part in page
    assert (data["judgement"], data["operations"][0]["shift"]["low_s"]) == ("worse", pytest.approx(0.0105))


def test_what_did_not_come_to_its_end_is_not_told() -> None:
    """Whatever is red by then, the other side may have been no better; the reason is said."""
    found = compare(_record(), _record(Status.FAIL), {"create": _SLOWER}, problem="MySQL did not start")
    assert found.judgement is Judgement.UNKNOWN
    assert "MySQL did not start" in render_comparison(found)
