"""The published JSON Schemas: they are what the code reads, and records of every version fit."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from harness.__main__ import main
from harness.core.record import Record
from harness.core.resources import find_resource
from tests.unit.report.sample import build_record
from tools.schemas import PUBLISHED, describe_record, render

RECORDS = Path(__file__).parent / "core" / "records"


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_published_is_what_is_read(name: str) -> None:
    """Each file is up to date; `python -m tools.schemas` writes them."""
    assert find_resource("docs", "schemas", name).read_text(encoding="utf-8") == render(PUBLISHED[name]())


def test_records_fit_their_schema() -> None:
    """A record with everything in it fits, and so do those of earlier versions once they are read."""
    validator = jsonschema.Draft202012Validator(describe_record())
    old = [Record.from_json(path.read_text(encoding="utf-8")) for path in sorted(RECORDS.glob("*.json"))]
    assert len(old) == 2
    for record in (build_record(), Record(), *old):
        validator.validate(json.loads(record.to_json()))


@pytest.mark.parametrize("change", [{"checks": [{"section": "1.1"}]}, {"headlines": ""}, {"schema_version": 2}])
def test_what_is_no_record_does_not_fit(change: dict[str, object]) -> None:
    """A missing field, an unknown one and another version are seen."""
    data = json.loads(Record().to_json()) | change
    assert not jsonschema.Draft202012Validator(describe_record()).is_valid(data)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`report schema` prints what is published."""
    assert main(["report", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == describe_record()
