"""Promises of `harness.provision.checkout.kindlists`: short lists of kinds are found, absent ones empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.provision.checkout.kindlists import read_mysql_primary, read_retained
from harness.spec.read import NamedKinds

MAIN = "go/cmd/controllermgr/main.go"
LISTS = """\
package main

// mySQLPrimaryKinds are never in etcd.
var mySQLPrimaryKinds = []string{"Metric"}

var policies = Config{
	RetainKinds: map[string]bool{
		"PipelineRun": true,
		"TriggerRun":  true,
	},
}
"""


def test_both_lists_are_read(tmp_path: Path) -> None:
    """A slice and a map are lists, each with its line."""
    _write(tmp_path, LISTS)
    assert read_mysql_primary(tmp_path) == NamedKinds(("Metric",), f"{MAIN}:4")
    assert read_retained(tmp_path) == NamedKinds(("PipelineRun", "TriggerRun"), f"{MAIN}:7")


def test_code_without_the_word_has_no_such_kinds(tmp_path: Path) -> None:
    """That nobody speaks of them is evidence, a comment is none."""
    _write(tmp_path, "package main\n\n// nothing is retained\n")
    found = read_retained(tmp_path)
    assert found is not None
    assert found.names == ()


@pytest.mark.parametrize("text", ["package main\n\nvar retained = load()\n", ""])
def test_another_shape_is_not_read(tmp_path: Path, text: str) -> None:
    """A list that is made elsewhere, or no code at all, says nothing."""
    if text:
        _write(tmp_path, text)
    assert read_retained(tmp_path) is None


def _write(root: Path, text: str) -> None:
    path = root / MAIN
    path.parent.mkdir(parents=True)
    path.write_text(text)
