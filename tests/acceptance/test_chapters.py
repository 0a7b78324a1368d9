"""The report, check by check: one test for each section and each kind that it is about.

Which chapters and sections there are, what each promises and how it is checked is in `harness/chapters`. A test's
id is its section and its kind, so that `-k 1.6-model` runs one, and `-m contract` a chapter.
"""

from __future__ import annotations

from collections.abc import Callable


def test_section(check: Callable[[], None]) -> None:
    """The section keeps its promise for that kind."""
    check()
