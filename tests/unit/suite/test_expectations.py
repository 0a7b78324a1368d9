"""Which known issues a run expects, and where."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.core.errors import SettingsError
from harness.core.known_issue import Action, KnownIssue
from harness.core.record import Finding
from harness.spec.profiles import Profile
from harness.suite.expectations import Expectations, explain_all, resolve


def make_issue(issue_id: str, **fields: Any) -> KnownIssue:
    """Return an issue of section 5.7, of any kind."""
    needed = {"title": "T", "sections": ("5.7",), "impact": "i", "workaround": "w"}
    return KnownIssue(issue_id, **{**needed, **fields})


A, B, C = (make_issue(name) for name in ("alpha", "beta", "gamma"))
DELETE = make_issue("delete", kinds=("SparkJob",), action=Action.DELETE, rules_out=("2.1", "2.3"))
RECREATE = make_issue("recreate", kinds=("TriggerRun",), action=Action.RECREATE)
CHAPTERS = [SimpleNamespace(issues=(A, B)), SimpleNamespace(issues=(C,))]


def test_a_profile_names_issues_and_chapters_know_them() -> None:
    """They stand in the chapters' order, whatever the profile's; its own come last."""
    own = make_issue("own")
    profile = Profile("p", "t", issue_ids=("gamma", "alpha"), own_issues=(own,))
    assert resolve(profile, CHAPTERS).issues == (A, C, own)


def test_an_id_that_no_chapter_knows_is_refused() -> None:
    """The error names the profile and the id, and lists the valid ones."""
    with pytest.raises(SettingsError, match=r"(?s)profile p: known_issues: .*'alhpa'.*alpha.*alpha, beta, gamma"):
        resolve(Profile("p", "t", issue_ids=("alhpa",)), CHAPTERS)


def test_issues_are_found_by_section_and_kind() -> None:
    """One without kinds is about all, a check of no kind included; one with kinds about these."""
    other, of_model = make_issue("other", sections=("5.6",)), make_issue("of-model", kinds=("Model",))
    expectations = Expectations((A, other, of_model))
    assert [issue.id for issue in expectations.list_for("5.7", "Model")] == ["alpha", "of-model"]
    assert [issue.id for issue in expectations.list_for("5.7", "Project")] == ["alpha"]
    assert [issue.id for issue in expectations.list_for("5.7", None)] == ["alpha"]


def test_what_keeps_a_kind_from_a_normal_life() -> None:
    """Any issue of the kind that makes the run act; one that is only known does not."""
    expectations = Expectations((A, make_issue("known", kinds=("Model",)), DELETE, RECREATE))
    assert expectations.find_blocking("SparkJob") is DELETE
    assert expectations.find_blocking("TriggerRun") is RECREATE
    assert expectations.find_blocking("Model") is None


def test_what_an_issue_makes_the_run_do() -> None:
    """The issue of that kind and that action, and no other."""
    expectations = Expectations((DELETE, RECREATE))
    assert expectations.find_action("SparkJob", Action.DELETE) is DELETE
    assert expectations.find_action("SparkJob", Action.RECREATE) is None
    assert expectations.find_action("TriggerRun", Action.DELETE) is None


def test_what_an_issue_rules_out() -> None:
    """Sections that it names, for its own kinds."""
    expectations = Expectations((A, DELETE))
    assert expectations.find_ruling_out("2.3", "SparkJob") is DELETE
    assert expectations.find_ruling_out("2.2", "SparkJob") is None
    assert expectations.find_ruling_out("2.3", "Model") is None


def test_an_issue_of_all_kinds_rules_out_sections_of_all() -> None:
    """As everywhere, no kinds means all."""
    issue = make_issue("any", rules_out=("2.3",))
    assert Expectations((issue,)).find_ruling_out("2.3", "Model") is issue
    assert Expectations((issue,)).find_ruling_out("2.3", None) is issue


def test_each_finding_is_explained_by_itself() -> None:
    """By the first issue that does, and the others are left."""
    live, late, odd = (Finding(code, "the row", "a", "b") for code in ("row.live", "row.late", "odd"))
    issues = [make_issue("live", code="row.live"), make_issue("rows", code="row.*")]
    shown, unexplained = explain_all([live, late, odd], issues)
    assert list(shown) == ["live", "rows"]
    assert unexplained == [odd]
    assert [Expectations(tuple(issues)).explain(finding) for finding in (live, late, odd)] == [True, True, False]
