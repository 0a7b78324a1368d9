"""Writes what `harness.report.diff` found: as text, Markdown, JSON or a page. It judges nothing itself."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping, Sequence

from harness.core.record import Record
from harness.report.diff import ABSENT, Area, Difference
from harness.report.formatting import count
from harness.report.html import render_template


def render_diff(
    differences: Sequence[Difference], *, before: str = "before", after: str = "now", markdown: bool = False
) -> str:
    """Return `differences` as text, or as Markdown; `before` and `after` name the two runs."""
    if not differences:
        return "No differences.\n"
    lines: list[str] = []
    for area in Area:
        chosen = [difference for difference in differences if difference.area == area]
        if chosen:
            lines += ["", f"**{area}**" if markdown else area, *([""] if markdown else [])]
            lines += [
                f"{'-' if markdown else ' '} {item.subject}: "
                f"{before}: {_quote(item.before, markdown)}, {after}: {_quote(item.after, markdown)}"
                f"{' (worse)' if item.worse else ''}"
                for item in chosen
            ]
    return "\n".join(lines[1:]) + "\n"


def _quote(value: str, markdown: bool) -> str:
    """Return `value` so that Markdown leaves a version or a digest as it is."""
    return f"`{value}`" if markdown and value and "`" not in value else value or ABSENT


def summarise_diff(differences: Sequence[Difference]) -> str:
    """Return what the differences amount to, in one sentence."""
    worse = sum(item.worse for item in differences)
    told = sum(item.area is Area.VERSION for item in differences)
    others = len(differences) - worse - told
    parts = [f"{worse} worse" if worse else "Nothing is worse"]
    parts += [count(others, "other change")] if others else []
    parts += [f"{count(told, 'version or digest', 'versions and digests')} differ"] if told else []
    return f"{'; '.join(parts)}."


def _render_text(
    _old: Record, _new: Record, differences: Sequence[Difference], *, markdown: bool = False
) -> str:
    head = f"{summarise_diff(differences)}\n\n" if differences else ""
    return f"{head}{render_diff(differences, markdown=markdown)}"


def _render_json(old: Record, new: Record, differences: Sequence[Difference]) -> str:
    """Return the runs, how many differences are worse, and each difference with its area."""
    data = {
        "old": _name_run(old),
        "new": _name_run(new),
        "worse": sum(item.worse for item in differences),
        "differences": [{**dataclasses.asdict(item), "area": item.area.name.lower()} for item in differences],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _name_run(record: Record) -> dict[str, str]:
    names = ("started_at", "profile", "system_under_test")
    return {name: getattr(record, name) for name in names}


def _render_page(old: Record, new: Record, differences: Sequence[Difference]) -> str:
    worse = any(item.worse for item in differences)
    return render_template(
        "diff.html.j2",
        old=old,
        new=new,
        tone="fail" if worse else "pass",
        word="WORSE" if worse else "NOT WORSE",
        sentence=summarise_diff(differences),
        areas=[(area, own) for area in Area if (own := [item for item in differences if item.area is area])],
    )


FORMATS: Mapping[str, Callable[[Record, Record, Sequence[Difference]], str]] = {
    "text": _render_text,
    "markdown": functools.partial(_render_text, markdown=True),
    "json": _render_json,
    "html": _render_page,
}
"""How two records and their differences are written, by the name of the format."""
