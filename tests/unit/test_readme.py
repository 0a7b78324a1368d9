"""What the README says of the chapters is what the chapters say."""

from __future__ import annotations

import re
from pathlib import Path

from harness.chapters import CHAPTERS

_README = Path(__file__).resolve().parents[2] / "README.md"
_ROW = re.compile(r"^\| (\d[\d., –]*) \|", re.MULTILINE)


def list_numbers(words: str) -> list[str]:
    """Return the sections of a row, such as '5.1–5.3' or '5.10, 5.11'."""
    numbers = []
    for word in words.split(", "):
        first, _, last = word.partition("–")
        chapter, _, section = first.partition(".")
        end = last.partition(".")[2] or section
        numbers += [f"{chapter}.{n}" for n in range(int(section), int(end) + 1)] if section else [chapter]
    return numbers


def test_every_section_is_in_its_table() -> None:
    """Each section that a chapter has stands in one row of the table of checks, and no other does."""
    text = _README.read_text(encoding="utf-8")
    found = [number for row in _ROW.findall(text) for number in list_numbers(row)]
    expected = dict.fromkeys(section.number for chapter in CHAPTERS for section in chapter.sections)
    assert sorted(found) == sorted(expected)
