"""What must not grow with every sync: connections, statements, files, threads, goroutines, and where asked memory.

Objects are patched by turns, and what is held is counted three times, each time at rest. What leaks grows from the
first count to the second and from there to the third, by as much for each sync; a pool or a cache that fills does
so once. It sends and counts; which objects are patched is the caller's to say.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.polling import hold, wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.capabilities import MEMORY, MeasuresControllerManager
from harness.spec.model import JsonObject, Kind
from harness.subject.subject import Subject
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder

GROWS = "held.grows"   # the code of what leaks
LABEL = "growth.ingester-acceptance/n"
_CLIENTS = 4
_STATUS = {"Threads_connected": "connections to MySQL", "Prepared_stmt_count": "prepared statements"}
_RATE = 0.1                 # of a thing for each sync: one in ten leaks it
_MEMORY_RATE = 8 * 1024.0   # bytes for each sync
_REST_S = 0.5               # in which what comes and goes is there for its fewest


@dataclass(frozen=True)
class Sample:
    """What was held at rest, after so many patches."""

    patches: int
    held: Mapping[str, float]


def measure_growth(
    context: RunContext, subjects: Sequence[Subject], *, warm_up: int, patches: int, memory: bool = False
) -> Recorder:
    """Patch the objects so often to warm up, then twice as said, and find what grew both times.

    Raises NotApplicable where nothing can be counted, NotRun where rows did not follow, or it was restarted.
    """
    recorder = Recorder()
    restarts = _count_restarts(context)
    began = time.monotonic()
    samples = []
    numbers = itertools.count(1)
    total = 0
    for share in (warm_up, patches, patches):
        _patch(context, subjects, list(itertools.islice(numbers, share)))
        total += share
        samples.append(Sample(total, _count_at_rest(context)))
    if _count_restarts(context) != restarts:
        raise NotRun("the controller manager was restarted meanwhile, by which all that it held is gone")
    seconds = time.monotonic() - began
    recorder.facts["patches"] = f"{total} of {len(subjects)} objects in {seconds:.1f} s"
    recorder.findings += find_growth(samples, memory=memory)
    lines = [
        f"{name}: {', then '.join(f'{sample.held[name]:.0f}' for sample in samples)}"
        for name in samples[0].held
        if all(name in sample.held for sample in samples)
    ]
    counts = ", ".join(str(sample.patches) for sample in samples)
    recorder.note(f"what was held after {counts} patches", "\n".join(lines))
    return recorder


def find_growth(samples: Sequence[Sample], *, memory: bool) -> list[Finding]:
    """Return what grew from each sample to the next, by more than a right ingester's pools and caches do."""
    findings = []
    for name in samples[0].held:
        if not all(name in sample.held for sample in samples) or (name == MEMORY and not memory):
            continue
        limit = _MEMORY_RATE if name == MEMORY else _RATE
        steps = list(itertools.pairwise(samples))
        rates = [(b.held[name] - a.held[name]) / (b.patches - a.patches) for a, b in steps]
        if min(rates) > limit:
            seen = ", then ".join(f"{sample.held[name]:.0f}" for sample in samples)
            expected = f"no growth with every sync: at most {limit:g} for each"
            findings.append(Finding(GROWS, name, expected, f"{seen}; {min(rates):.2f} or more for each"))
    return findings


def _patch(context: RunContext, subjects: Sequence[Subject], numbers: Sequence[int]) -> None:
    """Patch the objects by turns, and wait until their rows have followed."""

    def patch(place: int) -> JsonObject | None:
        subject = subjects[place % len(subjects)]
        body = {"metadata": {"labels": {LABEL: str(numbers[place])}}}
        try:
            return context.cluster.patch(subject.case.kind, subject.namespace, subject.name, body)
        except Refusal as refusal:
            if refusal.not_found:
                raise
            return None   # another client was quicker

    with ThreadPoolExecutor(_CLIENTS) as clients:
        answers = list(clients.map(patch, range(len(numbers))))
    for place, answer in enumerate(answers):
        if answer is not None:
            subjects[place % len(subjects)].note_write(answer)
    wanted: dict[Kind, dict[str, int]] = {}
    for subject in subjects:
        wanted.setdefault(subject.case.kind, {})[subject.key] = subject.last.version

    def list_behind() -> list[str]:
        behind = []
        for kind, versions in wanted.items():
            rows = context.database.get_rows_of(kind, list(versions))
            reached = {key: row.res_version for key, row in rows.items()}
            behind += [key for key, version in versions.items() if reached.get(key, 0) < version]
        return behind

    waited = wait_for(list_behind, lambda behind: not behind, timeout_s=context.timeouts.sync_s)
    if waited.value:
        raise NotRun(f"{len(waited.value)} of {len(subjects)} rows did not follow, which others judge")


def _count_at_rest(context: RunContext) -> Mapping[str, float]:
    """Return the least that was held of each while nothing was asked of it."""
    held = hold(lambda: _count(context), lambda _: True, for_s=_REST_S, interval_s=_REST_S / 5)
    counts = [look.value for look in held.looks]
    return {name: min(count.get(name, 0.0) for count in counts) for name in counts[0]}


def _count(context: RunContext) -> Mapping[str, float]:
    sandbox = context.sandbox
    if not isinstance(sandbox, MeasuresControllerManager):
        raise NotApplicable(f"the {sandbox.name} sandbox does not tell what its controller manager holds")
    status = context.database.get_status(list(_STATUS))
    return {_STATUS[name]: float(value) for name, value in status.items()} | dict(sandbox.measure_controllermgr())


def _count_restarts(context: RunContext) -> tuple[int, int | None]:
    component = context.sandbox.component(CONTROLLERMGR)
    return component.restarts, component.pid
