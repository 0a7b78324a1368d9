"""What is found of an object that can't be decoded, and of its kind."""

from __future__ import annotations

from harness.chapters.hostile_input.undecodable import HeadOfLineBlocking, describe_facts, list_findings

from .builders import make_refused, make_submission

LINE = "W1124 reflector.go:561] failed to list *v2.Pipeline: bad Duration: time: invalid duration \"five minutes\""


def test_a_kind_that_stands_still_is_found_with_the_line_that_says_why() -> None:
    """A good object that has no row while the bad one is there is a finding, with the log's own words."""
    bad = make_submission(name="interval", row=None, obj=None)
    found = HeadOfLineBlocking(bad, make_submission(), [LINE], blocked=True)
    found.recovered_s = 1.25
    (finding,) = list_findings(found)
    assert str(finding) == (
        "Pipeline, input interval: expected an object that is created after it to reach MySQL, "
        f"got no row for as long as it is there: {LINE}"
    )
    assert describe_facts(found)["recovered after its removal in"] == "1.2 s"


def test_a_kind_that_does_not_recover_is_a_finding_of_its_own() -> None:
    """A kind that stands still after the removal as well is found, and so is its object."""
    bad, good = make_submission(name="interval", row=None, obj=None), make_submission(row=None, obj=None)
    found = HeadOfLineBlocking(bad, good, [LINE], blocked=True)
    problems = [finding.expected for finding in list_findings(found)]
    assert problems[1:] == ["the kind to recover once it is removed", "a row equal to the object, or a refusal"]


def test_a_silent_blocking_is_found_as_well() -> None:
    """A good object without a row is a finding even if the log says nothing."""
    bad = make_submission(row=None, obj=None)
    found = HeadOfLineBlocking(bad, make_submission(), blocked=True, recovered_s=1.0)
    assert "the log does not say why" in str(list_findings(found)[0])


def test_a_refused_object_is_none() -> None:
    """What the API server refuses holds up nobody."""
    found = HeadOfLineBlocking(make_refused("interval"), make_submission())
    assert list_findings(found) == []
    assert describe_facts(found)["outcome"] == "refused"


def test_an_object_that_is_decoded_after_all_is_compared() -> None:
    """What the ingester takes has to reach MySQL whole."""
    bad = make_submission(name="interval", row=None, obj=None)
    assert list_findings(HeadOfLineBlocking(make_submission(name="interval"), make_submission())) == []
    assert "no error in the log" in str(list_findings(HeadOfLineBlocking(bad, make_submission()))[0])
