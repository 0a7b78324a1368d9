"""Measures two systems by turns: the same object, created and patched in one and at once in the other.

What disturbs the machine disturbs both of a pair alike, and which comes first alternates. Time runs from the
request on: on a busy machine its answer may be read after the row is there, which would hide what a sync takes. It
measures and judges nothing (`harness.report.comparison`). A row that does not come is counted, and its kind left
out from then on.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.core.errors import Refusal
from harness.core.polling import wait_for
from harness.spec.manifest import as_applied
from harness.spec.model import Case
from harness.subject.sender import KubectlSender
from harness.subject.subject import Subject, Write
from harness.suite.context import RunContext

CREATE, PATCH = OPERATIONS = ("create", "patch")

_LOOK_S = 0.0005   # between two looks at a row: a tenth of what the fastest takes
_LABEL = "ingester-acceptance/sample"


@dataclass
class Samples:
    """Seconds from a write's request to its row, (control, target), by operation; and which rows did not come."""

    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in OPERATIONS})
    in_vain: list[str] = field(default_factory=list)

    @property
    def fewest(self) -> int:
        """How many pairs the operation with the fewest has."""
        return min(map(len, self.pairs.values()))


class Sampler:
    """Takes samples of two runs whose sandboxes are up; `cases` are those that both can sync."""

    def __init__(self, control: RunContext, target: RunContext) -> None:
        self._sides = (_Side("control", control), _Side("target", target))
        served = [{case.name for case in side.cases} for side in self._sides]
        self.cases = [case for case in self._sides[0].cases if case.name in set.intersection(*served)]
        self.samples = Samples()
        self._turn = 0

    def take_round(self) -> None:
        """Create and patch an object of each kind on both sides; a kind whose row does not come is left out."""
        for case in tuple(self.cases):
            self._turn += 1
            stays = not any(side.context.is_immutable(case) for side in self._sides)
            operations = OPERATIONS if stays else (CREATE,)
            if not all(self._take_pair(case, operation) for operation in operations):
                self.cases.remove(case)

    def _take_pair(self, case: Case, operation: str) -> bool:
        """Measure both sides, the other one first at every second turn; return whether both rows came."""
        order: Sequence[_Side] = self._sides if self._turn % 2 else self._sides[::-1]
        found = {side.name: side.measure(case, operation, self._turn) for side in order}
        seconds = [found[side.name] for side in self._sides]
        for side in self._sides:
            if found[side.name] is None:
                self.samples.in_vain.append(f"{case.name}, {operation}, {side.name}")
        control, target = seconds
        if control is None or target is None:
            return False
        self.samples.pairs[operation].append((control, target))
        return True


class _Side:
    """One of the two systems, and its latest object of each kind."""

    def __init__(self, name: str, context: RunContext) -> None:
        self.name = name
        self.context = context
        blocked = context.expectations.find_blocking
        missing = context.registration.missing
        self.cases = [c for c in context.cases if blocked(c.name) is None and c.name not in missing]
        self._sender = KubectlSender(context.cluster, brief=True)
        self._subjects: dict[str, Subject] = {}

    @functools.cached_property
    def _namespace(self) -> str:
        return self.context.take_namespace()

    def measure(self, case: Case, operation: str, turn: int) -> float | None:
        """Return the seconds from the write's request to its row; None where it is refused or no row comes."""
        started = time.monotonic()
        write = self._create(case, turn) if operation == CREATE else self._patch(case, turn)
        if write is None:
            return None
        wait = wait_for(
            lambda: self.context.database.get_version(case.kind, write.key),
            lambda version: version is not None and version >= write.version,
            timeout_s=self.context.timeouts.sync_s,
            interval_s=_LOOK_S,
            max_interval_s=2 * _LOOK_S,
        )
        return time.monotonic() - started if wait.satisfied else None

    def _create(self, case: Case, turn: int) -> Write | None:
        obj = as_applied(self.context.render(case, self._namespace))
        obj["metadata"]["name"] = f"{obj['metadata']['name']}-{turn}"
        subject = self._subjects[case.name] = Subject(self.context.surroundings, case, obj, self._sender)
        return subject.created if subject.accepted else None

    def _patch(self, case: Case, turn: int) -> Write | None:
        subject = self._subjects[case.name]
        try:
            subject.patch({"metadata": {"labels": {_LABEL: str(turn)}}})
        except Refusal:
            return None
        return subject.last
