"""A page as the tests look at it: its elements with their attributes and texts; and what a console prints."""

from __future__ import annotations

import io
from html.parser import HTMLParser

from rich.console import Console

from harness.core.record import Record
from harness.report.console import print_matrix

_VOID = {"meta", "link", "br", "path", "use", "rect", "circle"}


class Page(HTMLParser):
    """A page's elements: (tag, attributes, text within), in document order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()
        assert self._open == [], "elements that were not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        text: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, text))
        if tag not in _VOID:
            self._open.append((tag, text))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be the one named."""
        if tag not in _VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """Add text to every open element."""
        for _, text in self._open:
            text.append(data)

    def find(self, tag: str, cls: str = "") -> list[tuple[dict[str, str], str]]:
        """Return the attributes and the text, on one line, of each element of the tag and class."""
        return [
            (attributes, " ".join("".join(text).split()))
            for name, attributes, text in self.elements
            if name == tag and (not cls or cls in attributes.get("class", "").split())
        ]


def print_record(record: Record, width: int, encoding: str = "utf-8") -> str:
    """Return what a console of that width and encoding prints of `record`, without colour."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    print_matrix(record, None, Console(file=stream, width=width, color_system=None, highlight=False, markup=False))
    stream.seek(0)
    return "\n".join(line.rstrip() for line in stream.read().splitlines()) + "\n"
