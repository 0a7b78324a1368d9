"""What a round was like over time: operations a second, the fault, and how far the rows were behind.

Plain numbers, made from the round's record, for whoever draws them (`harness.report.timeline`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from harness.chapters.faults.load.history import Event, Outcome
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import INTERVAL_S, Sighting
from harness.chapters.faults.round_record import RoundRecord
from harness.clients.kube import get_version

_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_MOST_STEPS = 60
_UNANSWERED = (Outcome.REFUSED, Outcome.INDETERMINATE)

Span = tuple[float, float]


def make_timeline(record: RoundRecord) -> dict[str, Any] | None:
    """Return the round over time, in seconds since its load began; None where there was no load.

    `rates` and `lag_s` have a number for each `step_s`: operations a second by what became of them, and the
    longest that an acknowledged write was not in its row by then, as far as the sampler's looks tell. `bands` and
    `marks` are what happened, in words: from when to when, and when.
    """
    began = record.started_at
    if not record.events:
        return None
    length_s = _find_end(record) - began
    step_s = next((step for step in _STEPS_S if length_s <= step * _MOST_STEPS), _STEPS_S[-1])
    steps = max(1, math.ceil(length_s / step_s))
    bands = []
    if record.injected_at:
        until = record.recovered_at or began + length_s
        bands.append({"text": record.title, "from_s": record.injected_at - began, "to_s": until - began})
    marks = [
        {"text": text, "at_s": at - began}
        for text, at in (
            ("the load ends", max(event.answered_at for event in record.events)),
            ("last writes", record.settled_finally.began_at),
        )
        if at
    ]
    return {
        "step_s": step_s,
        "rates": {
            "acknowledged": _count(record.events, (Outcome.ACKNOWLEDGED,), began, step_s, steps),
            "not acknowledged": _count(record.events, _UNANSWERED, began, step_s, steps),
        },
        "lag_s": _measure_lag([(a - began, z - began) for a, z in list_waits(record)], step_s, steps),
        "resolution_s": INTERVAL_S,
        "bands": bands,
        "marks": marks,
    }


def list_waits(record: RoundRecord) -> Iterator[Span]:
    """Yield from when to when each acknowledged write was not in its row, as far as the looks tell."""
    end, seen = _find_end(record), defaultdict[str, list[Sighting]](list)
    for sighting in record.sightings:
        for uid in sighting.changes:
            seen[uid].append(sighting)
    deleted = {
        event.uid
        for event in record.events
        if event.operation.verb is Verb.DELETE and event.outcome is Outcome.ACKNOWLEDGED
    }
    for event in record.events:
        if event.outcome is not Outcome.ACKNOWLEDGED:
            continue
        if event.operation.verb is Verb.DELETE and event.operation.kind in record.retained:
            continue   # the row stays
        if event.uid in deleted and not seen[event.uid]:
            continue   # it never had a row, and need not
        until = _find_arrival(event, seen[event.uid], end)
        if until > event.answered_at:
            yield event.answered_at, until


def _find_arrival(event: Event, sightings: Sequence[Sighting], end: float) -> float:
    """Return when the row was first seen at the event's version or later, or not live any more."""
    for sighting in sightings:
        row = sighting.changes[event.uid]
        if row is None or not row.live:
            return sighting.at
        if event.object is not None and row.res_version >= get_version(event.object):
            return sighting.at
    return end


def _find_end(record: RoundRecord) -> float:
    looks = [*record.settled.looks[-1:], *record.settled_finally.looks[-1:]]
    seen = [look.at for look in looks] + [sighting.at for sighting in record.sightings[-1:]]
    return max([event.answered_at for event in record.events] + seen)


def _count(
    events: Sequence[Event], outcomes: Sequence[Outcome], began: float, step_s: float, steps: int
) -> list[float]:
    counts = [0] * steps
    for event in events:
        if event.outcome in outcomes:
            counts[min(steps - 1, max(0, int((event.answered_at - began) / step_s)))] += 1
    return [round(count / step_s, 2) for count in counts]


def _measure_lag(waits: Sequence[Span], step_s: float, steps: int) -> list[float]:
    """Return for each step how long, at the most, a write had been waiting by its end or until it arrived."""
    lag_s = [0.0] * steps
    for began, ended in waits:
        first, last = int(began / step_s), min(steps - 1, int(ended / step_s))
        for step in range(max(0, first), last + 1):
            lag_s[step] = max(lag_s[step], min(ended, (step + 1) * step_s) - began)
    return [round(each, 2) for each in lag_s]
