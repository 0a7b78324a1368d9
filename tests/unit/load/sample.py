"""A small record of two loads and two backfills, with all that a page can show."""

from __future__ import annotations

from harness.load.limits import compare, judge_limits
from harness.load.record import (
    Audited,
    BackfillResult,
    Clocks,
    ComponentLoad,
    ControllerLoad,
    LoadRecord,
    LoadResult,
    Requests,
)
from harness.load.statistics import Latency, Window
from harness.sandbox.base import CONTROLLERMGR, MYSQL

MIB = 1 << 20
EQUAL = Audited(0, "MySQL equals Kubernetes: 800 objects and 200 rows without one", 800)


def make_load(*, slower: float = 1.0) -> LoadResult:
    """Return a load of ten seconds, all of whose latencies are so many times as long."""
    seconds = [float(second) for second in range(10)]
    latency = Latency(400, 0, 2, 1, 0.008 * slower, 0.012 * slower, 0.03 * slower, 0.09 * slower)
    return LoadResult(
        started_at="2026-11-26T00:00:00+00:00",
        facts={"shape": "ramp, 100 writes/s, 10 s", "kinds": "Project, <Model>"},
        duration_s=10.0,
        requests=Requests(1000, 100.0, 0.004, 0.02, {"create: HTTP 409": 2}),
        latencies={"create": latency, "patch": latency},
        kinds={"Project": latency},
        windows=[
            Window(at, at + 1, 10 * at + 10, 9 * at + 9, 0.005, round(0.01 * (at + 1) * slower, 6), int(at))
            for at in seconds
        ],
        backlog=[(second, second * 3) for second in seconds],
        highest_backlog=27,
        caught_up_s=0.4 * slower,
        highest_rate=63.0 / slower,
        p99_limit_s=0.075,
        clocks=Clocks("kube-apiserver's own, of each answer", "MySQL's own, of each commit", 1.0, 0.0, 0.006),
        components={
            CONTROLLERMGR: ComponentLoad(
                [(at, 0.2) for at in seconds], [(at, (80 + at) * MIB) for at in seconds], 2.0, 89.0 * MIB
            ),
            MYSQL: ComponentLoad(
                [(at, 0.1) for at in seconds], [(at, 100.0 * MIB) for at in seconds], 1.0, 100.0 * MIB
            ),
        },
        growth=2048.0,
        controller=ControllerLoad([(second, second) for second in seconds], 3.0, 1200.0, 1.0, 0.004, 0.025),
        audited=EQUAL,
    )


def make_backfill(objects: int) -> BackfillResult:
    """Return a backfill of so many objects, 500 of them a second."""
    took_s = objects / 500
    return BackfillResult(
        objects,
        objects / 800,
        [(took_s * part / 4, objects * part / 4) for part in range(1, 5)],
        took_s,
        kinds={"Project": took_s / 2, "Model": took_s},
        components={CONTROLLERMGR: ComponentLoad([(1.0, 0.9)], [(1.0, 200.0 * MIB)], took_s * 0.9, 200.0 * MIB)},
        audited=EQUAL,
    )


def make_record(*loads: LoadResult, limits: dict[str, float] | None = None) -> LoadRecord:
    """Return a record of the loads, and of two backfills, judged by the limits."""
    record = LoadRecord(
        command="ingester-acceptance load --shape ramp",
        started_at="2026-11-26T00:00:00+00:00",
        finished_at="2026-11-26T00:05:00+00:00",
        harness_version="1.0",
        system_under_test="upstream at <8a8c215d>",
        backend="local",
        profile="upstream-main",
        environment={"MySQL sql_mode": "STRICT_TRANS_TABLES"},
        warnings=["a warning"],
        loads=list(loads or (make_load(), make_load(slower=1.25))),
        backfills=[make_backfill(1000), make_backfill(10000)],
    )
    record.limits = judge_limits(record, {"max_p99": 0.5, "max_catch_up": 120.0} if limits is None else limits)
    record.baseline = "earlier/load.json"
    record.changes = compare(record, record)
    return record
