"""Text that hypothesis makes up: the same for the same seed and version, so that a finding can be looked at again.

The texts are drawn once and stored nowhere: what fails is named by its number, the seed and hypothesis's version,
and shown whole in the report.
"""

from __future__ import annotations

import functools
import importlib.metadata

from harness.chapters.hostile_input.texts import LONGEST
from harness.spec.model import Case

SEED = 20260301
COUNT = 16
"""How many texts each kind gets."""

_POOL = 96
_TROUBLE = (
    "'\"`\\%_?:;-#/*{}()\x00\x08\t\n\r\x1a\x7f\x85"
    "\u00a0\u0301\u200d\u202e\u2028\ufeff\ufffe\U0001f469\U0010ffff"
)


def list_generated(case: Case, seed: int = SEED) -> dict[str, str]:
    """Return the case's texts by name; the kinds take turns, so that each text is tried with several."""
    pool = make_texts(seed)
    first = case.turn * COUNT
    return {f"generated-{(first + i) % len(pool):02d}": pool[(first + i) % len(pool)] for i in range(COUNT)}


@functools.cache
def make_texts(seed: int) -> tuple[str, ...]:
    """Return different texts, none longer than the narrowest column: any characters, troublesome ones, mixed."""
    import hypothesis  # noqa: PLC0415  it takes a fifth of a second, which most runs can spare
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415
    from hypothesis import strategies as st  # noqa: PLC0415

    character = st.characters(exclude_categories=["Cs"])   # the same set by its codec takes a second to make
    anything = st.text(character, min_size=1, max_size=LONGEST)
    trouble = st.text(st.sampled_from(_TROUBLE), min_size=1, max_size=LONGEST)
    mixed = st.lists(st.one_of(trouble, st.text(character, min_size=1)), min_size=2, max_size=6).map(
        lambda parts: "".join(parts)[:LONGEST]
    )
    drawn: dict[str, None] = {}

    @hypothesis.seed(seed)
    @settings(
        max_examples=4 * _POOL,   # some are equal: hypothesis likes constants of modules that happen to be loaded
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(anything, trouble, mixed))
    def draw(text: str) -> None:
        drawn[text] = None

    draw()
    return tuple(drawn)[-_POOL:]   # the first ones are the shortest


def describe_source(seed: int = SEED) -> str:
    """Return what the texts can be made from again."""
    return f"hypothesis {importlib.metadata.version('hypothesis')}, seed {seed}"
