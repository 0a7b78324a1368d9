"""What a version is expected to do is read from files that repeat nothing; wrong ones are explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.core.known_issue import Action, KnownIssue
from harness.spec.profiles import Profile, list_profiles, load_profile
from harness.spec.versions import make_contract

BEYOND_THE_SEED_REPORT = {
    "orphan-without-finalizer",
    "namesake-takes-the-record-along",
    "ghost-row",
    "older-version-replaces-a-newer",
    "interrupted-deletion-sticks",
    "list-of-finalizers-written-back",
    "last-word-of-a-retired-object-lost",
    "successor-deleted-in-its-place",
    "successor-deleted-by-its-mark",
    "unsynced-deletion-sticks",
    "unanswered-deletion-sticks",
    "faulted-creation-sticks",
    "faulted-deletion-sticks",
    "retry-interval-ignored",
    "text-longer-than-its-column",
    "spaces-beyond-the-column-are-cut",
    "annotation-longer-than-64k",
    "many-pairs-outlast-a-reconcile",
    "key-longer-than-255",
    "no-room-for-the-pinned-key",
    "json-nested-too-deep",
    "free-integers-lose-digits",
    "times-lose-their-zone",
    "undecodable-object-stops-its-kind",
}

OWN = """
extends = "report-2026-03"
fixed = ["ghost-row"]
[[known_issue]]
id = "slow-tiers"
title = "Tiers come late"
sections = ["5.1", "5.3"]
kinds = ["Project"]
code = "row.*"
wording = ["column tier: expected \\\\d+"]
impact = "Queries by tier are behind."
workaround = "None."
action = "delete"
"""


def write(folder: Path, name: str, text: str) -> Path:
    """Write a profile's file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_profiles_expect_what_their_versions_do() -> None:
    """The report's profile has its four issues, today's main branch the two that are left and seven of its own."""
    assert list_profiles() == ["later-2026", "pull-1117", "report-2026-03", "upstream-main"]
    report, main = load_profile("report-2026-03"), load_profile("upstream-main")
    left = {"cluster-outside-ma-system", "sparkjob-driver-fields", *BEYOND_THE_SEED_REPORT}
    ended = {"sparkjob-double-panic", "triggerrun-deleted", "kubernetes-delete-leaves-the-row"}
    assert sorted(report.issue_ids) == sorted({*ended, *left})
    assert sorted(main.issue_ids) == sorted(
        {
            "api-server-adds-no-finalizer",
            "api-server-deletes-for-good",
            "api-server-logs-its-password",
            "ghost-row-of-retired",
            "end-time-is-never-synced",
            "kubernetes-types-are-not-decoded",
            "int-or-string-changes-its-form",
            *left,
        }
    )
    assert report.immutable_kinds == frozenset()
    assert main.immutable_kinds == {"Model"}


def test_a_profile_may_be_a_file_of_ones_own(tmp_path: Path) -> None:
    """It extends a bundled one, says what is fixed, and has issues of its own; its name is its path."""
    path = write(tmp_path, "mine.toml", OWN)
    profile, report = load_profile(str(path)), load_profile("report-2026-03")
    assert profile.name == str(path)
    assert set(report.issue_ids) - set(profile.issue_ids) == {"ghost-row"}
    assert profile.own_issues == (
        KnownIssue(
            "slow-tiers",
            "Tiers come late",
            ("5.1", "5.3"),
            "Queries by tier are behind.",
            "None.",
            kinds=("Project",),
            code="row.*",
            wording=("column tier: expected \\d+",),
            action=Action.DELETE,
        ),
    )


def test_an_issue_of_ones_own_can_be_fixed_as_well(tmp_path: Path) -> None:
    """A file extends another by its path, from where it is, and each issue of it can be taken out."""
    write(tmp_path, "mine.toml", OWN)
    path = write(tmp_path, "next.toml", 'extends = "mine.toml"\nfixed = ["slow-tiers"]')
    assert load_profile(str(path)).own_issues == ()


def test_what_a_profile_says_replaces_kinds_and_immutable_kinds(tmp_path: Path) -> None:
    """Both lists are inherited where a file has none of its own."""
    write(tmp_path, "a.toml", 'kinds = ["Model", "Project"]\nimmutable_kinds = ["Model"]')
    b = load_profile("b", tmp_path) if write(tmp_path, "b.toml", 'extends = "a"') else None
    c = load_profile("c", tmp_path) if write(tmp_path, "c.toml", 'extends = "a"\nimmutable_kinds = []') else None
    assert b == Profile("b", "b", ("Model", "Project"), frozenset({"Model"}))
    assert c == Profile("c", "c", ("Model", "Project"))


def test_a_contract_has_the_profiles_kinds_in_the_reports_order(tmp_path: Path) -> None:
    """Without a list it has all that are known."""
    write(tmp_path, "few.toml", 'kinds = ["Model", "Project"]\nimmutable_kinds = ["Model", "Cluster"]')
    contract = make_contract(load_profile("few", tmp_path))
    assert contract.names == ("Project", "Model")
    assert contract.immutable_kinds == {"Model"}
    assert contract.served_kinds[0].tables == ("project", "project_labels", "project_annotations")
    assert len(make_contract(Profile("x", "x")).names) == 13


def test_an_unknown_profile_suggests_the_nearest() -> None:
    """A typo in a profile's name is answered with the valid ones."""
    with pytest.raises(SettingsError, match="--profile: unknown value 'upstream'\ndid you mean upstream-main"):
        load_profile("upstream")
    with pytest.raises(SettingsError, match=r"--profile: there is no file '/.*upstream\.toml'"):
        load_profile("upstream.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("immutable = []", "key: unknown value 'immutable'\ndid you mean immutable_kinds"),
        ('immutable_kinds = ["Modell"]', "immutable_kinds: unknown value 'Modell'\ndid you mean Model"),
        ('kinds = "Model"', "kinds: 'Model' is no list of texts"),
        ('tables = "upper case"', "tables: unknown value 'upper case'\ndid you mean lower case or snake case"),
        ('features = ["a"]', "features: .* is no table of texts\nThe form is"),
        ("[features]\nfinalizer = 3", "features: .* is no table of texts"),
        ("title = ", "profile .*x.toml"),
        ("title = 3", "title: 3 is no text"),
        ('extends = "y"', "extends: unknown value 'y'"),
        ('extends = "x"', "extends: a circle: x.toml extends x.toml"),
        ('known_issues = ["a", "a"]', "known issue 'a' is there twice"),
        ('fixed = ["a"]', "fixed: unknown value 'a'"),
        ("known_issue = 3", "known_issue: 3 is no table"),
        ("[[known_issue]]\nid = 'a'", "known_issue 1: title, sections, impact, workaround must be given"),
        ("[[known_issue]]\nnumber = 'a'", "known_issue 1: key: unknown value 'number'"),
        (OWN.replace("delete", "remove"), "known_issue 1: action: unknown value 'remove'"),
        (OWN.replace("\\\\d+", "("), "known_issue 1: wording: .* is no regular expression"),
        (OWN.replace('"Project"', '"Projekt"'), "kinds: unknown value 'Projekt'\ndid you mean Project"),
    ],
)
def test_a_wrong_profile_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    """A profile that holds what it can't is an error with its path, the key and what is valid."""
    write(tmp_path, "report-2026-03.toml", 'known_issues = ["ghost-row"]')
    path = write(tmp_path, "x.toml", text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_profile("x", tmp_path)
    assert str(path) in str(caught.value)


def test_profiles_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    """A circle is named, whoever begins it."""
    write(tmp_path, "a.toml", 'extends = "b"')
    write(tmp_path, "b.toml", 'extends = "a"')
    with pytest.raises(SettingsError, match=r"extends: a circle: a.toml extends b.toml extends a.toml"):
        load_profile("a", tmp_path)
