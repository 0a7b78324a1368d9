"""Judges a round again, from the file that was kept of it."""

from __future__ import annotations

from harness.chapters.faults.judgement import AS_IT_WAS, Limits, judge
from harness.chapters.faults.round_file import decode
from harness.chapters.faults.run import LOOK_AT, describe_problem, write_result
from harness.suite.expectations import Expectations
from harness.suite.recorder import Recorder


def judge_again(text: str, section: str, expectations: Expectations, limits: Limits = AS_IT_WAS) -> Recorder:
    """Return what the round in `text` brought, by these limits; HarnessError where it can't be judged."""
    record = decode(text)
    recorder = Recorder(problem=describe_problem(record.title), look_at=LOOK_AT)
    result = judge(record, lambda finding: expectations.explains_in(section, finding), limits)
    write_result(result, recorder)
    return recorder
