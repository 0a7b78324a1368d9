"""`docs/findings.md`: the track record says what the registries say."""

from __future__ import annotations

from harness.chapters import CHAPTERS
from harness.core.resources import find_resource
from harness.spec.features import FEATURES, UPSTREAM_CHANGES
from tools.findings import render_findings


def test_the_track_record_is_up_to_date() -> None:
    """It is what `python -m tools.findings` writes."""
    assert find_resource("docs", "findings.md").read_text(encoding="utf-8") == render_findings()


def test_each_known_issue_is_in_it_once() -> None:
    """With its place, whatever chapter it is of."""
    text = render_findings()
    ids = [issue.id for chapter in CHAPTERS for issue in chapter.issues]
    assert ids
    assert [text.count(f'<a id="{issue}"></a>') for issue in ids] == [1] * len(ids)


def test_changes_are_of_features_that_there_are() -> None:
    """A change gave a feature one of its values, and not the seed report's."""
    assert all(value in FEATURES[name][1:] for name, value in UPSTREAM_CHANGES)
    assert "#1585 (missing-row: done)" in render_findings()
    assert "#1153 (api-server-storage: wired)" in render_findings()
