"""Promises of `harness.chapters.fields.rows`: the proto column is decoded if it can be, and always looked at."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.chapters.fields import rows
from harness.chapters.fields.rows import examine
from harness.clients.michelangelo.classes import find_classes
from harness.core import codes
from harness.spec.row import Row
from harness.spec.schema.objects import Filled
from harness.subject.steps import Sync
from tests.fakes.world import make_row
from tests.unit.clients.michelangelo.project import DESCRIPTORS, OBJECT, PROJECT, serialize

FILLED = Filled({"note": "note-7"}, {("spec", "note"): "spec.note"})


@pytest.fixture(autouse=True)
def _whole_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "examine_row", lambda _: [])


def _await(proto: bytes, note: str = "note-7") -> Sync:
    obj = {**OBJECT, "spec": {**OBJECT["spec"], "note": note}}
    row = make_row(PROJECT, OBJECT, dt.datetime(2026, 3, 9))
    write = SimpleNamespace(subject=SimpleNamespace(case=SimpleNamespace(kind=PROJECT)))
    row = Row(row.table, {**row.columns, "proto": proto})
    return cast(Sync, cast(Any, SimpleNamespace(write=write, row=row, obj=obj, arrived=True)))


def test_a_number_that_the_proto_column_lost_is_found() -> None:
    """By the version's own classes: it must hold what the json column does."""
    classes = find_classes(DESCRIPTORS)
    assert examine(_await(serialize()), FILLED, classes) == []
    (finding,) = examine(_await(serialize(tier=0)), FILLED, classes)
    assert (finding.code, finding.where) == (codes.ROW_PROTO, "column proto against column json, spec.tier")


def test_without_classes_it_must_have_the_texts() -> None:
    """Of those that the object has as they were made."""
    assert examine(_await(b"... note-7 ..."), FILLED, None) == []
    (finding,) = examine(_await(b"... note-8 ..."), FILLED, None)
    assert (finding.code, finding.expected) == (codes.ROW_PROTO, 'to contain "note-7"')
    assert examine(_await(b"... note-8 ...", note="another"), FILLED, None) == []


def test_json_in_it_is_compared_as_such() -> None:
    """As an ingester keeps it there that has no protobuf."""
    (finding,) = examine(_await(b'{"spec": {}}'), FILLED, None)[:1]
    assert finding.code == codes.ROW_PROTO
