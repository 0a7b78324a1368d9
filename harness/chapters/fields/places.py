"""Places in an object that findings are about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Places:
    """A set of places, by their paths or as findings name them: `column json, status.steps[0].name`."""

    def __init__(self, named: Iterable[str]) -> None:
        self._places = {_get_path(name) for name in named}
        self._around = {outer for path in self._places for outer in _list_outer(path)}

    def concern(self, named: str) -> bool:
        """Whether one of them is that place, is something within it, or is a message around it."""
        path = _get_path(named)
        is_outer = path in self._places or path in self._around
        return is_outer or any(outer in self._places for outer in _list_outer(path))


def _get_path(named: str) -> str:
    return named.rpartition(", ")[2]


def _list_outer(path: str) -> Iterator[str]:
    return (path[:index] for index, mark in enumerate(path) if mark in ".[" and index)
