"""Judges two systems that were tried side by side: what is worse in the target, what is not, what can't be told.

Results are compared as any two records are (`harness.report.diff`); latencies by pairs that were measured at the
same time (`harness.report.shift`), in place of the records' own, which were not. A busy machine only ever adds to
a latency. So beside all pairs the fastest of each few are compared, which it disturbs far less: what every write
takes more shows there although the machine is busy, and what only some take more shows in all pairs.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.core.record import Record, Status
from harness.report.diff import Area, Difference, compare_records
from harness.report.diff_formats import render_diff, summarise_diff
from harness.report.formatting import count, format_duration
from harness.report.html import render_template
from harness.report.shift import CONFIDENCE, Shift, measure_shift

TOLERANCE_S, TOLERANCE = 0.002, 0.05
"""What a write may take more, in seconds or as a share, before it is worse, however sure that is."""

RESOLUTION_S, RESOLUTION = 0.01, 0.1
"""What must be ruled out before a write is said not to be worse."""


FASTEST_OF = 4
"""Of so many pairs, one after the other, the fastest write on either side makes a pair."""


class Judgement(StrEnum):
    """What is known of a latency, or of the whole."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    UNKNOWN = "could not be told"

    @property
    def exit_code(self) -> int:
        """What a command ends with."""
        return {Judgement.NOT_WORSE: 0, Judgement.WORSE: 1, Judgement.UNKNOWN: 2}[self]


@dataclass(frozen=True)
class Operation:
    """How one operation's latencies compare: of all pairs, and of the `fastest`; None where they are too few."""

    name: str
    pairs: Sequence[tuple[float, float]]
    shift: Shift | None
    fastest: Shift | None

    @property
    def judgement(self) -> Judgement:
        """Worse where either surely is; not worse where that is ruled out of all pairs.

        It is ruled out of the fastest alone where all pairs could as well be faster.
        """
        judged = (_judge(self.shift), _judge(self.fastest))
        if Judgement.WORSE in judged:
            return Judgement.WORSE
        could_be_faster = self.shift is not None and self.shift.low_s < 0
        return judged[0] if judged[0] is Judgement.NOT_WORSE or not could_be_faster else judged[1]

    @property
    def shifts(self) -> list[tuple[str, Shift]]:
        """What could be measured, with what it is of."""
        named = (("all", self.shift), (f"the fastest of {FASTEST_OF}", self.fastest))
        return [(name, shift) for name, shift in named if shift is not None]

    def __str__(self) -> str:
        """Return it in words, with the intervals."""
        if not self.shifts:
            return f"{self.name} to row: {self.judgement}, {count(len(self.pairs), 'pair')} are too few"
        return "\n".join(
            [f"{self.name} to row: {self.judgement} ({CONFIDENCE:.1%} sure)"]
            + [
                f"  {name}: {format_duration(shift.before_s)} → {format_duration(shift.after_s)}; "
                f"the target takes {_say(shift.low_s, shift.high_s)} ({count(shift.samples, 'pair')})"
                for name, shift in self.shifts
            ]
        )


def _judge(shift: Shift | None) -> Judgement:
    """Return whether the target surely takes longer than is tolerated, or surely not longer than is ruled out."""
    if shift is None:
        return Judgement.UNKNOWN
    if shift.low_s > max(TOLERANCE_S, TOLERANCE * shift.before_s):
        return Judgement.WORSE
    limit_s = max(RESOLUTION_S, RESOLUTION * shift.before_s)
    if shift.low_s > 0:   # it surely takes longer, if not by what is worse: more must be ruled out
        limit_s /= 2
    return Judgement.NOT_WORSE if shift.high_s < limit_s else Judgement.UNKNOWN


def _say(low_s: float, high_s: float) -> str:
    """Return a difference's interval in words: 'between 1.2 ms less and 0.3 ms more'."""
    if low_s >= 0:
        return f"between {format_duration(low_s)} and {format_duration(high_s)} more"
    if high_s <= 0:
        return f"between {format_duration(-high_s)} and {format_duration(-low_s)} less"
    return f"between {format_duration(-low_s)} less and {format_duration(high_s)} more"


@dataclass(frozen=True)
class Comparison:
    """Two records, how their results and their operations compare; `in_vain` are rows that did not come."""

    control: Record
    target: Record
    differences: Sequence[Difference]
    operations: Sequence[Operation]
    in_vain: Sequence[str] = ()
    problem: str = ""   # why it did not come to its end

    @property
    def judgement(self) -> Judgement:
        """Worse where anything is; could not be told where that holds of anything, and nothing is worse."""
        if self.problem:
            return Judgement.UNKNOWN
        untold = {Status.ERROR.label.lower(), Status.NOT_RUN.label.lower()}
        worse = [item for item in self.differences if item.worse]
        judged = {operation.judgement for operation in self.operations}
        if Judgement.WORSE in judged or any(item.after not in untold for item in worse):
            return Judgement.WORSE
        return Judgement.UNKNOWN if Judgement.UNKNOWN in judged or worse or self.in_vain else Judgement.NOT_WORSE


    @property
    def summary(self) -> str:
        """What it amounts to, in a line."""
        if self.problem:
            return self.problem
        latencies = ", ".join(f"{operation.name} {operation.judgement}" for operation in self.operations)
        return f"Latency: {latencies}. Results: {summarise_diff(self.differences)}"


def compare(
    control: Record,
    target: Record,
    pairs: Mapping[str, Sequence[tuple[float, float]]],
    in_vain: Sequence[str] = (),
    problem: str = "",
) -> Comparison:
    """Return how the target compares, given pairs of seconds (control, target) by operation."""
    differences = [item for item in compare_records(control, target) if item.area is not Area.LATENCY]
    return Comparison(control, target, differences, judge_operations(pairs), in_vain, problem)


def judge_operations(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> list[Operation]:
    """Return how each operation compares."""
    return [
        Operation(name, found, measure_shift(found), measure_shift(_find_fastest(found)))
        for name, found in pairs.items()
    ]


def _find_fastest(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the fastest of each few on either side; what is left over at the end counts with none."""
    starts = range(0, len(pairs) - FASTEST_OF + 1, FASTEST_OF)
    groups = [pairs[start : start + FASTEST_OF] for start in starts]
    return [(min(control for control, _ in group), min(target for _, target in group)) for group in groups]


def render_comparison(comparison: Comparison) -> str:
    """Return it as text."""
    lines = [f"{comparison.judgement.upper()}: {comparison.target.system_under_test}"]
    lines += [f"  compared with {comparison.control.system_under_test}", ""]
    lines += [*map(str, comparison.operations), *(f"no row came: {item}" for item in comparison.in_vain), ""]
    told = render_diff(comparison.differences, before="control", after="target")
    return "\n".join([*lines, comparison.summary, "", told])


def render_comparison_json(comparison: Comparison) -> str:
    """Return it as JSON: the judgement, each operation with its pairs and intervals (seconds), each difference."""
    data = {
        "judgement": comparison.judgement,
        "problem": comparison.problem,
        "control": comparison.control.system_under_test,
        "target": comparison.target.system_under_test,
        "operations": [
            {**dataclasses.asdict(operation), "judgement": operation.judgement}
            for operation in comparison.operations
        ],
        "in_vain": list(comparison.in_vain),
        "differences": [dataclasses.asdict(item) for item in comparison.differences],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def render_comparison_page(comparison: Comparison, links: Mapping[str, str]) -> str:
    """Return the page; `links` lead to the reports of `control` and `target`."""
    tones = {Judgement.WORSE: "fail", Judgement.UNKNOWN: "warn", Judgement.NOT_WORSE: "pass"}
    return render_template(
        "compare.html.j2",
        comparison=comparison,
        tone=tones[comparison.judgement],
        links=links,
        say=_say,
        confidence=f"{CONFIDENCE:.1%}",
        areas=[(area, own) for area in Area if (own := [i for i in comparison.differences if i.area is area])],
    )
