"""Section 7 of the report: hostile input is refused, or reaches MySQL whole, or is a known limit; nothing else."""

from __future__ import annotations

import pytest

from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.hostile_input.checks import check_inputs
from harness.chapters.hostile_input.poison import check_poison
from harness.chapters.hostile_input.undecodable import check_undecodable
from harness.core.record import Check
from harness.spec.model import Case

pytestmark = pytest.mark.inputs


@pytest.mark.order(71)
@pytest.mark.section("7.1", "SQL and escapes")
def test_7_1_sql_and_escapes(case: Case, inputs: Inputs, check: Check) -> None:
    """Quotes, backslashes, formats and SQL in every free-text field reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(72)
@pytest.mark.section("7.2", "Control characters")
def test_7_2_control_characters(case: Case, inputs: Inputs, check: Check) -> None:
    """Control characters, NUL among them, and spaces at the ends reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(73)
@pytest.mark.section("7.3", "Unicode")
def test_7_3_unicode(case: Case, inputs: Inputs, check: Check) -> None:
    """Characters of four bytes, of two directions, combined and composed ones reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(74)
@pytest.mark.section("7.4", "Naughty strings")
def test_7_4_naughty_strings(case: Case, inputs: Inputs, check: Check) -> None:
    """Texts that some program takes for something else reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(75)
@pytest.mark.section("7.5", "Generated text")
def test_7_5_generated_text(case: Case, inputs: Inputs, check: Check) -> None:
    """Text that hypothesis made up from a fixed seed reaches MySQL as it is."""
    check_inputs(inputs, case, check)


@pytest.mark.order(76)
@pytest.mark.section("7.6", "Text at its column's limit")
def test_7_6_column_limits(case: Case, inputs: Inputs, check: Check) -> None:
    """Text as long as its indexed column reaches MySQL; longer text is not cut."""
    check_inputs(inputs, case, check)


@pytest.mark.order(77)
@pytest.mark.section("7.7", "Long text")
def test_7_7_long_text(case: Case, inputs: Inputs, check: Check) -> None:
    """Text of 64 KiB and more, in fields without an indexed column, reaches MySQL as it is."""
    check_inputs(inputs, case, check)


@pytest.mark.order(78)
@pytest.mark.section("7.8", "Annotations")
def test_7_8_annotations(case: Case, inputs: Inputs, check: Check) -> None:
    """Annotations up to what the API server takes reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(79)
@pytest.mark.section("7.9", "Labels")
def test_7_9_labels(case: Case, inputs: Inputs, check: Check) -> None:
    """Labels whose keys and values are as long as they may be reach MySQL as they are."""
    check_inputs(inputs, case, check)


@pytest.mark.order(80)
@pytest.mark.section("7.10", "Names")
def test_7_10_names(case: Case, inputs: Inputs, check: Check) -> None:
    """Objects with the longest and the most misleading names reach MySQL under them."""
    check_inputs(inputs, case, check)


@pytest.mark.order(81)
@pytest.mark.section("7.11", "Numbers, times and enums")
def test_7_11_numbers(case: Case, inputs: Inputs, check: Check) -> None:
    """Numbers and times at their limits reach MySQL exactly; enum values that no schema knows are refused."""
    check_inputs(inputs, case, check)


@pytest.mark.order(82)
@pytest.mark.section("7.12", "Size and nesting")
def test_7_12_sizes(case: Case, inputs: Inputs, check: Check) -> None:
    """Objects as large, as wide and as deep as the API server takes them reach MySQL whole."""
    check_inputs(inputs, case, check)


@pytest.mark.order(83)
@pytest.mark.section("7.13", "Poison stays alone")
def test_7_13_poison_stays_alone(case: Case, inputs: Inputs, check: Check) -> None:
    """An object that MySQL can't take holds up no other, leaves its earlier row whole, and can be repaired."""
    check_poison(inputs, case, check)


@pytest.mark.order(84)
@pytest.mark.section("7.14", "Undecodable stays alone")
def test_7_14_undecodable_stays_alone(case: Case, inputs: Inputs, check: Check) -> None:
    """An object that the CRD accepts and the Ingester can't decode does not hold up the others of its kind."""
    check_undecodable(inputs, case, check)
