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
    list_names,
    list_sizes,
)
from harness.chapters.hostile_input.numbers import list_numbers
from harness.chapters.hostile_input.places import fill
from harness.chapters.hostile_input.texts import CLASSES, list_texts
from harness.spec.model import Kind

PLAIN = Input("plain", {})
"""The template's own object, first in each section: what passes beside it says that the system works at all."""


@dataclass(frozen=True)
class Section:
    """A section: the inputs of a kind (`PLAIN` not among them), and why a kind has none."""

    number: str
    list_inputs: Callable[[Kind], list[Input]]
    absence: str = ""
    source: Callable[[], str] = str   # what the inputs were made from, where that is not in the code


def pair(kind: Kind, texts: Mapping[str, str]) -> list[Input]:
    """Return the texts two by two, which halves the time; each pair is named after both."""
    names = list(texts)
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    return [Input(".".join(p), fill(kind, {name: texts[name] for name in p}), parts=len(p)) for p in pairs]


def _list_texts(number: str) -> Callable[[Kind], list[Input]]:
    return lambda kind: pair(kind, list_texts(number, kind.table))


def _list_generated(kind: Kind) -> list[Input]:
    return pair(kind, list_generated(kind))


SECTIONS: tuple[Section, ...] = (
    *(Section(number, _list_texts(number)) for number in CLASSES),
    Section("7.5", _list_generated, source=describe_source),
    Section("7.6", list_column_limits, "the kind has no indexed column that repeats a text of its spec"),
    Section("7.7", list_long_text),
    Section("7.8", list_annotations),
    Section("7.9", list_labels),
    Section("7.10", list_names),
    Section("7.11", list_numbers, "the kind has no number, time or enum that can be set without an effect"),
    Section("7.12", list_sizes, "large objects are sent for other kinds"),
)

SECTIONS_BY_NUMBER: dict[str, Section] = {section.number: section for section in SECTIONS}
