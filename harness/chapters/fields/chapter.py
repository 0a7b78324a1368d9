"""Chapter 9, fields: its sections, each with what it promises and the check that shows it."""

from __future__ import annotations

from harness.chapters.fields.checks import (
    check_apart,
    check_columns,
    check_drawn,
    check_states,
    check_step,
    check_whole,
)
from harness.chapters.fields.issues import ISSUES
from harness.chapters.fields.plan import CHANGED, FULL, REMOVED, STATUS
from harness.chapters.fields.steps import Fields
from harness.suite.chapter import Chapter, Section, whole_run

CHAPTER = Chapter(
    key="fields",
    title="Fields",
    explanation="Every field of every kind, as its schema in the cluster lists them, set, changed and removed.",
    summary="every field of every kind",
    markers=("fields",),
    open=Fields,
    issues=ISSUES,
    sections=(
        Section(
            "9.1",
            "Full objects",
            "Every field of the spec reaches MySQL",
            "An object with every field of its spec set has a row that equals it; lists, maps and enums included.",
            check_step(FULL, "an object with every field of its spec set does not reach MySQL whole"),
        ),
        Section(
            "9.2",
            "Full status",
            "Every field of the status reaches MySQL",
            "A write of every field of the status reaches the row.",
            check_step(STATUS, "an object with every field of its status set does not reach MySQL whole"),
        ),
        Section(
            "9.3",
            "Every field changed",
            "Every field, changed, reaches MySQL",
            "Every field of spec and status with another value reaches the row.",
            check_step(CHANGED, "an object with every field changed does not reach MySQL whole"),
        ),
        Section(
            "9.4",
            "Every field removed",
            "Every field, removed, leaves MySQL",
            "With every field of spec and status removed, the row holds none, and its indexed columns are clear.",
            check_step(REMOVED, "an object without its fields differs from its row"),
        ),
        Section(
            "9.5",
            "Indexed columns",
            "Every indexed column is set, changed and cleared",
            "Every indexed column was seen with a value, with another one, and without, as its object had it.",
            check_columns,
        ),
        Section(
            "9.6",
            "Kubernetes' own types",
            "Messages of Kubernetes' own types reach MySQL",
            "Messages that Kubernetes' own JSON writes otherwise reach the row. They come last: an object that "
            "can't be decoded holds up its kind.",
            check_apart,
        ),
        Section(
            "9.7",
            "Fields compared",
            "Fields of all kinds that were compared in MySQL",
            "The fields of all kinds are counted: those set, those compared in MySQL, and why the rest was not.",
            check_whole,
            topics=whole_run,
        ),
        Section(
            "9.8",
            "Random objects",
            "Any few fields, in any company and empty or zero as well, reach MySQL",
            "Objects drawn from a seed, of fields that have reached MySQL in full objects, have rows that equal "
            "them; one that has not is made smaller until nothing can be left out.",
            check_drawn,
        ),
        Section(
            "9.9",
            "States in order",
            "One object's states, one after the other up to its end, each reach MySQL",
            "An object whose status gets each value of its states in their order, and with the last one all else "
            "of it, has a row that follows each time.",
            check_states,
        ),
    ),
)
