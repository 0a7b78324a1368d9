"""Promises of `harness.report.contract`: each format tells the version's contract, and what differs in it."""

from __future__ import annotations

import io

from harness.core.record import ContractFact, Record
from harness.report.console import make_console, print_matrix
from harness.report.contract import group_facts, list_differences
from harness.report.html import render_page
from harness.report.markdown import render_markdown

FACTS = [
    ContractFact("Features", "finalizer", "ingester", "controller.go:9", "api-server"),
    ContractFact("Features", "primary-key", "uid", "mysql.go:3"),
    ContractFact("Kinds", "Model", "mutable; table model", "model.go:1"),
]


def test_facts_stand_in_their_groups() -> None:
    """Groups and facts keep the record's order; only what differs is a difference."""
    record = Record(contract=FACTS)
    assert group_facts(record) == [("Features", FACTS[:2]), ("Kinds", FACTS[2:])]
    assert list_differences(record) == ["finalizer: ingester (seed report: api-server)"]


def test_every_format_has_it() -> None:
    """HTML and Markdown have each fact with its source, the console what differs."""
    record = Record(contract=FACTS)
    page, text = render_page(record), render_markdown(record)
    assert '<h2 id="ia-contract">The contract of this version</h2>' in page
    assert "<code>controller.go:9</code>" in page
    assert "| finalizer | ingester | api-server | `controller.go:9` |" in text
    assert "| Model | mutable; table model | `model.go:1` |" in text
    printed = io.StringIO()
    print_matrix(record, None, make_console(printed))
    assert "  finalizer: ingester (seed report: api-server)\n" in printed.getvalue()
    assert "primary-key" not in printed.getvalue()


def test_many_differences_are_counted() -> None:
    """The console tells the first ones, and how many more the report has."""
    printed = io.StringIO()
    facts = [ContractFact("Kinds", f"K{number}", "here", seed="not there") for number in range(20)]
    print_matrix(Record(contract=facts), None, make_console(printed))
    assert "  and 8 more facts in the report\n" in printed.getvalue()


def test_a_record_without_a_contract_has_no_such_part() -> None:
    """Earlier records are shown as they were, and a contract survives JSON."""
    assert "ia-contract" not in render_page(Record())
    assert "contract of this version" not in render_markdown(Record())
    assert Record.from_json(Record(contract=FACTS).to_json()).contract == FACTS
