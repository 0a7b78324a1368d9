"""Ray: the tasks of a campaign on this machine, or on the machines of a cluster that is there.

The only module that imports it. Nothing of Ray leaves it: a task ends with an attempt at its round, or is lost,
which is one as well. Ray's own retries are off, so that each is known.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import os
import shutil
import tempfile
from typing import Any

from harness.campaign.record import Attempt
from harness.campaign.worker import Task, run_task
from harness.core.errors import HarnessError
from harness.core.extras import explain_missing
from harness.core.record import Status

_PACKAGES = ("ray", "scipy")
_STARTS = 3
_STORE = 200 * 2**20        # bytes for results on this machine; Ray takes no less than 75 MiB
_CANCEL_TIMEOUT_S = 90.0    # for sandboxes to stop
_ON_THIS_MACHINE = {        # read when Ray is loaded: it tells nobody, and listens on the loopback interface only
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",   # a sandbox that gives way to whatever else there is proves little
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}


def find_missing() -> str:
    """Return what an environment lacks for a campaign, and the way out; '' where it lacks nothing."""
    return explain_missing(_PACKAGES, "campaign")


class RayCrew:
    """Workers of the cluster at `address`; without one, as many as `parallel` on this machine, started for it.

    Raises HarnessError where there are none to be had. Each task takes a processor.
    """

    def __init__(self, address: str, parallel: int) -> None:
        if not address:
            os.environ.update(_ON_THIS_MACHINE)
        import ray  # noqa: PLC0415  with what the environment says by now; it takes its time as well

        self._ray = ray
        self._folder = "" if address else tempfile.mkdtemp(prefix="ray-")
        where: dict[str, Any] = {"address": address}
        if not address:
            where = {
                "address": "local",
                "num_cpus": parallel,
                "include_dashboard": False,
                "object_store_memory": _STORE,
                "_temp_dir": self._folder,
            }
        for left in reversed(range(_STARTS)):
            try:
                ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            except Exception as error:   # Ray raises nothing narrower where a part of it does not come up
                ray.shutdown()
                if left and not address:
                    continue   # it gives its parts 15 s, which are few on a busy machine
                shutil.rmtree(self._folder, ignore_errors=True)
                what = f"the cluster at {address!r} can't be reached" if address else "Ray can't be started"
                raise HarnessError(f"{what}: {error}") from error
            else:
                break
        self._function = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(_run)
        self._flying: dict[Any, Attempt] = {}
        self._parcels: dict[str, Any] = {}

    def ship(self, entry: str, data: bytes) -> None:
        """Have an archive at hand, which a task may need, by its entry in the cache."""
        self._parcels[entry] = self._ray.put(data)

    def submit(self, task: Task, entries: list[str]) -> None:
        """Have a task run, which needs these archives."""
        parcels = {entry: self._parcels[entry] for entry in entries}
        self._flying[self._function.remote(task, parcels)] = task.attempt

    def collect(self, timeout_s: float) -> list[tuple[Attempt, bytes]]:
        """Return the attempts that have ended, each with what is kept of it; waits so long for the first."""
        ready, _ = self._ray.wait(list(self._flying), num_returns=1, timeout=timeout_s)
        return [self._get(ref, self._flying.pop(ref)) for ref in ready]

    def _get(self, ref: Any, attempt: Attempt) -> tuple[Attempt, bytes]:
        errors = self._ray.exceptions
        try:
            found: tuple[Attempt, bytes] = self._ray.get(ref)
        except errors.RayTaskError as error:   # such as a machine without the harness
            detail = f"its task failed: {_shorten(error)}"
            return dataclasses.replace(attempt, status=Status.ERROR, detail=detail), b""
        except errors.RayError as error:
            return dataclasses.replace(attempt, lost=True, detail=f"lost: {_shorten(error)}"), b""
        return found

    def describe(self) -> dict[str, str]:
        """Return what there is: versions, machines and processors."""
        alive = [node for node in self._ray.nodes() if node["Alive"]]
        processors = sum(node["Resources"].get("CPU", 0) for node in alive)
        return {"Ray": self._ray.__version__, "Ray nodes": f"{len(alive)} with {processors:g} processors"}

    def close(self) -> None:
        """End all tasks and their sandboxes, and what was started for them."""
        try:
            for ref in self._flying:
                self._ray.cancel(ref)
            if self._flying:
                refs = list(self._flying)
                _, left = self._ray.wait(refs, num_returns=len(refs), timeout=_CANCEL_TIMEOUT_S)
                for ref in left:
                    self._ray.cancel(ref, force=True)
        finally:
            self._flying.clear()
            self._ray.shutdown()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)


def _run(task: Task, parcels: dict[str, Any]) -> tuple[Attempt, bytes]:
    """Run a task where Ray has put it."""
    import ray  # noqa: PLC0415

    attempt, kept = run_task(task, {entry: functools.partial(ray.get, ref) for entry, ref in parcels.items()})
    node = ray.get_runtime_context().get_node_id()
    return dataclasses.replace(attempt, node=f"{attempt.node} ({node[:8]})"), kept


def _shorten(error: BaseException) -> str:
    """Return the first sentence of the last line of what Ray says: the others are of its own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1].partition(". ")[0][:300]
