"""What the README says of the chapters is what the chapters say."""

from __future__ import annotations

import re
from pathlib import Path

from harness.chapters import CHAPTERS

_README = Path(__file__).resolve().parents[2] / "README.md"
_DASH = "\N{EN DASH}"
_ROW = re.compile(rf"^\| (\d[\d., {_DASH}]*) \|", re.MULTILINE)


def list_numbers(words: str) -> list[str]:
    """Return the sections of a row, which names some, or the first and the last."""
    numbers = []
    for word in words.split(", "):
        first, _, last = word.partition(_DASH)
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
