"""What has a structure keeps it; text is made where it is shown."""

from __future__ import annotations

import datetime as dt
import json
from types import MappingProxyType

from harness.core import codes
from harness.core.errors import Refusal
from harness.core.polling import Look, Wait
from harness.core.record import Finding
from harness.sandbox.base import LogLine
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.log import parse_log
from tests.fakes.contract import CONTRACT

KIND = CONTRACT.get_kind("Model")
OBJECT = {"metadata": {"resourceVersion": "7"}, "spec": {}}
ROW = Row(
    "model",
    MappingProxyType({
        "uid": "u1",
        "res_version": 7,
        "create_time": dt.datetime(2026, 3, 9, 20, 51, 7),
        "delete_time": None,
        "proto": b"abc",
        "json": '{"a": 1}',
    }),
    (("k", "1"), ("k", "2")),
    (("a", "b"),),
)


def test_a_row_survives_as_json() -> None:
    """Its json column as the object, bytes by their number; pairs with their duplicates."""
    item = evidence.of_row(ROW, "the row", 12.5)
    assert json.loads(json.dumps(item.data)) == {
        "columns": {
            "uid": "u1",
            "res_version": 7,
            "create_time": "2026-03-09 20:51:07",
            "delete_time": None,
            "proto": "3 bytes",
            "json": {"a": 1},
        },
        "labels": [["k", "1"], ["k", "2"]],
        "annotations": [["a", "b"]],
    }
    assert (item.kind, item.title, item.body, item.at) == ("row", "the row", "", 12.5)


def test_a_json_column_that_is_none_is_shown_as_it_is() -> None:
    """Invalid JSON is what a reader must see."""
    row = Row("model", MappingProxyType({**ROW.columns, "json": "{broken"}))
    assert evidence.of_row(row, "t", 0.0).data["columns"]["json"] == "{broken"


def test_no_row_is_said_in_words() -> None:
    """Absence is evidence."""
    item = evidence.of_row(None, "the row", 0.0)
    assert (item.body, item.data) == ("no row", None)


def test_requests_and_answers_carry_their_objects() -> None:
    """A refusal its words."""
    assert evidence.of_request("create", KIND, "n", "m", OBJECT).data == OBJECT
    assert evidence.of_answer(OBJECT).data == OBJECT
    assert evidence.of_answer(OBJECT, brief=True).data is None
    assert evidence.of_object(OBJECT, "t").data == OBJECT
    refused = evidence.of_answer(Refusal(404, "NotFound", "gone"))
    assert (refused.title, refused.body) == ("refused: 404 NotFound", "404 NotFound: gone")


def test_a_wait_shows_every_change() -> None:
    """With the time since it began, and how often was looked."""
    wait: Wait[int | None] = Wait(7, True, 1.5, 9, (Look(0.0, None), Look(1.25, 7)))
    assert evidence.of_wait(wait, "t").body.splitlines() == [
        "   0.000 s  no row",
        "   1.250 s  7",
        "   1.500 s  end, after 9 polls",
    ]


def test_a_comparison_carries_its_findings() -> None:
    """One without says that it was made."""
    found = Finding(codes.ROW_COLUMN, "column name", "a", "b")
    item = evidence.of_comparison([found], "row against object")
    assert item.title == "row against object: 1 differences"
    assert item.data == [{"code": "row.column", "where": "column name", "expected": "a", "actual": "b"}]
    assert evidence.of_comparison([], "row against object").title == "row against object: equal"


def test_a_log_without_lines_says_so() -> None:
    """Silence is evidence as well."""
    assert evidence.of_log(parse_log([LogLine(0, "a"), LogLine(0, "b")]), "t").body == "a\nb"
    assert evidence.of_log([], "t").body == "no such line"


def test_a_remark_may_be_its_title_alone() -> None:
    """No body is no line."""
    item = evidence.of_note("t")
    assert (item.kind, item.title, item.body) == ("note", "t", "")
