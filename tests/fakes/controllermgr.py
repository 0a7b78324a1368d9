"""A sandbox that stops and starts a made-up controller manager with another configuration."""

# ruff: noqa: ARG002  its methods take what the real ones take

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.core.errors import HarnessError
from harness.sandbox.base import Phase
from harness.sandbox.capabilities import Overrides
from harness.subject.log import WORKERS_STARTED
from tests.fakes.contract import CONTRACT
from tests.fakes.sandbox import LINES, FakeSandbox
from tests.fakes.world import World

_GATE = "metadataStorage.enableMetadataStorage"


class ReconfigurableSandbox(FakeSandbox):
    """Its Ingester is that of `world`, whose `faults` are its own as well."""

    world: World

    def stop_controllermgr(self) -> None:
        """Stop it."""
        self.world.running = False
        self.phase = Phase.TERMINATED

    def start_controllermgr(
        self, overrides: Overrides = (), *, without: Sequence[str] = (), await_healthy: bool = True
    ) -> None:
        """Start it; without its mysql stanza it ends at once. Nobody has to wait for it."""
        settings, faults = dict(overrides), self.world.faults
        self.phase, self.reason, run = Phase.RUNNING, "", self.restarts
        if "never starts" in faults:
            raise HarnessError("it does not become healthy")
        if settings.get(_GATE) is False:
            self.log(LINES.skipped if "says nothing" not in faults else "fine", run=run)
            if "ignores its gate" in faults:
                self._register(settings, run)
            if "loses rows" in faults:
                self.world.rows.clear()
            return
        if "mysql" in without and "starts without mysql" not in faults:
            self.log("mysql config is empty" if "gives no reason" not in faults else "fatal", run=run)
            self.restarts += 1
            self.phase, self.reason = Phase.CRASH_LOOP, "exit code 1"
            return
        self._register(settings, run)
        if "mysql" not in without:
            self.world.running = True
            self.world.work()

    def _register(self, settings: dict[str, Any], run: int) -> None:
        faults = self.world.faults
        self.log(LINES.begins, run=run)
        for kind in CONTRACT.names:
            if kind == "Project" and "forgets a controller" in faults:
                continue
            period, workers = "30s", 1
            if "ignores its period" not in faults:
                period = settings.get("ingester.requeuePeriod", period)
                period = settings.get("ingester.requeuePeriodMap", {}).get(kind, period)
            if "ignores its workers" not in faults:
                workers = settings.get("ingester.concurrentReconciles", workers)
                workers = settings.get("ingester.concurrentReconcilesMap", {}).get(kind, workers)
            self.log(LINES.registered, run=run, kind=kind, requeuePeriod=float(period.removesuffix("s")))
            fields = {"controller": f"ingester_{kind.lower()}", "controllerKind": kind, "worker count": workers}
            self.log(WORKERS_STARTED, run=run, **fields)


def make_reconfigurable_world(*faults: str, immutable_kinds: Sequence[str] = ()) -> World:
    """Return a world whose controller manager can be started anew."""
    sandbox = ReconfigurableSandbox()
    sandbox.world = World(faults, sandbox=sandbox, immutable_kinds=immutable_kinds)
    return sandbox.world
