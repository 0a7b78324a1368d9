"""Objects that hypothesis draws of fields that have reached MySQL: few of them, in any company, at their edges.

Full objects say nothing of what a field does beside none, or when it is zero. What does not reach MySQL is made
smaller until nothing can be left out of it. Decides what to try, and sends nothing.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.core.errors import Refusal
from harness.core.record import Finding
from harness.core.settings import Examples
from harness.spec.schema.leaves import Leaf, get_name
from harness.spec.schema.objects import Filled

_VARIANTS, _ROUNDS = 6, 8
_TYPE = ".@type"
_LIMITS = ("minLength", "minimum", "pattern", "format", "enum", "multipleOf")


@dataclass(frozen=True)
class Draft:
    """What an object is made of: a part, its leaves, their values by variant and round; those at an edge."""

    part: str
    leaves: tuple[str, ...]
    variant: int = 0
    round: int = 0
    edges: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return the leaves, and what of them is at an edge."""
        edges = f"; at an edge: {', '.join(sorted(self.edges))}" if self.edges else ""
        return f"{', '.join(self.leaves)}{edges}"


@dataclass(frozen=True)
class Failure:
    """The smallest object that was found to be wrong, and what is wrong with it."""

    draft: Draft
    findings: tuple[Finding, ...]


Try = Callable[[Draft], Sequence[Finding]]
"""Makes an object of a draft and returns what is wrong with its row; Refusal where the object is not taken."""


def find_failure(
    leaves: Mapping[str, Sequence[str]], examples: Examples, try_: Try, may_go_on: Callable[[], bool]
) -> Failure | None:
    """Try objects of these leaves, by part, and return the smallest that is wrong; None where all are right.

    Nothing more is tried once it `may_go_on` no longer: then the smallest so far is returned. What `try_` raises
    but a Refusal ends it.
    """
    import hypothesis  # noqa: PLC0415  it takes a fifth of a second, which most runs can spare
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415
    from hypothesis import strategies as st  # noqa: PLC0415

    failures: list[Failure] = []
    errors: list[Exception] = []

    @st.composite
    def drafts(draw: st.DrawFn) -> Draft:
        part = draw(st.sampled_from(sorted(leaves)))
        chosen = _complete(draw(st.sets(st.sampled_from(leaves[part]), min_size=1)), leaves[part])
        edges = draw(st.sets(st.sampled_from(sorted(chosen))))
        numbers = draw(st.integers(0, _VARIANTS)), draw(st.integers(0, _ROUNDS))
        return Draft(part, tuple(leaf for leaf in leaves[part] if leaf in chosen), *numbers, frozenset(edges))

    @hypothesis.seed(examples.seed)
    @settings(
        max_examples=examples.count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drafts())
    def reaches_mysql(draft: Draft) -> None:
        if not may_go_on():
            raise unittest.SkipTest("time is up")   # which ends hypothesis, and is no failure to it
        try:
            found = tuple(try_(draft))
        except Refusal:
            return   # it proves nothing, and is one of those that were asked for
        except Exception as error:
            errors.append(error)
            raise unittest.SkipTest(str(error)) from error
        if found:
            failures.append(Failure(draft, found))
            raise AssertionError

    try:
        reaches_mysql()
    except (AssertionError, unittest.SkipTest, hypothesis.errors.Flaky):
        if errors:
            raise errors[0] from None
    return min(failures, key=lambda failure: (len(failure.draft.leaves), len(failure.draft.edges)), default=None)


def _complete(chosen: Collection[str], leaves: Sequence[str]) -> set[str]:
    """Return the leaves with what they can't be without: a packed message is its type and its value."""
    packed = {path.removesuffix(_TYPE) for path in leaves if path.endswith(_TYPE)}
    parents = tuple(f"{parent}." for parent in packed if any(path.startswith(f"{parent}.") for path in chosen))
    return {path for path in leaves if path in chosen or path.startswith(parents)}


def put_at_edge(filled: Filled, leaves: Mapping[str, Leaf], edges: frozenset[str]) -> None:
    """Give those leaves the value at the edge of their type: an empty text, zero, false.

    A leaf that is more than its type says, as a time is, keeps its value: not every decoder takes an empty one.
    """
    for place, path in filled.leaves.items():
        if path in edges:
            edge = _find_edge(leaves[path], filled.get(place))
            if edge is not None:
                _put(filled.value, place[1:], edge)


def _find_edge(leaf: Leaf, value: Any) -> Any:
    if any(limit in leaf.schema for limit in _LIMITS):
        return None
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0
    if isinstance(value, str) and value.startswith(f"{get_name(leaf.path)}-"):
        return ""
    return None


def _put(value: Any, place: Sequence[str | int], new: Any) -> None:
    *way, last = place
    for step in way:
        value = value[step]
    value[last] = new
