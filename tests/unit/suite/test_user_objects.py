"""What a user's files hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.suite.user_objects import read_user_objects

PROJECT = """
apiVersion: michelangelo.api/v2
kind: Project
metadata: {name: one, namespace: theirs}
spec: {since: 2026-01-01T00:00:00Z}
"""


def test_each_document_of_each_file_is_an_object(tmp_path: Path) -> None:
    """Folders with all that is below them, YAML and JSON, several documents a file, and the items of a list."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yaml").write_text(f"{PROJECT}---\n---\n{PROJECT.replace('one', 'two')}", encoding="utf-8")
    (tmp_path / "deep" / "b.json").write_text(
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": '
        '{"name": "three"}}]}',
        encoding="utf-8",
    )
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    found = read_user_objects([str(tmp_path), str(tmp_path / "a.yaml")])
    assert [(each.number, each.kind, each.name) for each in found] == [
        (1, "Project", "one"),
        (2, "Project", "two"),
        (3, "", "three"),
        (4, "Project", "one"),
        (5, "Project", "two"),
    ]
    assert found[0].topic == "001-project-one"
    assert str(found[2]) == f"Pod three of v1 in {tmp_path / 'deep' / 'b.json'}"
    assert not any(each.problem for each in found)


def test_a_time_stays_the_text_that_it_is(tmp_path: Path) -> None:
    """As kubectl reads it."""
    (tmp_path / "a.yaml").write_text(PROJECT, encoding="utf-8")
    assert read_user_objects([str(tmp_path)])[0].obj["spec"] == {"since": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "it can't be read: while parsing"),
        ("just words", "it has no apiVersion"),
        ("kind: Project\nmetadata: {name: x}", "it has no apiVersion"),
        ("apiVersion: v1\nkind: Project\nmetadata: []", "it has no apiVersion"),
    ],
)
def test_what_is_no_object_says_why(text: str, problem: str, tmp_path: Path) -> None:
    """So that it can be named in the report."""
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (found,) = read_user_objects([str(tmp_path)])
    assert found.problem.startswith(problem)
    assert found.kind == ""


def test_a_path_without_objects_is_a_wrong_option(tmp_path: Path) -> None:
    """One that does not exist, and a folder without such files."""
    with pytest.raises(SettingsError, match="does not exist"):
        read_user_objects([str(tmp_path / "missing")])
    with pytest.raises(SettingsError, match="has no file that ends in"):
        read_user_objects([str(tmp_path)])
