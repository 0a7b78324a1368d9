"""Whole objects of a schema: every leaf set, in lists of two and maps of two, each value at its place remembered.

In a round of changed values a list has its first item once more at its end, where it may: who drops what is there
twice, or sorts, changes it.

The same schema, variant and round give the same values at the same places, whichever leaves are asked for: so an
object with half of the leaves holds what the whole one held there.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.spec.schema.leaves import (
    ITEM,
    VALUE,
    Leaf,
    Schema,
    get_items,
    get_values,
    is_empty_message,
    list_leaves,
)
from harness.spec.schema.values import make_value

Place = tuple[str | int, ...]
_MANY = 2
_ROUND = 40_000   # numbers of one round; the next one's are others
_ABSENT = object()
_MARKS = (".", ITEM[0], VALUE[0])   # what follows a name in a longer path


@dataclass
class Filled:
    """A value that was made, and which leaf stands at which place of it; `unmade` are leaves without a value."""

    value: Any = None
    leaves: dict[Place, str] = field(default_factory=dict)
    unmade: set[str] = field(default_factory=set)

    @property
    def paths(self) -> list[str]:
        """The leaves that stand in it, each once, in their order."""
        return list(dict.fromkeys(self.leaves.values()))

    def get(self, place: Place) -> Any:
        """Return what was made for the place."""
        return find(self.value, place[1:])

    def list_dropped(self, stored: Any, later: Any) -> list[str]:
        """Return the leaves that `stored` has as they were made, and that `later` no longer has."""
        dropped = {
            leaf: None
            for place, leaf in self.leaves.items()
            if find(stored, place) == self.get(place) and not is_there(later, place)
        }
        return list(dropped)

    def find_places(self, leaves: Iterable[str]) -> list[str]:
        """Return the places at which these leaves stand, as findings name them."""
        wanted = set(leaves)
        return [join(place) for place, leaf in self.leaves.items() if leaf in wanted]


class Filler:
    """Makes values of one schema: that of the field called `path`, `spec` or `status`."""

    def __init__(self, schema: Schema, path: str) -> None:
        self.schema = schema
        self.path = path
        self.leaves = list_leaves(schema, path)

    def count_variants(self) -> int:
        """Return how many objects it takes until each branch and each value of an enum was set."""
        needed = [len(branches) for branches in _list_branches(self.schema)]
        needed += [math.ceil(len(leaf.choices) / (_MANY if _is_repeated(leaf) else 1)) for leaf in self.leaves]
        return max(1, *needed) if needed else 1

    def fill(
        self,
        *,
        variant: int = 0,
        round_: int = 0,
        wanted: Callable[[str], bool] = lambda _: True,
        forms: Mapping[str, str] | None = None,
    ) -> Filled:
        """Return a value with all `wanted` leaves set, and what the schema requires beside them.

        `forms` are formats of texts, by the paths of their leaves, that the schema does not tell.
        """
        filled = Filled()
        making = _Making(variant, round_, wanted, forms or {}, filled)
        made = making.make(self.schema, self.path, (self.path,), is_first=True)
        filled.value = {} if made is _ABSENT else made
        filled.leaves = {place: leaf for place, leaf in filled.leaves.items() if is_there(filled.value, place[1:])}
        return filled

    @functools.cached_property
    def choices(self) -> frozenset[str]:
        """The leaves that take another value, or stand in another branch, from variant to variant."""
        branches = tuple(f"{name}{mark}" for name in _list_alternatives(self.schema, self.path) for mark in _MARKS)
        return frozenset(
            leaf.path
            for leaf in self.leaves
            if len(leaf.choices) > 1 or f"{leaf.path}.".startswith(branches)
        )


class _Making:
    """One value in the making."""

    def __init__(
        self,
        variant: int,
        round_: int,
        wanted: Callable[[str], bool],
        forms: Mapping[str, str],
        filled: Filled,
    ) -> None:
        self._variant = variant
        self._forms = forms
        self._changed = round_ % 2 == 1
        self._number = 10 + round_ * _ROUND
        self._wanted = wanted
        self._filled = filled
        self._uses: dict[str, int] = {}

    def make(self, schema: Schema, path: str, place: Place, *, is_first: bool, is_required: bool = False) -> Any:
        """Return the value at the place; `is_first`: it is in no item or entry but first ones."""
        if schema.get("properties"):
            return self._make_object(schema, path, place, is_first=is_first, is_required=is_required)
        if (items := get_items(schema)) is not None:
            count = min(_MANY if is_first else 1, int(schema.get("maxItems", _MANY)))
            count = max(count, int(schema.get("minItems", 0)))
            made = [
                self.make(items, path + ITEM, (*place, i), is_first=is_first and i == 0, is_required=is_required)
                for i in range(count)
            ]
            if any(each is _ABSENT for each in made) or not made:
                return _ABSENT
            return [*made, copy.deepcopy(made[0])] if self._changed and _takes_repeated(schema, count) else made
        if (values := get_values(schema)) is not None:
            return self._make_map(values, path, place, is_first=is_first, is_required=is_required)
        if is_empty_message(schema):
            return {} if is_required else _ABSENT
        return self._make_leaf(Leaf(path, schema), place, is_required=is_required)

    def _make_object(
        self, schema: Schema, path: str, place: Place, *, is_first: bool, is_required: bool
    ) -> Any:
        left_out = _choose(schema, self._variant)
        made: dict[str, Any] = {}
        before, required = self._number, schema.get("required") or ()
        for name, inner in schema["properties"].items():
            if name in left_out:
                continue
            value = self.make(inner, f"{path}.{name}", (*place, name), is_first=is_first)
            if value is not _ABSENT:
                made[name] = value
        if made or is_required or (required and len(place) == 1):
            after = self._number
            for name in required:
                if name not in made and name in schema["properties"] and name not in left_out:
                    self._number = before
                    inner = schema["properties"][name]
                    value = self.make(
                        inner, f"{path}.{name}", (*place, name), is_first=is_first, is_required=True
                    )
                    if value is not _ABSENT:
                        made[name] = value
            self._number = max(after, self._number)
        return made if made or is_required else _ABSENT

    def _make_map(self, schema: Schema, path: str, place: Place, *, is_first: bool, is_required: bool) -> Any:
        made = {}
        for index in range(_MANY if is_first else 1):
            self._number += 1
            key = str(self._number)   # a text as well as a number: maps of protobuf have either
            made[key] = self.make(
                schema, path + VALUE, (*place, key), is_first=is_first and index == 0, is_required=is_required
            )
        return _ABSENT if any(each is _ABSENT for each in made.values()) else made

    def _make_leaf(self, leaf: Leaf, place: Place, *, is_required: bool) -> Any:
        self._number += 1
        use = self._uses[leaf.path] = self._uses.get(leaf.path, -1) + 1
        if not is_required and not self._wanted(leaf.path):
            return _ABSENT
        per_object = _MANY if _is_repeated(leaf) else 1
        choice = self._variant * per_object + use + int(self._changed)
        if form := self._forms.get(leaf.path):
            leaf = Leaf(leaf.path, {**leaf.schema, "format": form})
        value = make_value(leaf, self._number, choice)
        if self._changed and isinstance(value, bool) and self._number % 2:
            value = not value
        if value is None:
            self._filled.unmade.add(leaf.path)
            return _ABSENT
        self._filled.leaves[place] = leaf.path
        return value


def _takes_repeated(schema: Schema, count: int) -> bool:
    """Whether a list of more than one item takes one of them once more."""
    is_list = schema.get("x-kubernetes-list-type", "atomic") == "atomic" and not schema.get("uniqueItems")
    return is_list and 1 < count < int(schema.get("maxItems", count + 1))


def find(value: Any, place: Place) -> Any:
    """Return what stands at the place of the value; a marker that equals nothing else where nothing does."""
    for step in place:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return _ABSENT
        elif not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def is_there(value: Any, place: Place) -> bool:
    """Whether anything stands at the place."""
    return find(value, place) is not _ABSENT


def join(place: Place) -> str:
    """Return the place as findings name it: `status.steps[0].name`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def make_patch(before: Any, after: Any) -> Any:
    """Return the merge patch that makes `before` to `after`, both objects."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        earlier = before.get(name, _ABSENT)
        if isinstance(value, dict) and isinstance(earlier, dict):
            if inner := make_patch(earlier, value):
                patch[name] = inner
        elif value != earlier:
            patch[name] = value
    return patch


def _is_repeated(leaf: Leaf) -> bool:
    return ITEM in leaf.path or VALUE in leaf.path


def _choose(schema: Schema, variant: int) -> set[str]:
    """Return the fields that are left out of an object in that variant, since only one of a choice may be set."""
    left_out: set[str] = set()
    for branches in _get_branches(schema):
        chosen = branches[variant % len(branches)]
        left_out |= {name for branch in branches for name in branch if name not in chosen}
    return left_out


def _get_branches(schema: Schema) -> list[list[frozenset[str]]]:
    """Return the choices of one object, each as its branches: the fields that each has."""
    found: list[list[frozenset[str]]] = []
    if one_of := schema.get("oneOf"):
        named = [frozenset(each.get("required") or ()) for each in one_of]
        if sum(map(bool, named)) > 1:
            found.append([each for each in named if each])
    refused = [schema.get("not") or {}]
    for rule in refused:
        refused += list(rule.get("anyOf") or ())
        pair = list(rule.get("required") or ())
        if len(pair) > 1:
            found.append([frozenset(set(pair) - {name}) for name in pair])
    for rule in schema.get("allOf") or ():
        found += _get_branches(rule)
    return found


def _list_branches(schema: Schema) -> Iterator[list[frozenset[str]]]:
    yield from _get_branches(schema)
    for inner in _list_inner(schema).values():
        yield from _list_branches(inner)


def _list_alternatives(schema: Schema, path: str) -> Iterator[str]:
    for branches in _get_branches(schema):
        for branch in branches:
            yield from (f"{path}.{name}" for name in branch)
    for suffix, inner in _list_inner(schema).items():
        yield from _list_alternatives(inner, path + suffix)


def _list_inner(schema: Schema) -> dict[str, Schema]:
    """Return the schemas within the schema, by what they add to its path."""
    inner: dict[str, Schema] = {f".{name}": each for name, each in (schema.get("properties") or {}).items()}
    if (items := get_items(schema)) is not None:
        inner[ITEM] = items
    if (values := get_values(schema)) is not None:
        inner[VALUE] = values
    return inner
