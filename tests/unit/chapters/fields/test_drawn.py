"""`harness.chapters.fields.drawn`: what is drawn, how the smallest is found, and what ends it."""

from __future__ import annotations

import itertools

import pytest

from harness.chapters.fields.drawn import Draft, find_failure, put_at_edge
from harness.core import codes
from harness.core.errors import HarnessError, Refusal
from harness.core.record import Finding
from harness.core.settings import Examples
from harness.spec.schema.objects import Filler

LEAVES = {"spec": [f"spec.{name}" for name in "abcdef"], "status": ["status.x", "status.y"]}
WRONG = Finding(codes.ROW_JSON, "column json", "as sent", "otherwise")
MANY = Examples(200, 3)


def for_ever() -> bool:
    """Let it go on."""
    return True


def test_what_is_wrong_is_made_smaller() -> None:
    """A field that is lost beside another one, where it is empty, is named with that one alone."""

    def try_(draft: Draft) -> list[Finding]:
        is_lost = {"spec.b", "spec.e"} <= set(draft.leaves) and "spec.b" in draft.edges
        return [WRONG] if is_lost else []

    found = find_failure(LEAVES, MANY, try_, for_ever)
    assert found is not None
    assert (found.draft.leaves, found.draft.edges) == (("spec.b", "spec.e"), frozenset({"spec.b"}))
    assert found.findings == (WRONG,)
    assert str(found.draft) == "spec.b, spec.e; at an edge: spec.b"


def test_a_seed_is_the_same_objects() -> None:
    """The number of objects is kept to, and another seed draws others."""

    def draw(examples: Examples) -> list[Draft]:
        drafts: list[Draft] = []
        assert find_failure(LEAVES, examples, lambda draft: drafts.append(draft) or [], for_ever) is None  # type: ignore[func-returns-value]
        return drafts

    assert draw(Examples(20, 5)) == draw(Examples(20, 5)) != draw(Examples(20, 6))
    assert len(draw(Examples(20, 5))) == 20


def test_what_is_refused_proves_nothing() -> None:
    """An object that the API server does not take is passed over."""

    def try_(draft: Draft) -> list[Finding]:
        raise Refusal(422, "Invalid", str(draft))

    assert find_failure(LEAVES, Examples(5, 1), try_, for_ever) is None


def test_an_error_ends_it() -> None:
    """What could not be told is no finding, and is not tried again."""
    tried = itertools.count()

    def try_(_: Draft) -> list[Finding]:
        next(tried)
        raise HarnessError("MySQL is away")

    with pytest.raises(HarnessError, match="MySQL is away"):
        find_failure(LEAVES, MANY, try_, for_ever)
    assert next(tried) == 1


def test_time_ends_it_with_the_smallest_so_far() -> None:
    """What was found to be wrong stands when there is no time left to make it smaller."""
    tried = itertools.count()
    found = find_failure(LEAVES, MANY, lambda _: [WRONG], lambda: next(tried) < 3)
    assert found is not None
    assert next(tried) == 4


def test_a_packed_message_is_whole() -> None:
    """Its type and its value are drawn together, since neither can be decoded alone."""
    leaves = {"status": ["status.any.@type", "status.any.value", "status.other"]}
    drafts: list[Draft] = []
    find_failure(leaves, MANY, lambda draft: drafts.append(draft) or [], for_ever)  # type: ignore[func-returns-value]
    packed = {tuple(leaf for leaf in draft.leaves if "any" in leaf) for draft in drafts}
    assert packed == {(), ("status.any.@type", "status.any.value")}


def test_edges_are_empty_and_zero_where_the_schema_allows_it() -> None:
    """A text, a number and a flag are; what has a form or a limit keeps its value."""
    fields = {
        "text": {"type": "string"},
        "number": {"type": "integer"},
        "flag": {"type": "boolean"},
        "startTime": {"type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "port": {"type": "integer", "minimum": 1},
        "list": {"type": "array", "items": {"type": "string"}},
    }
    filler = Filler({"type": "object", "properties": fields}, "spec")
    filled, before = filler.fill(), filler.fill().value
    leaves = {leaf.path: leaf for leaf in filler.leaves}
    put_at_edge(filled, leaves, frozenset(leaves) - {"spec.list[]"})
    kept = {name: before[name] for name in ("startTime", "at", "port", "list")}
    assert filled.value == {"text": "", "number": 0, "flag": False, **kept}
    put_at_edge(filled, leaves, frozenset({"spec.list[]"}))
    assert filled.value["list"] == ["", ""]
