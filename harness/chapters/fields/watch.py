"""Waits until each of several writes has reached MySQL, or the log says that it will not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.core.polling import wait_for
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.subject.log import parse_log, quote_crashes
from harness.subject.reconcile_errors import ReconcileErrors, list_own
from harness.subject.subject import Write
from harness.suite.context import RunContext

_ATTEMPTS = 4
"""After how many failures of its own a write counts as failed."""
_UNTOLD_S = 3.0
"""How long a row is awaited where the log can't be read."""
_SOON_S = 0.4
"""How long others are awaited while an object stands that can't be decoded: clients wait ever longer."""
_RELIST_S = 75.0
"""Within which a client that could not decode an object tries again: half a minute, doubled by chance."""


@dataclass
class Fate:
    """What became of one write. `undecodable` is the line of the log that says so."""

    write: Write
    arrived: bool = False
    errors: list[str] = field(default_factory=list)
    undecodable: str = ""
    crash: str = ""
    waited_s: float = 0.0
    is_open: bool = False   # the wait ended early, since another object has to be mended soon

    @property
    def is_failed(self) -> bool:
        """Whether there is nothing to wait for."""
        return len(list_own(self.errors)) >= _ATTEMPTS or bool(self.undecodable) or bool(self.crash)

    @property
    def error(self) -> str:
        """Why it did not reach MySQL, in one line; '' where it did."""
        if self.arrived:
            return ""
        if self.undecodable:
            return shorten(self.undecodable)
        if self.errors:
            return (list_own(self.errors) or self.errors)[-1]
        return self.crash.partition("\n")[0] or f"no row at its version, for {self.waited_s:.1f} s"


class Watch:
    """Waits in one namespace. It follows the log from its present end on."""

    def __init__(self, context: RunContext, namespace: str) -> None:
        self._context = context
        self._namespace = namespace
        self._errors = ReconcileErrors(context.sandbox)

    def await_all(
        self,
        writes: Sequence[Write],
        *,
        ignores: Callable[[Write, str], bool] = lambda *_: False,
        relists: bool = False,
        timeout_s: float = 0.0,
    ) -> list[Fate]:
        """Return what became of each write.

        Words of the log that it `ignores` are those that an earlier version brought. With `relists` some kind has
        had an object that could not be decoded: the client that lists it waits before it tries again.
        """
        fates = [Fate(write) for write in writes]
        limit_s = timeout_s or self._context.timeouts.sync_s
        if self._context.explain_missing_log():
            limit_s = min(limit_s, _UNTOLD_S)
        if relists:
            limit_s = max(limit_s, _RELIST_S)
        restarts = self._context.sandbox.component(CONTROLLERMGR).restarts
        started = moved_at = time.monotonic()
        stuck_at: list[float] = []

        def look() -> int:
            nonlocal moved_at
            before = [fate for fate in fates if not (fate.arrived or fate.is_failed)]
            self._read_rows(before)
            self._read_log([fate for fate in before if not fate.arrived], ignores)
            component = self._context.sandbox.component(CONTROLLERMGR)
            if component.restarts > restarts or component.phase is not Phase.RUNNING:
                self._note_crash([fate for fate in before if not fate.arrived])
            after = [fate for fate in before if not (fate.arrived or fate.is_failed)]
            if len(after) < len(before):
                moved_at = time.monotonic()
            if not stuck_at and any(fate.undecodable for fate in fates):
                stuck_at.append(time.monotonic())
            return len(after)

        wait_for(
            look,
            lambda count: count == 0,
            give_up=lambda _: time.monotonic() - moved_at > limit_s
            or any(time.monotonic() - since > _SOON_S for since in stuck_at),
            timeout_s=4 * limit_s,
            interval_s=0.005,
        )
        for fate in fates:
            fate.waited_s = time.monotonic() - started
            fate.is_open = bool(stuck_at) and not (fate.arrived or fate.is_failed)
        return fates

    def _read_rows(self, fates: Sequence[Fate]) -> None:
        kinds = {fate.write.subject.case.name: fate.write.subject.case.kind for fate in fates}
        for kind in kinds.values():
            versions = self._context.database.get_versions(kind, self._namespace)
            for fate in fates:
                if fate.write.subject.case.kind is kind:
                    fate.arrived = versions.get(fate.write.key, -1) >= fate.write.version

    def _read_log(self, fates: Sequence[Fate], ignores: Callable[[Write, str], bool]) -> None:
        failures, undecodable = self._errors.read()
        for fate in fates:
            subject = fate.write.subject
            fate.errors += [
                failure.error
                for failure in failures
                if (failure.kind, failure.namespace, failure.name)
                == (subject.case.name, subject.namespace, subject.name)
            ]
            of_kind = re.compile(rf"\*\w+\.{subject.case.name}\b")
            for line in undecodable:
                if of_kind.search(line) and _is_about_contents(line) and not ignores(fate.write, shorten(line)):
                    fate.undecodable = line

    def _note_crash(self, fates: Sequence[Fate]) -> None:
        for fate in fates:
            log = parse_log(self._context.sandbox.read_log(CONTROLLERMGR, fate.write.cursor))
            traces = quote_crashes(log)
            component = self._context.sandbox.component(CONTROLLERMGR)
            how = f"the controller manager ended ({component.reason or component.phase})"
            fate.crash = "\n".join([how, *traces[:1]])


def shorten(line: str) -> str:
    """Return what a log's line says of an object that can't be decoded, without what stands before."""
    line = line.replace('\\"', '"').replace(".items.", ".")
    for words in ("unable to decode watch event: ", "failed to list "):
        _, found, rest = line.partition(words)
        if found:
            own = rest.partition('" logger=')[0].partition('") has prevented')[0]
            return " ".join(re.sub(r"^\*\w+\.\w+: ", "", own).split())[:300]
    return " ".join(line.split())[:300]


def _is_about_contents(line: str) -> bool:
    """Whether a list failed because of what an object holds, and not because of the server."""
    of_server = ("connection refused", "EOF", "Unauthorized", "forbidden", "requested resource")
    return not any(words in line for words in of_server)
