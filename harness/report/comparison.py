"""Judges two systems that were tried side by side: what is worse in the target, what is not, what can't be told.

Results are compared as any two records are (`harness.report.diff`); latencies by pairs that were measured at the
same time (`harness.report.shift`), in place of the records' own, which were not.
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
    """How one operation's latencies compare; `shift` is None where there were too few pairs."""

    name: str
    pairs: int
    shift: Shift | None

    @property
    def judgement(self) -> Judgement:
        """Whether the target surely takes longer than is tolerated, or surely not longer than is ruled out."""
        if self.shift is None:
            return Judgement.UNKNOWN
        if self.shift.low_s > max(TOLERANCE_S, TOLERANCE * self.shift.before_s):
            return Judgement.WORSE
        limit_s = max(RESOLUTION_S, RESOLUTION * self.shift.before_s)
        return Judgement.NOT_WORSE if self.shift.high_s < limit_s else Judgement.UNKNOWN

    def __str__(self) -> str:
        """Return it in words, with the interval."""
        if self.shift is None:
            return f"{self.name} to row: {self.judgement}, {count(self.pairs, 'pair')} are too few"
        shift = self.shift
        medians = f"{format_duration(shift.before_s)} → {format_duration(shift.after_s)}"
        interval = f"the target takes {_say(shift.low_s, shift.high_s)}"
        sure = f"{CONFIDENCE:.1%} sure, {count(shift.samples, 'pair')}"
        return f"{self.name} to row: {self.judgement}: {medians}; {interval} ({sure})"


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
    return [Operation(name, len(found), measure_shift(found)) for name, found in pairs.items()]


def render_comparison(comparison: Comparison) -> str:
    """Return it as text."""
    lines = [f"{comparison.judgement.upper()}: {comparison.target.system_under_test}"]
    lines += [f"  compared with {comparison.control.system_under_test}", ""]
    lines += [*map(str, comparison.operations), *(f"no row came: {item}" for item in comparison.in_vain), ""]
    told = render_diff(comparison.differences, before="control", after="target")
    return "\n".join([*lines, comparison.summary, "", told])


def render_comparison_json(comparison: Comparison) -> str:
    """Return it as JSON: the judgement, each operation with its interval (seconds), each difference."""
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
