"""How long a controller manager takes for objects that were there before it: made while it is down."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

from harness.clients.kube import read_login
from harness.core.polling import wait_for
from harness.core.progress import Progress
from harness.load.engine import Engine
from harness.load.loading import (
    GATHER_S,
    LoadSettings,
    choose_cases,
    follow,
    is_coming,
    make_path,
    make_templates,
)
from harness.load.observation import Observation, open_commits
from harness.load.plan import LoadPlan
from harness.load.record import BackfillResult, Points
from harness.load.verification import verify
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.capabilities import ReconfiguresControllerManager, require
from harness.suite.context import RunContext

_TIMEOUT_S = 3600.0
_FIRST_ROW_S = 300.0
_POINTS = 200


def run_backfill(
    context: RunContext, objects: int, settings: LoadSettings, output: Path, progress: Progress
) -> BackfillResult:
    """Create so many objects, of all kinds in turn, while the controller manager is down; start it, and time it.

    Rows are awaited as long as some come. Raises HarnessError where the sandbox can't stop its controller manager.
    """
    manager = require(context.sandbox, ReconfiguresControllerManager)
    cases = choose_cases(context)
    kinds = [case.kind for case in cases]
    namespace = context.take_namespace()
    templates = make_templates(context, cases, namespace, size=settings.size, labels=settings.labels)
    plan = LoadPlan(
        make_path(namespace), templates, limit=objects, rate=None, workers=settings.workers, seed=settings.seed
    )
    result = BackfillResult(objects, 0.0)
    manager.stop_controllermgr()
    with contextlib.closing(open_commits(context, kinds, namespace)) as commits:
        making = Observation(context.sandbox, templates, commits)
        try:
            with contextlib.closing(Engine(plan, read_login(context.sandbox.kubeconfig))) as engine:
                follow(engine, making, progress, f"create {objects:,} objects")
            writes = making.measurement.writes
            result.objects = len(writes)
            result.created_s = max(each.answered_at for each in writes) - min(each.sent_at for each in writes)
            observation = Observation(context.sandbox, templates, commits)
            observation.measurement.add_writes(writes)
            _catch_up(context, manager, observation, result, progress)
            if result.took_s is not None or not is_coming(observation, context.timeouts.sync_s):
                progress.begin("audit")
                result.audited = verify(context, kinds, namespace, output / f"audit-{objects}")
                progress.end("audit", result.audited.verdict)
        except KeyboardInterrupt:
            result.interrupted = True
    return result


def _catch_up(
    context: RunContext,
    manager: ReconfiguresControllerManager,
    observation: Observation,
    result: BackfillResult,
    progress: Progress,
) -> None:
    stage = f"backfill {result.objects:,} objects"
    progress.begin(stage, result.objects, "objects")
    manager.start_controllermgr(await_healthy=False)
    started_at = context.sandbox.component(CONTROLLERMGR).started_at or dt.datetime.now(dt.UTC).timestamp()
    measurement = observation.measurement

    def count() -> int:
        observation.gather(None, [])
        number = measurement.count_open()
        progress.advance(stage, result.objects - number)
        return number


    def is_in_vain(number: int) -> bool:
        """The more objects there are, the longer a controller manager reads before it writes its first row."""
        if number == result.objects:
            return observation.clock() - started_at > _FIRST_ROW_S
        return not is_coming(observation, context.timeouts.sync_s)

    try:
        wait_for(
            count,
            lambda number: number == 0,
            give_up=is_in_vain,
            timeout_s=_TIMEOUT_S,
            interval_s=GATHER_S,
            max_interval_s=GATHER_S,
        )
    finally:   # what there is by then is kept, also where it is interrupted
        _conclude(observation, started_at, result)
    progress.end(stage, f"{result.took_s:.1f} s" if result.took_s else f"{result.open:,} without a row")


def _conclude(observation: Observation, started_at: float, result: BackfillResult) -> None:
    timed = observation.measurement.join({})
    rows = sorted(each.row_at for each in timed if each.row_at is not None)
    for kind in dict.fromkeys(each.kind for each in timed):
        moments = [each.row_at for each in timed if each.kind == kind]
        known = [at - started_at for at in moments if at is not None]
        result.kinds[kind] = max(known) if len(known) == len(moments) else None
    result.rows = _thin_out([(at - started_at, number + 1) for number, at in enumerate(rows)])
    result.components = observation.describe_components(started_at)
    result.open = len(timed) - len(rows)
    if rows and not result.open:
        result.took_s = rows[-1] - started_at


def _thin_out(points: list[tuple[float, int]]) -> Points:
    """Return some of the points, the last one among them."""
    step = max(len(points) // _POINTS, 1)
    return [(at, float(number)) for at, number in points[::-1][::step][::-1]]
