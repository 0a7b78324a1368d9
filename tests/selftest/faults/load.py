"""Seeded faults of speed and cost: ingesters that write the right rows, and too slowly or at too high a price.

Each names the limit that it exceeds, which a right one holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.load.record import LoadResult
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.spec.model import JsonObject

SLOW_S = 0.05
LEAK = 1 << 18   # bytes for each sync
FALLING_BEHIND_S = 1.0


@dataclass(frozen=True)
class LoadFault:
    """An ingester, the words of a load, the limit that is exceeded, and what of the load shows why."""

    name: str
    parts: Callable[[], Parts]
    words: tuple[str, ...]
    exceeds: str
    shows: Callable[[LoadResult], bool]


def _take_a_while(seconds: float) -> Callable[[], Parts]:
    class Slow(Reconciler):
        def sync(self, obj: JsonObject, log: Log) -> None:
            time.sleep(seconds)
            super().sync(obj, log)

    return lambda: Parts(reconciler=Slow)


def _leak() -> Parts:
    kept: list[bytearray] = []

    class Leaking(Reconciler):
        def sync(self, obj: JsonObject, log: Log) -> None:
            kept.append(bytearray(b"x" * LEAK))
            super().sync(obj, log)

    return Parts(reconciler=Leaking)


def _is_slow(load: LoadResult) -> bool:
    return all((load.latencies[verb].p50_s or 0.0) >= SLOW_S for verb in ("create", "patch"))


def _grows(load: LoadResult) -> bool:
    return (load.growth or 0.0) > LEAK / 2


def _falls_behind(load: LoadResult) -> bool:
    return load.caught_up_s is None and load.open > 0 and not load.stalled and load.audited is None


FAULTS = (
    LoadFault("50-ms-for-a-sync", _take_a_while(SLOW_S), ("--max-p99", f"{SLOW_S}"), "max_p99", _is_slow),
    LoadFault("leaking", _leak, ("--max-growth", "100"), "max_growth", _grows),
    LoadFault(
        "never-catching-up",
        _take_a_while(FALLING_BEHIND_S),
        ("--max-catch-up", "3"),
        "max_catch_up",
        _falls_behind,
    ),
)
