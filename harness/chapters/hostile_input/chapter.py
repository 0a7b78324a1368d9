"""Chapter 7, hostile input: its sections, each with what it promises and the check that shows it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from harness.chapters.hostile_input.checks import check_inputs
from harness.chapters.hostile_input.inputs import Inputs
from harness.chapters.hostile_input.issues import ISSUES
from harness.chapters.hostile_input.poison import check_poison
from harness.chapters.hostile_input.undecodable import check_undecodable
from harness.spec.features import PRIMARY_KEY
from harness.spec.model import Case
from harness.suite.chapter import Chapter, Section
from harness.suite.recorder import Recorder


def _section(
    number: str, title: str, promise: str, check: Callable[[Inputs, Case, Recorder], None] | None = None
) -> Section:
    return Section(number, title, title, promise, check or functools.partial(check_inputs, section=number))


CHAPTER = Chapter(
    key="hostile_input",
    title="Hostile input",
    explanation="Each input is refused by the API or reaches MySQL byte for byte; limits are known issues.",
    summary="hostile input",
    markers=("inputs",),
    open=Inputs,
    sections=(
        _section(
            "7.1",
            "SQL and escapes",
            "Quotes, backslashes, formats and SQL in every free-text field reach MySQL as they are.",
        ),
        _section(
            "7.2",
            "Control characters",
            "Control characters, NUL among them, and spaces at the ends reach MySQL as they are.",
        ),
        _section(
            "7.3",
            "Unicode",
            "Characters of four bytes, of two directions, combined and composed ones reach MySQL as they are.",
        ),
        _section(
            "7.4",
            "Naughty strings",
            "Texts that some program takes for something else reach MySQL as they are.",
        ),
        _section(
            "7.5",
            "Generated text",
            "Text that hypothesis made up from a fixed seed reaches MySQL as it is.",
        ),
        _section(
            "7.6",
            "Text at its column's limit",
            "Text as long as its indexed column reaches MySQL; longer text is not cut.",
        ),
        _section(
            "7.7",
            "Long text",
            "Text of 64 KiB and more, in fields without an indexed column, reaches MySQL as it is.",
        ),
        _section("7.8", "Annotations", "Annotations up to what the API server takes reach MySQL as they are."),
        _section(
            "7.9",
            "Labels",
            "Labels whose keys and values are as long as they may be reach MySQL as they are.",
        ),
        _section(
            "7.10",
            "Names",
            "Objects with the longest and the most misleading names reach MySQL under them.",
        ),
        _section(
            "7.11",
            "Numbers, times and enums",
            "Numbers and times at their limits reach MySQL exactly; enum values that no schema knows are refused.",
        ),
        _section(
            "7.12",
            "Size and nesting",
            "Objects as large, as wide and as deep as the API server takes them reach MySQL whole.",
        ),
        _section(
            "7.13",
            "Poison stays alone",
            "An object that MySQL can't take holds up no other, leaves its earlier row whole, and can be"
            " repaired.",
            check_poison,
        ),
        _section(
            "7.14",
            "Undecodable stays alone",
            "An object that the CRD accepts and the Ingester can't decode does not hold up the others of"
            " its kind.",
            check_undecodable,
        ),
        _section(
            "7.15",
            "Presence in free data",
            "Null, false, 0, empty texts, objects and lists are data in free fields and maps, and reach MySQL.",
        ),
        _section(
            "7.16",
            "Thousands of labels",
            "A thousand labels and annotations of one object reach MySQL, and thousands, every one of them.",
        ),
    ),
    issues=ISSUES,
    features=(PRIMARY_KEY,),
)
