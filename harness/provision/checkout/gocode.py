"""Go code as text with places: what stands where, without comments, and the bodies of functions.

It is read with regular expressions that know the shapes of Michelangelo's code, and neither compiled nor run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(r"//[^\n]*")   # in strings as well, of which none that is looked for has one
_FUNCTION = re.compile(r"^func (?:\([^)]*\) )?(\w+)\(.*?\n}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A text that was found, and where: `FILE:LINE`, relative to the checkout."""

    text: str
    where: str


@dataclass(frozen=True)
class GoCode:
    """Some Go files without their comments; line numbers are as they were."""

    texts: Mapping[str, str]

    @classmethod
    def strip(cls, texts: Mapping[Path, str], root: Path) -> GoCode:
        """Return the code of some files of the checkout at `root`."""
        return cls({path.relative_to(root).as_posix(): _COMMENT.sub("", text) for path, text in texts.items()})

    def __bool__(self) -> bool:
        return bool(self.texts)

    def find(self, pattern: str, flags: int = 0) -> Place | None:
        """Return the first text that matches, None where nothing does."""
        return next(self.iterate(pattern, flags), None)

    def iterate(self, pattern: str, flags: int = 0) -> Iterator[Place]:
        """Yield what matches: the first group of the pattern where it has one."""
        for file, found in self._match(pattern, flags):
            group = 1 if found.re.groups else 0
            yield Place(found[group], _locate(file, found, group))

    def iterate_groups(self, pattern: str, flags: int = 0) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the groups of what matches, with the place of the first one."""
        for file, found in self._match(pattern, flags):
            yield _locate(file, found, 1), found.groups(default="")

    def find_functions(self, name: str) -> Iterator[tuple[str, GoCode]]:
        """Yield the functions whose names match in whole, each with its code, at its own place."""
        for file, text in self.texts.items():
            for found in _FUNCTION.finditer(text):
                if re.fullmatch(name, found[1]):
                    before = "\n" * text.count("\n", 0, found.start())
                    yield found[1], GoCode({file: before + found[0]})

    def follow(self, functions: Mapping[str, GoCode]) -> list[GoCode]:
        """Return the functions, each once, and those of this code that they call, however far down."""
        known = dict(self.find_functions(r"\w+"))
        reached = dict(functions)
        waiting = list(functions.values())
        while waiting:
            called = {place.text for place in waiting.pop().iterate(r"\b(\w+)\(")}
            new = {name: known[name] for name in called & known.keys() - reached.keys()}
            reached |= new
            waiting += new.values()
        return list(reached.values())

    def _match(self, pattern: str, flags: int) -> Iterator[tuple[str, re.Match[str]]]:
        for file, text in self.texts.items():
            for found in re.finditer(pattern, text, flags):
                yield file, found


def _locate(file: str, found: re.Match[str], group: int) -> str:
    return f"{file}:{found.string.count(chr(10), 0, found.start(group)) + 1}"
