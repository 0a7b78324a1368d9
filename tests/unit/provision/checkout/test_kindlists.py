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


SPELLINGS = {
    "a typed slice": "var retained []string = []string{\n\t\"PipelineRun\",\n\t\"TriggerRun\",\n}",
    "an array": 'var retained = [...]string{"PipelineRun", "TriggerRun"}',
    "the arguments of a call": 'x := cascade.NewStaticRetainPolicy("PipelineRun", "TriggerRun")',
    "a list that is spread": 'var retained = []string{"PipelineRun", "TriggerRun"}\nvar x = Retain(retained...)',
    "constants": 'const (\n\ta = "PipelineRun"\n\tb string = "TriggerRun"\n)\nvar retained = []string{a, b}',
    "appended": 'var retained = []string{"PipelineRun"}\n\nfunc f() { retained = append(retained, "TriggerRun") }',
    "a map that says no of one": 'var retained = map[string]bool{"PipelineRun":true,"TriggerRun":true,"X":false}',
    "a map as a set": 'var retained = map[string]struct{}{"PipelineRun": {}, "TriggerRun": {}}',
    "a set": 'var retainedKinds = sets.New[string]("PipelineRun", "TriggerRun")',
    "a switch": 'func retains(kind string) bool {\n\tswitch kind {\n\tcase "PipelineRun", "TriggerRun":\n\t}\n}',
    "comparisons": 'func retains(kind string) bool {\n\treturn kind == "PipelineRun" || kind == "TriggerRun"\n}',
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_list_may_be_spelled_otherwise(tmp_path: Path, name: str) -> None:
    """What a list says does not depend on how Go's authors write it."""
    _write(tmp_path, f"package main\n\n{SPELLINGS[name]}\n")
    found = read_retained(tmp_path)
    assert found is not None
    assert found.names == ("PipelineRun", "TriggerRun")


@pytest.mark.parametrize(
    "text",
    [
        "package main\n\nvar retained = load()\n",
        "package main\n\nvar retained = []string{v2.KindPipelineRun}\n",
        'package main\n\nvar retained = []string{"Model", other}\n',
        'package main\n\nvar retained = []string{"Model"}\n\nfunc f() { retained = append(retained, x()...) }\n',
        "package main\n\nvar x = NewRetainPolicy()\n",
        "",
    ],
)
def test_another_shape_is_not_read(tmp_path: Path, text: str) -> None:
    """A list that is made elsewhere, or half of it, or no code at all, says nothing."""
    if text:
        _write(tmp_path, text)
    assert read_retained(tmp_path) is None


def _write(root: Path, text: str) -> None:
    path = root / MAIN
    path.parent.mkdir(parents=True)
    path.write_text(text)
