"""The sections of the chapter in which each input is sent once and its row awaited: which inputs, for which kinds.

Names are unique within a section, and part of the objects' names: so an input is found in the report, in the log
and in MySQL by one word. Known issues name inputs by them, so that a name is never given to another input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.chapters.hostile_input.generated import describe_source, list_generated
from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.limits import (
    list_annotations,
    list_column_limits,
    list_labels,
    list_long_text,
    list_many,
    list_names,
    list_sizes,
)
from harness.chapters.hostile_input.numbers import list_numbers
from harness.chapters.hostile_input.places import fill
from harness.chapters.hostile_input.presence import list_presence
from harness.chapters.hostile_input.texts import CLASSES, list_texts
from harness.spec.model import Case

PLAIN = Input("plain", {})
"""The template's own object, first in each section: what passes beside it says that the system works at all."""


@dataclass(frozen=True)
class InputSet:
    """The inputs of a section for a kind (`PLAIN` not among them), and why a kind has none."""

    section: str
    list_inputs: Callable[[Case], list[Input]]
    absence: str = ""
    source: Callable[[], str] = str   # what the inputs were made from, where that is not in the code


def pair(case: Case, texts: Mapping[str, str]) -> list[Input]:
    """Return the texts two by two, which halves the time; each pair is named after both."""
    names = list(texts)
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    return [Input(".".join(p), fill(case, {name: texts[name] for name in p}), parts=len(p)) for p in pairs]


def _list_texts(section: str) -> Callable[[Case], list[Input]]:
    return lambda case: pair(case, list_texts(section, case.kind.table))


def _list_generated(case: Case) -> list[Input]:
    return pair(case, list_generated(case))


INPUT_SETS: tuple[InputSet, ...] = (
    *(InputSet(section, _list_texts(section)) for section in CLASSES),
    InputSet("7.5", _list_generated, source=describe_source),
    InputSet("7.6", list_column_limits, "the kind has no indexed column that repeats a text of its spec"),
    InputSet("7.7", list_long_text, "the kind has no field that is known to take text of any length"),
    InputSet("7.8", list_annotations),
    InputSet("7.9", list_labels),
    InputSet("7.10", list_names),
    InputSet("7.11", list_numbers, "the kind has no number, time or enum that can be set without an effect"),
    InputSet("7.12", list_sizes, "the kind has no field that is known to take a large text, a list or a map"),
    InputSet("7.15", list_presence, "the kind's schema has neither a free field nor a map of texts"),
    InputSet("7.16", list_many),
)

INPUT_SETS_BY_SECTION: dict[str, InputSet] = {each.section: each for each in INPUT_SETS}
