"""What every format shows of a record: the verdict, tables, and lines. Texts and numbers, no markup."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.load.limits import EXCEEDED, LOST, MEASURES, MIB, OK, UNTOLD, collect
from harness.load.output.plot import Axis, Series
from harness.load.record import BackfillResult, LoadRecord, LoadResult
from harness.report.formatting import count, format_duration
from harness.report.plain_table import Table
from harness.sandbox.base import CONTROLLERMGR

_WORDS = {OK: ("pass", "WITHIN LIMITS"), LOST: ("fail", "NOT EQUAL"), EXCEEDED: ("fail", "BEYOND A LIMIT")}
_NEVER = "never"
_AUDITS = {OK: "equal", LOST: "not equal", UNTOLD: "not all told"}


@dataclass(frozen=True)
class Plot:
    """A drawing that is still values."""

    title: str
    hint: str
    series: tuple[Series, ...]
    x: Axis
    y: Axis


def describe_verdict(record: LoadRecord) -> tuple[str, str, str]:
    """Return how it ended: a tone, a word, and a sentence."""
    tone, word = _WORDS.get(record.exit_code, ("warn", "NOT ALL TOLD"))
    return tone, word, _make_headline(record)


def _make_headline(record: LoadRecord) -> str:
    if record.problem:
        return record.problem.partition("\n")[0]
    if record.exit_code == LOST:
        return next(each.verdict for each in record.audits if each.exit_code == LOST)
    worse = [change.title for change in record.changes if change.worse]
    exceeded = [
        f"{limit.title}: {_number(limit.value)}, limit {limit.limit:g}"
        for limit in record.limits
        if limit.exceeded
    ]
    if exceeded or worse:
        return "; ".join([*exceeded, *(f"worse than before: {title}" for title in worse)])
    parts = []
    if record.loads:
        rates = [load.requests.rate for load in record.loads]
        p99s = [each.p99_s for load in record.loads for each in load.latencies.values()]
        slowest = max((each for each in p99s if each is not None), default=None)
        within = "and not every row came"
        if slowest is not None and None not in p99s:
            within = f"99 % of each kind in MySQL within {format_duration(slowest)}"
        parts.append(f"{min(rates):,.0f} writes/s, {within}")
    parts += [
        f"{each.objects:,} objects "
        + ("not caught up with" if each.took_s is None else f"caught up with in {format_duration(each.took_s)}")
        for each in record.backfills
    ]
    return "; ".join(parts) or "Nothing was measured"


def list_limits(record: LoadRecord) -> Table | None:
    """Return the limits that were given; None without any."""
    rows = [
        (limit.title, f"{limit.limit:g}", _number(limit.value), "✗ beyond" if limit.exceeded else "✓ within")
        for limit in record.limits
    ]
    bad = frozenset(number for number, limit in enumerate(record.limits) if limit.exceeded)
    heads = ("Limit", "limit", "measured", "")
    return Table("Limits", heads, tuple(rows), "The worst of all loads.", bad) if rows else None


def list_changes(record: LoadRecord) -> Table | None:
    """Return what differs from the baseline; None without one."""
    if not record.baseline:
        return None
    rows = tuple(
        (change.title, _number(change.before), _number(change.after), "✗ worse" if change.worse else "✓ not worse")
        for change in record.changes
    )
    bad = frozenset(number for number, change in enumerate(record.changes) if change.worse)
    worse = "Worse is what is half as large again, by more than can be felt"
    hint = f"Medians of all loads. {worse}. {record.baseline}"
    return Table("Against the baseline", ("Value", "before", "now", ""), rows, hint, bad)


def list_spread(record: LoadRecord) -> Table | None:
    """Return how the loads differ from each other; None where there is but one."""
    if len(record.loads) < 2:
        return None
    rows = []
    for measure in MEASURES:
        values = collect(measure, record.loads)
        known = [value for value in values if value is not None]
        if known and len(known) == len(values):
            shown = (f"{value:.4g}" for value in (statistics.median(known), min(known), max(known)))
            rows.append((f"{measure.title}, {measure.unit}", *shown, ", ".join(f"{value:.4g}" for value in known)))
    for verb in record.loads[0].latencies:
        found = [load.latencies[verb].p50_s for load in record.loads if verb in load.latencies]
        if known := [value for value in found if value is not None]:
            shown = (format_duration(value) for value in (statistics.median(known), min(known), max(known)))
            rows.append((f"p50 of {verb} to row", *shown, ", ".join(map(format_duration, known))))
    hint = f"{count(len(record.loads), 'load')}, each in a sandbox of its own."
    return Table("Spread", ("Value", "median", "lowest", "highest", "each"), tuple(rows), hint)


def list_latencies(load: LoadResult) -> Table:
    """Return how long rows took, by verb and by kind."""
    named = [*((f"{verb} → row", each) for verb, each in load.latencies.items()), *load.kinds.items()]
    rows = tuple(
        (
            name,
            f"{each.count:,}",
            *(_time(value) for value in (each.p50_s, each.p90_s, each.p99_s, each.max_s)),
            f"{each.missing:,}",
            f"{each.overtaken:,}",
            f"{each.fleeting:,}",
        )
        for name, each in named
    )
    bad = frozenset(number for number, (_, each) in enumerate(named) if each.missing)
    hint = (
        "From the API server's answer to the commit in MySQL. Never came: no row while rows were awaited. "
        "Overtaken: the object was deleted before, and its row says so. Fleeting: deleted before it had a row."
    )
    heads = ("Write", "writes", "p50", "p90", "p99", "max", "never came", "overtaken", "fleeting")
    return Table("Latency", heads, rows, hint, bad)


def list_windows(load: LoadResult) -> Table | None:
    """Return the parts of the load; None of one that was interrupted."""
    rows = tuple(
        (
            f"{each.from_s:.3g} to {each.to_s:.3g} s",
            "max" if each.asked is None else f"{each.asked:.0f}",
            f"{each.done:.0f}",
            *((_time(each.p50_s), _time(each.p99_s)) if each.done else ("-", "-")),
            f"{each.backlog:,}",
        )
        for each in load.windows
    )
    heads = ("Part", "writes/s asked for", "done", "p50", "p99", "backlog at its end")
    hint = ""
    if load.p99_limit_s is not None:
        rate = "none" if load.highest_rate is None else f"{load.highest_rate:.0f} writes/s"
        hint = f"Highest rate at which p99 stays below {format_duration(load.p99_limit_s)}: {rate}."
    return Table("Parts of the load", heads, rows, hint) if rows else None


def list_components(load: LoadResult | BackfillResult) -> Table | None:
    """Return what the components took; None where that is not known."""
    rows = tuple(
        (name, f"{each.cpu_s:.1f} s", f"{_average(each.cores):.2f}", f"{each.peak / MIB:.0f} MiB")
        for name, each in load.components.items()
    )
    hint = ""
    if isinstance(load, LoadResult) and load.growth is not None:
        hint = f"The controller manager's memory grew by {load.growth / 1024:.1f} KiB for each write."
    heads = ("Component", "processor time", "cores on average", "most memory")
    return Table("Cost", heads, rows, hint) if rows else None


def list_backfills(record: LoadRecord) -> Table | None:
    """Return what backfills cost, the smallest first; None without any."""
    rows = []
    for each in sorted(record.backfills, key=lambda result: result.objects):
        manager = each.components.get(CONTROLLERMGR)
        spent = sum(component.cpu_s for component in each.components.values())
        rows.append(
            (
                f"{each.objects:,}",
                format_duration(each.created_s),
                _time(each.took_s),
                f"{each.objects / each.took_s:,.0f}" if each.took_s else "-",
                _name_slowest(each),
                f"{manager.cpu_s:.1f} s" if manager else "-",
                f"{spent:.1f} s" if each.components else "-",
                f"{manager.peak / MIB:.0f} MiB" if manager else "-",
                _AUDITS[each.audited.exit_code] if each.audited else "not made",
            )
        )
    heads = (
        "Objects", "created in", "caught up in", "objects/s", "the last kind", "its processor time", "of all",
        "its most memory", "audit",
    )  # fmt: skip
    hint = "From the controller manager's start to the last row; the objects were there before it."
    return Table("Backfill", heads, tuple(rows), hint) if rows else None


def _name_slowest(backfill: BackfillResult) -> str:
    """Return the kind whose last row came last, and the one before it: how much it is behind all others."""
    ended = sorted(
        backfill.kinds.items(), key=lambda pair: math.inf if pair[1] is None else pair[1], reverse=True
    )
    return ", ".join(f"{kind} {_time(seconds)}" for kind, seconds in ended[:2]) or "-"


def list_facts(load: LoadResult) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of a load, by name."""
    requests, clocks = load.requests, load.clocks
    yield from load.facts.items()
    yield "done", f"{requests.count:,} writes in {format_duration(load.duration_s)}, {requests.rate:,.0f} a second"
    if requests.failed:
        yield "failed", ", ".join(f"{number:,} times {answer}" for answer, number in requests.failed.items())
    took = f"{_time(requests.p50_s)} (half), {_time(requests.p99_s)} (99 %)"
    yield "answered within", f"{took}, by the clients' clocks"
    yield "most writes without a row at once", f"{load.highest_backlog:,}"
    last = "never" if load.caught_up_s is None else format_duration(load.caught_up_s)
    more = f", {load.open:,} writes without a row" if load.open else ""
    yield "from the last write to the last row", f"{last}{more}{' and none coming' if load.stalled else ''}"
    if controller := load.controller:
        mean = "-" if controller.mean_s is None else format_duration(controller.mean_s)
        bound = "-" if controller.p99_s is None else f"within {format_duration(controller.p99_s)}"
        yield "the controller manager's own count", (
            f"{controller.reconciles:,.0f} reconciles, {mean} on average, 99 % {bound}; {controller.errors:,.0f} "
            f"failed, {controller.retries:,.0f} retries; deepest queue "
            f"{max((depth for _, depth in controller.depth), default=0):,.0f}"
        )
    else:
        yield "the controller manager's own count", "it serves no metrics"
    answers = f"{clocks.answers} ({clocks.told:.1%} of the writes)" if clocks.told else clocks.answers
    yield "clock of the API server", answers
    error = f"; committed up to {format_duration(clocks.error_s)} earlier (99 %)" if clocks.error_s else ""
    yield "clock of MySQL", f"{clocks.commits}{error}"
    if clocks.answer_s is not None:
        within = format_duration(clocks.answer_s)
        yield "the API server stored a write", f"within {within} before its answer (99 %)"
    yield "audit", load.audited.verdict if load.audited else "not made: rows were still under way"


def list_plots(load: LoadResult) -> Iterator[Plot]:
    """Yield the drawings of a load."""
    seconds = Axis("seconds")
    windows = [each for each in load.windows if each.done]
    p50 = [(each.done, each.p50_s) for each in windows if each.p50_s is not None]
    p99 = [(each.done, each.p99_s) for each in windows if each.p99_s is not None]
    yield Plot(
        "Latency over load",
        "A mark for each part of the load; logarithmic scale.",
        (Series("p50", sorted(p50), joined=False), Series("p99", sorted(p99), joined=False)),
        Axis("writes a second that were done", lambda value: f"{value:.0f}"),
        Axis("latency", format_duration, logarithmic=True),
    )
    yield Plot(
        "Backlog over time",
        "Writes that were answered and had no row yet.",
        (
            Series("backlog", load.backlog),
            *((Series("queued, by its own count", load.controller.depth),) if load.controller else ()),
        ),
        seconds,
        Axis("writes", lambda value: f"{value:,.0f}"),
    )
    yield Plot(
        "Memory over time",
        "",
        tuple(
            Series(name, [(at, value / MIB) for at, value in each.memory])
            for name, each in load.components.items()
        ),
        seconds,
        Axis("memory", lambda value: f"{value:,.0f} MiB"),
    )
    yield Plot(
        "Processor time over time",
        "",
        tuple(Series(name, each.cores) for name, each in load.components.items()),
        seconds,
        Axis("cores", lambda value: f"{value:.2g}"),
    )


def list_backfill_plots(record: LoadRecord) -> Iterator[Plot]:
    """Yield the drawings of all backfills."""
    done = sorted((each for each in record.backfills), key=lambda each: each.objects)
    objects = Axis("objects", lambda value: f"{value:,.0f}", logarithmic=True)
    if len({each.objects for each in done}) > 1:
        yield Plot(
            "Cost as work grows",
            "Logarithmic scales: what doubles with the work climbs by the same angle as it.",
            (
                Series("caught up in", [(each.objects, each.took_s) for each in done if each.took_s]),
                Series(
                    "processor time of the controller manager",
                    [(each.objects, each.components[CONTROLLERMGR].cpu_s) for each in done if each.components],
                ),
            ),
            objects,
            Axis("seconds", format_duration, logarithmic=True),
        )
    yield Plot(
        "Rows over time",
        "From the controller manager's start.",
        tuple(Series(f"{each.objects:,} objects", each.rows) for each in done),
        Axis("seconds"),
        Axis("rows", lambda value: f"{value:,.0f}"),
    )


def _average(points: Sequence[tuple[float, float]]) -> float:
    return statistics.fmean(value for _, value in points) if points else 0.0


def _time(seconds: float | None) -> str:
    return _NEVER if seconds is None else format_duration(seconds)


def _number(value: float | None) -> str:
    return _NEVER if value is None else f"{value:.4g}"
