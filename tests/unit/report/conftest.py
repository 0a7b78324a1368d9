"""Golden files: what a renderer must write, letter by letter, is in `golden/`.

After an intended change run `UPDATE_GOLDEN=1 pytest tests/unit/report` and read the diff before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden")

CheckGolden = Callable[[str, str], None]


@pytest.fixture
def check_golden() -> CheckGolden:
    """Return a function that compares a text with a golden file, or writes the file under UPDATE_GOLDEN."""

    def check(name: str, actual: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(actual, encoding="utf-8", newline="\n")
        assert actual == path.read_text(encoding="utf-8")

    return check
