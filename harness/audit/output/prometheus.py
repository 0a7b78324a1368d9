"""Renders a result in Prometheus' text format, as its node exporter's textfile collector takes it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.classes import AuditClass
from harness.audit.output.table import get_age_s
from harness.audit.result import AuditResult
from harness.report.formatting import parse_time

_PREFIX = "ingester_audit"
_QUANTILES = (0.5, 0.9, 0.99, 1.0)


def render_metrics(result: AuditResult) -> str:
    """Return the result as gauges."""
    return "\n".join(_list_lines(result)) + "\n"


def _list_lines(result: AuditResult) -> Iterator[str]:
    yield from _head("objects", "Objects of a kind that were looked at.")
    for kind in result.kinds:
        yield _line("objects", {"kind": kind.name}, kind.objects)
    yield from _head("rows", "Objects and rows of a kind by what they are to each other.")
    for kind in result.kinds:
        for each in AuditClass:
            yield _line("rows", {"kind": kind.name, "class": each.slug}, kind.tally.counts[each])
    yield from _head("oldest_seconds", "Age of the oldest finding of a kind and a class.")
    for kind in result.kinds:
        for each in kind.tally.oldest:
            age_s = get_age_s(result, kind, each)
            if age_s is not None:
                yield _line("oldest_seconds", {"kind": kind.name, "class": each.slug}, age_s)
    yield from _head("lag_seconds", "How late at most the late rows were.")
    for share in _QUANTILES:
        lag_s = result.find_quantile(share)
        if lag_s is not None:
            yield _line("lag_seconds", {"quantile": f"{share:g}"}, lag_s)
    yield from _head("problems", "What could not be told.")
    yield _line("problems", {}, len(result.problems))
    yield from _head("exit_code", "0: equal or late only; 1: findings; 2: something could not be told.")
    yield _line("exit_code", {}, result.exit_code)
    yield from _head("duration_seconds", "How long the audit took.")
    yield _line("duration_seconds", {}, result.duration_s)
    began = parse_time(result.started_at)
    if began is not None:
        yield from _head("end_timestamp_seconds", "When the audit ended.")
        yield _line("end_timestamp_seconds", {}, began + result.duration_s)


def _head(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {_PREFIX}_{name} {text}"
    yield f"# TYPE {_PREFIX}_{name} gauge"


def _line(name: str, labels: dict[str, str], value: float) -> str:
    pairs = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    shown = f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f"{_PREFIX}_{name}{{{pairs}}} {shown}" if pairs else f"{_PREFIX}_{name} {shown}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
