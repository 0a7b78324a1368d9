"""The texts by class: named, different, and short enough to be judged by what they hold."""

from __future__ import annotations

import dataclasses
import re

import pytest

from harness.chapters.hostile_input.generated import COUNT, SEED, list_generated, make_texts
from harness.chapters.hostile_input.texts import CLASSES, LONGEST, list_texts
from harness.spec.model import Case
from tests.fakes.contract import CONTRACT

NAMED = [(section, name, text) for section, texts in CLASSES.items() for name, text in texts.items()]


def test_names_are_unique_and_can_name_an_object_and_an_annotation() -> None:
    """A text's name is given once in all sections, and fits into what Kubernetes takes for names."""
    names = [name for _, name, _ in NAMED]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)] == []


@pytest.mark.parametrize("case", CONTRACT.cases, ids=lambda case: case.name)
def test_texts_fit_into_the_narrowest_column(case: Case) -> None:
    """No text is too long for an indexed column, whatever table it names; and none is there twice."""
    for section in CLASSES:
        texts = list_texts(section, case.kind.table)
        assert max(map(len, texts.values())) <= LONGEST
        assert len(set(texts.values())) == len(texts)


def test_sql_names_the_table_of_its_kind() -> None:
    """What looks like SQL would hit the kind's own table, were it taken for SQL."""
    assert "DROP TABLE `rayjob`" in list_texts("7.1", "rayjob")["drop-table"]


def test_the_classes_hold_what_they_are_for() -> None:
    """Every control character, four-byte characters, both directions, combining marks and NUL are there."""
    controls, letters = "".join(CLASSES["7.2"].values()), "".join(CLASSES["7.3"].values())
    assert set(map(chr, range(0x20))) <= set(controls)
    assert any(ord(c) > 0xFFFF for c in letters)
    assert {"\u05e9", "\u0645", "\u202e", "\u0301", "\ufeff"} <= set(letters)


def test_generated_texts_are_the_same_for_the_same_seed() -> None:
    """A seed stands for its texts, so that a finding can be looked at again."""
    first = make_texts.__wrapped__(1)
    assert make_texts.__wrapped__(1) == first
    assert make_texts.__wrapped__(2) != first


def test_generated_texts_can_be_sent() -> None:
    """Every kind gets as many as it should, different ones, that are texts and fit into the columns."""
    for case in CONTRACT.cases:
        texts = list_generated(case)
        assert len(texts) == COUNT
        assert len(set(texts.values())) == COUNT
        assert all(0 < len(text) <= LONGEST and text.encode() for text in texts.values())


def test_all_generated_texts_are_used() -> None:
    """The kinds take turns, so that no text is drawn for nothing."""
    used = {text for case in CONTRACT.cases for text in list_generated(case).values()}
    assert used == set(make_texts(SEED))


def test_a_kind_more_changes_no_other_kind_s_texts() -> None:
    """Which texts a kind is sent follows from the kind alone."""
    project, model = CONTRACT.get_case("Project"), CONTRACT.get_case("Model")
    assert list_generated(model) == list_generated(dataclasses.replace(model, template=None))
    assert list_generated(project) != list_generated(model)
    unnumbered = dataclasses.replace(model, number=0)
    assert list_generated(unnumbered) == list_generated(dataclasses.replace(unnumbered, requires=()))
    assert len(list_generated(unnumbered)) == COUNT
