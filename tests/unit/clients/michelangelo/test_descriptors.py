"""Promises of `harness.clients.michelangelo.descriptors`: a version's messages are read as its own code says."""

from __future__ import annotations

import datetime as dt

import pytest

from harness.clients.michelangelo import classes
from harness.clients.michelangelo.classes import find_classes
from harness.clients.michelangelo.comparison import compare_decoded, compare_row_and_proto
from harness.clients.michelangelo.descriptors import DescribedClasses
from harness.clients.michelangelo.proto import decode
from harness.core.errors import HarnessError
from harness.spec.model import JsonObject
from harness.spec.read import Descriptors
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT
from tests.fakes.world import make_row
from tests.unit.clients.michelangelo.project import DESCRIPTORS, OBJECT, PROJECT, make_files, serialize


def _make_row(obj: JsonObject, proto: bytes) -> Row:
    row = make_row(PROJECT, obj, dt.datetime(2026, 3, 9))
    return Row(row.table, {**row.columns, "proto": proto})


def _compare(obj: JsonObject, proto: bytes) -> list[str]:
    found = compare_decoded(PROJECT, _make_row(obj, proto), None, find_classes(DESCRIPTORS))
    return [each.where.removeprefix("column proto against column json, ") for each in found]


def test_an_object_is_read_whole() -> None:
    """Its own fields, enums by name, well-known types, and the metadata of Kubernetes."""
    decoded = decode(PROJECT, serialize(), DescribedClasses(DESCRIPTORS))
    assert decoded.object == OBJECT
    assert decoded.unknown == []
    assert _compare(OBJECT, serialize()) == []


@pytest.mark.parametrize(("field", "value"), [("tier", 3), ("tier", 0), ("urgent", False), ("mode", 1)])
def test_a_field_that_is_no_text_is_found(field: str, value: object) -> None:
    """Whose loss no text of the column tells."""
    assert _compare(OBJECT, serialize(**{field: value})) == [f"spec.{field}"]


def test_an_integer_and_its_text_are_the_same() -> None:
    """Which of them JSON has, depends on where it stands; the bytes know one."""
    written = {**OBJECT, "spec": {**OBJECT["spec"], "tier": "4"}}
    assert _compare(written, serialize()) == []
    assert _compare(written, serialize(tier=5)) == ["spec.tier"]


def test_types_of_others_are_left_unread() -> None:
    """What they hold is known to be there, and is no difference; beside it everything counts."""
    described = DescribedClasses(DESCRIPTORS)
    message = described.get(PROJECT).FromString(serialize())
    message.spec.pod.MergeFromString(b"\x0a\x03abc")
    (unread,) = decode(PROJECT, message.SerializeToString(), described).unknown
    assert (unread.path, unread.numbers, unread.empty) == ("spec.pod", (1,), True)
    obj = {**OBJECT, "spec": {**OBJECT["spec"], "pod": {"any": "thing"}, "tier": 5}}
    assert _compare(obj, message.SerializeToString()) == ["spec.tier"]


def test_a_kind_without_a_message_is_named() -> None:
    """As one of a later version."""
    with pytest.raises(HarnessError, match=r"the descriptors in proto-go/api/v2 have no message .*\.Model"):
        DescribedClasses(DESCRIPTORS).get(CONTRACT.get_kind("Model"))


@pytest.mark.parametrize("files", [(b"nonsense",), make_files(tier=".michelangelo.api.v2.Mode")])
def test_descriptors_that_do_not_fit_give_way_to_the_extra(
    files: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without that, why nothing can be decoded is said of both."""
    find_classes.cache_clear()
    broken = Descriptors(files, "there")
    monkeypatch.setattr(classes, "find_missing", lambda: "needs the extra")
    with pytest.raises(HarnessError, match=r"the descriptors in there can't be used: .*needs the extra"):
        find_classes(broken)
    monkeypatch.setattr(classes, "find_missing", lambda: "")
    monkeypatch.setattr(classes, "get_version", lambda: "0.12")
    assert find_classes(broken).source == "michelangelo 0.12"
    find_classes.cache_clear()


def test_a_row_is_compared_in_both_its_copies() -> None:
    """As an audit does that decodes it."""
    wrong = _make_row(OBJECT, serialize(tier=1))
    found = {each.where for each in compare_row_and_proto(DESCRIPTORS, PROJECT, OBJECT, wrong)}
    assert {"column proto against column json, spec.tier", "column proto against the object, spec.tier"} <= found
