"""A section's verdict for one kind: what passes, what a known issue explains, what proves nothing."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.hostile_input.checks import check_inputs, count, describe
from harness.chapters.hostile_input.inputs import Inputs
from harness.chapters.hostile_input.issues import ISSUES
from harness.chapters.hostile_input.judgement import judge
from harness.chapters.hostile_input.submission import Batch, Submission
from harness.core.errors import CheckFailure
from harness.core.known_issue import KnownIssue
from harness.core.outcomes import Invalid, Known, NotApplicable
from harness.core.record import Check
from harness.suite.expectations import Expectations
from harness.suite.judge import conclude
from harness.suite.recorder import Recorder

from .builders import CASE, make_refused, make_submission

TOO_LONG = "failed to upsert object: Error 1406 (22001): Data too long for column 'owner' at row 1"
(ISSUE,) = [issue for issue in ISSUES if issue.id == "text-longer-than-its-column"]


def check_batch(
    *submissions: Submission, section: str = "7.6", issues: tuple[KnownIssue, ...] = (), unlogged: str = ""
) -> Check:
    """Return the check of a section with these submissions; raises as the check does."""
    inputs: Any = SimpleNamespace(
        context=SimpleNamespace(explain_missing_log=lambda: unlogged),
        require=lambda _: None,
        submit=lambda *_: Batch(CASE, list(submissions)),
    )
    check, recorder = Check(section, "hostile input", CASE.name), Recorder()
    check_inputs(cast(Inputs, inputs), CASE, recorder, section=section)
    recorder.write_to(check)
    conclude(check, recorder, Expectations(issues))
    return check


def make_unsynced(name: str = "over-owner") -> Submission:
    """Return an input that MySQL does not take."""
    return make_submission(name=name, row=None, obj=None, errors=[TOO_LONG] * 4)


def test_refused_and_intact_inputs_pass() -> None:
    """A section whose inputs are refused or whole passes, and counts them."""
    check = check_batch(make_submission({("spec", "description"): "x"}), make_refused("other"))
    assert check.facts == {"inputs": "2", "refused": "1", "intact": "1"}


def test_known_limit_is_known() -> None:
    """An input that was never synced is KNOWN where an issue of the profile names it."""
    with pytest.raises(Known, match=ISSUE.title):
        check_batch(make_submission(), make_unsynced(), issues=(ISSUE,))


def test_known_limit_explains_no_other_input() -> None:
    """The same error for an input that the issue does not name is a failure."""
    with pytest.raises(CheckFailure, match="input backslash-alone"):
        check_batch(make_submission(), make_unsynced(), make_unsynced("backslash-alone"), issues=(ISSUE,))


def test_known_limit_that_is_gone_is_stale() -> None:
    """Where every input is whole, a known issue of the section has gone stale."""
    with pytest.raises(CheckFailure, match="stale"):
        check_batch(make_submission(), issues=(ISSUE,))


def test_never_synced_fails_without_a_known_issue() -> None:
    """An input that was never synced fails, with the database's error, where nothing explains it."""
    with pytest.raises(CheckFailure, match=r"Data too long for column 'owner'"):
        check_batch(make_submission(), make_unsynced())


def test_nothing_accepted_proves_nothing() -> None:
    """A section all of whose inputs were refused is INVALID, not a pass."""
    with pytest.raises(Invalid, match="nothing was proven"):
        check_batch(make_refused(), make_refused("other"))


def test_kind_without_such_inputs_is_not_applicable() -> None:
    """A kind for which a section has no input is not applicable, with the reason."""
    with pytest.raises(NotApplicable, match="neither a free field nor a map"):
        check_batch(section="7.15")


def test_absence_can_t_be_judged_without_the_log() -> None:
    """Where the log can't be read, a row that is not there is not applicable; one that is damaged still fails."""
    lost = make_submission(name="over-owner", row=None, obj=None)
    with pytest.raises(NotApplicable, match="the log is gone"):
        check_batch(make_submission(), lost, unlogged="the log is gone")
    with pytest.raises(CheckFailure):
        check_batch(make_submission(obj=None), lost, unlogged="the log is gone")


def test_texts_that_go_together_are_counted_apart() -> None:
    """An object that carries two texts counts as two inputs."""
    given = make_submission().input
    two = make_submission()
    two.input = type(given)("a.b", {}, parts=2)
    assert count([judge(two), judge(make_submission())]) == {"inputs": "3", "refused": "0", "intact": "3"}


def test_evidence_tells_every_input_in_a_line_and_failures_in_full() -> None:
    """Every input has its line; one that is not whole has what was sent, its row and what differs."""
    evidence = describe([judge(make_submission(name="good")), judge(make_unsynced())])
    assert [line.partition(":")[0] for line in evidence[0].body.splitlines()] == ["good", "over-owner"]
    assert [item.kind for item in evidence[1:]] == ["request", "row", "comparison"]
    assert all(item.title.startswith("over-owner") for item in evidence[1:])


def test_evidence_stays_small() -> None:
    """An object of a megabyte is shown without its middle."""
    large = make_submission({("spec", "description"): "x" * 2**20}, row=None, obj=None)
    assert sum(len(item.body) + len(json.dumps(item.data)) for item in describe([judge(large)])) < 10_000


def test_evidence_can_be_printed_and_keeps_its_shape() -> None:
    """What was sent and the row stay objects, in which nothing can steer a terminal and nothing is endless."""
    broken = make_submission({("spec", "x"): "\x1b[31m", ("spec", "list"): ["y"] * 500}, obj=None)
    request, row, _ = describe([judge(broken)])[1:]
    assert request.data["spec"]["x"] == "\\x1b[31m"
    assert request.data["spec"]["list"][-1] == "… 372 more"
    assert row.data["columns"]["name"] == "in-quote"
