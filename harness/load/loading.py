"""One load from its first write to the audit after it; and what Locust is told for it.

What is interrupted keeps what it has: its result says so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.clients.kube import read_login
from harness.core.errors import HarnessError
from harness.core.polling import SYSTEM_CLOCK, wait_for
from harness.core.progress import Progress
from harness.load.engine import Engine
from harness.load.observation import Observation, open_commits
from harness.load.plan import NAME, STEPS, LoadPlan, Shape, Template, Verb, pad
from harness.load.record import LoadResult, Requests
from harness.load.statistics import (
    Timed,
    find_highest_rate,
    find_quantile,
    measure_growth,
    split,
    summarise,
    trace_backlog,
)
from harness.load.verification import verify
from harness.load.writes import Write
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.features import Life
from harness.spec.model import GROUP, VERSION, Case
from harness.suite.context import RunContext

GATHER_S = 0.25
_TOLD_TIMEOUT_S = 5.0
_BACKLOG_STEP_S = 0.25
_POINTS = 400   # of a line of a plot


@dataclass(frozen=True)
class LoadSettings:
    """What a load is. `p99_limit_s` is that below which the highest rate is looked for, where there is one.

    After the last write rows are awaited for `catch_up_s` at the most, and as long as some come.
    """

    shape: Shape = Shape.STEADY
    rate: float | None = 100.0
    duration_s: float = 60.0
    workers: int = 2
    mix: dict[str, float] = field(default_factory=lambda: {"create": 40.0, "patch": 40.0, "delete": 20.0})
    size: int = 0
    labels: int = 0
    catch_up_s: float = 120.0
    p99_limit_s: float | None = None
    metrics_url: str = ""
    seed: int = 1

    def describe(self) -> dict[str, str]:
        """Return it in words, by name."""
        rate = "as fast as they are answered" if self.rate is None else f"{self.rate:g} writes/s"
        total = sum(self.mix.values())
        mix = ", ".join(f"{name} {share / total:.0%}" for name, share in self.mix.items() if share)
        return {
            "shape": f"{self.shape}, {rate}, {self.duration_s:g} s",
            "writes": mix,
            "load generator": f"{self.workers} Locust workers" if self.workers > 1 else "1 Locust worker",
            **({"size": f"{self.size} bytes of JSON at the least"} if self.size else {}),
            **({"labels": f"{self.labels} more"} if self.labels else {}),
        }


def choose_cases(context: RunContext) -> list[Case]:
    """Return the kinds that a load can be made of: all that have a controller and that no known issue blocks."""
    missing = context.registration.missing
    cases = [
        case
        for case in context.cases
        if case.can_be_made and case.name not in missing and context.expectations.find_blocking(case.name) is None
    ]
    if not cases:
        raise HarnessError(f"no kind is left that a load could be made of: {context.registration.headline}")
    return cases


def make_templates(
    context: RunContext, cases: Sequence[Case], namespace: str, *, size: int = 0, labels: int = 0
) -> tuple[Template, ...]:
    """Return the cases' objects as the clients create them, with the Ingester's finalizer."""
    templates = []
    for case in cases:
        obj = context.render(case, namespace)
        obj = {**obj, "metadata": {**obj["metadata"], "name": NAME, "finalizers": [INGESTER_FINALIZER]}}
        life = context.contract.get_life(case.name)
        body = json.dumps(pad(obj, size=size, labels=labels))
        changes = life is not Life.IMMUTABLE
        deleted = changes and life is not Life.RETAINED
        templates.append(Template(case.name, case.kind.plural, body, changes, deleted))
    return tuple(templates)


def make_path(namespace: str) -> str:
    """Return the namespace's path below the API server's address."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}"


def run_load(context: RunContext, settings: LoadSettings, output: Path, progress: Progress) -> LoadResult:
    """Carry a load out and return what it came to. Raises HarnessError where it could not be made."""
    cases = choose_cases(context)
    kinds = [case.kind for case in cases]
    namespace = context.take_namespace()
    templates = make_templates(context, cases, namespace, size=settings.size, labels=settings.labels)
    plan = LoadPlan(
        make_path(namespace),
        templates,
        settings.mix,
        settings.shape,
        settings.rate,
        settings.duration_s,
        workers=settings.workers,
        seed=settings.seed,
    )
    result = LoadResult(facts={**settings.describe(), "kinds": ", ".join(case.name for case in cases)})
    with contextlib.closing(open_commits(context, kinds, namespace)) as commits:
        observation = Observation(context.sandbox, templates, commits, settings.metrics_url)
        try:
            _carry_out(context, settings, plan, observation, result, progress)
            if result.stalled or not result.open:
                progress.begin("audit")
                result.audited = verify(context, kinds, namespace, output / "audit")
                progress.end("audit", result.audited.verdict)
        except KeyboardInterrupt:
            result.interrupted = True
        _conclude(settings, plan, observation, result)
    return result


def _carry_out(
    context: RunContext,
    settings: LoadSettings,
    plan: LoadPlan,
    observation: Observation,
    result: LoadResult,
    progress: Progress,
) -> None:
    measurement = observation.measurement
    with contextlib.closing(Engine(plan, read_login(context.sandbox.kubeconfig))) as engine:
        try:
            follow(engine, observation, progress, "load")
        except KeyboardInterrupt:
            engine.end()   # which tells what was answered
            observation.gather(engine.writes, [])
            raise
    catch_up(observation, settings.catch_up_s, context.timeouts.sync_s, progress)
    result.open = measurement.count_open()
    result.stalled = bool(result.open) and not is_coming(observation, context.timeouts.sync_s)


def follow(engine: Engine, observation: Observation, progress: Progress, stage: str) -> None:
    """Watch a load until it is through. Raises HarnessError where Locust fails, or sends nothing."""
    progress.begin(stage)
    measurement = observation.measurement

    def gather() -> bool:
        over = engine.has_ended()
        observation.gather(engine.writes, engine.pids)
        done = len(measurement.writes)
        progress.advance(stage, done, f"{done:,} writes, {measurement.count_open():,} without a row")
        return over

    for over in _repeat(gather):
        if over:
            break
    engine.check()
    failed = f", {len(measurement.failed):,} failed" if measurement.failed else ""
    progress.end(stage, f"{len(measurement.writes):,} writes{failed}")


def _repeat(step: Callable[[], bool]) -> Iterator[bool]:
    """Yield what each step returns, with a pause between them; it ends with who asks."""
    while True:
        yield step()
        SYSTEM_CLOCK.sleep(GATHER_S)


def catch_up(observation: Observation, timeout_s: float, patience_s: float, progress: Progress) -> None:
    """Wait until every write has its row, no row comes for as long as the patience, or the time is over."""
    stage = "catch up"
    progress.begin(stage)
    measurement = observation.measurement

    def count() -> int:
        observation.gather(None, [])
        number = measurement.count_open()
        progress.advance(stage, len(measurement.writes) - number, f"{number:,} without a row")
        return number

    wait = wait_for(
        count,
        lambda number: number == 0,
        give_up=lambda _: not is_coming(observation, patience_s),
        timeout_s=timeout_s,
        interval_s=GATHER_S,
        max_interval_s=GATHER_S,
    )
    wait_for(observation.read_answers, bool, timeout_s=_TOLD_TIMEOUT_S, interval_s=0.1)
    progress.end(stage, "all rows are there" if wait.satisfied else f"{wait.value:,} writes without a row")


def is_coming(observation: Observation, patience_s: float) -> bool:
    """Whether a row, or at least an answer, has come within that time."""
    return observation.clock() - observation.measurement.newest_at < patience_s


def _conclude(settings: LoadSettings, plan: LoadPlan, observation: Observation, result: LoadResult) -> None:
    measurement = observation.measurement
    observation.read_answers()
    sent = [*measurement.writes, *measurement.failed]
    if not sent:
        return
    began_at = min(write.sent_at for write in sent)
    ended_at = max(write.answered_at for write in sent)
    timed = measurement.join({} if observation.answers is None else observation.answers.answers)
    result.started_at = dt.datetime.fromtimestamp(began_at, dt.UTC).isoformat(timespec="seconds")
    result.duration_s = ended_at - began_at
    result.requests = describe_requests(measurement.writes, measurement.failed, result.duration_s)
    for verb in Verb:
        if chosen := [each for each in timed if each.verb is verb]:
            result.latencies[verb.value] = summarise(chosen)
    for template in plan.templates:
        if chosen := [each for each in timed if each.kind == template.kind]:
            result.kinds[template.kind] = summarise(chosen)
    asked = [plan.get_rate((number + 0.5) / STEPS * settings.duration_s) for number in range(STEPS)]
    if not result.interrupted:
        result.windows = split(timed, began_at, settings.duration_s, asked)
    rows = [each.row_at for each in timed if each.row_at is not None]
    answered = max((each.at for each in timed), default=ended_at)
    until_s = max([answered, *rows]) - began_at
    _trace(timed, began_at, until_s, result)
    result.open = sum(each.missing for each in timed)
    if rows and not result.open:
        result.caught_up_s = max(0.0, max(rows) - answered)
    if settings.p99_limit_s is not None and result.windows:
        result.p99_limit_s = settings.p99_limit_s
        result.highest_rate = find_highest_rate(result.windows, settings.p99_limit_s)
    result.clocks = observation.describe_clocks()
    result.components = observation.describe_components(began_at)
    result.controller = observation.describe_controller(began_at)
    if CONTROLLERMGR in result.components:
        memory = [point for point in result.components[CONTROLLERMGR].memory if point[0] <= result.duration_s]
        result.growth = measure_growth(memory, timed, began_at)


def _trace(timed: Sequence[Timed], began_at: float, until_s: float, result: LoadResult) -> None:
    step_s = max(_BACKLOG_STEP_S, until_s / _POINTS)
    result.backlog = [(at, float(number)) for at, number in trace_backlog(timed, began_at, until_s, step_s)]
    result.highest_backlog = int(max((number for _, number in result.backlog), default=0))


def describe_requests(writes: Sequence[Write], failed: Sequence[Write], duration_s: float) -> Requests:
    """Return what the clients sent, and how long the answers took."""
    took = sorted(write.answered_at - write.sent_at for write in writes)
    by_answer: dict[str, int] = {}
    for write in failed:
        answer = f"{write.verb}: HTTP {write.status}" if write.status else f"{write.verb}: no answer"
        by_answer[answer] = by_answer.get(answer, 0) + 1
    return Requests(
        len(writes),
        len(writes) / duration_s if duration_s else 0.0,
        find_quantile(took, 0.5),
        find_quantile(took, 0.99),
        by_answer,
    )
