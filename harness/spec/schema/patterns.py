"""Texts that match a schema's pattern: common ones by heart, for all others hypothesis makes one up."""

from __future__ import annotations

import functools
import re

_SHAPES = (
    "{name}-{n}",
    "{n}s",
    "{n}.5s",
    "{odd}m",
    "{n}",
    "{n}ms",
    "n{n}",
    "N{n}",
    "{n}.example.org",
    "n{n}/n{n}",
    "v1.{n}.0",
    "1.{n}.0",
    "10.0.{low}.{high}",
    "00000000-0000-4000-8000-{n:012d}",
    "https://example.org/{n}",
    "n{n}@example.org",
    "sha256:{n:064x}",
    "{n:040x}",
)
"""Tried in this order; each is canonical, so that nobody has a reason to write it differently."""


def make_matching(pattern: str, name: str, number: int, *, shortest: int = 0, longest: int | None = None) -> str:
    """Return a text that matches the pattern, another one for each number if it can be; '' where none is found."""

    def fits(text: str) -> bool:
        return (
            re.search(pattern, text) is not None
            and len(text) >= shortest
            and (longest is None or len(text) <= longest)
        )

    low, high = divmod(number % 65_536, 256)
    for shape in _SHAPES:
        text = shape.format(name=name, n=number, odd=2 * number + 1, low=low, high=high)
        if fits(text):
            return text
    drawn = [text for text in _draw(pattern) if fits(text)]
    return drawn[number % len(drawn)] if drawn else ""


@functools.cache
def _draw(pattern: str) -> tuple[str, ...]:
    from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: PLC0415  it takes its time to load
    from hypothesis import strategies as st  # noqa: PLC0415

    drawn: dict[str, None] = {}

    @seed(0)
    @settings(
        max_examples=60,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.from_regex(pattern, fullmatch=False))
    def draw(text: str) -> None:
        if text.isprintable():
            drawn[text] = None

    draw()
    return tuple(drawn)
