"""The k3d cluster for as long as a run uses it: brought up by `sandbox.py`, and ended as it was found.

A cluster that this run made is deleted, one that it started is stopped, one that ran is left alone. A run that
keeps its sandbox leaves all of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from typing import TextIO

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.sandbox.k3d.cluster import CLUSTER, K3dCluster, find_cluster, list_clusters, write_kubeconfig
from harness.sandbox.k3d.diagnosis import explain_failure
from harness.sandbox.k3d.folder import K3dFolder
from harness.sandbox.k3d.kubectl import Kubectl
from harness.sandbox.k3d.options import Existing, K3dSettings
from harness.sandbox.k3d.script import SandboxScript

_FIXED_S = 2400.0 + 1200.0 + 900.0   # two operators' 20 minutes each, last waits that are fixed, nodes' images
_SHORT_TIMEOUT_S = 300.0   # start, stop, delete
_MADE_BY_ANOTHER = "a cluster with that name already exists"


class Cleanup(StrEnum):
    """What the run has to do to the cluster at its end: an action of `sandbox.py`, or nothing."""

    NONE = ""
    STOP = "stop"
    DELETE = "delete"


class ClusterLifecycle:
    """The cluster from its start by one run to its end."""

    def __init__(
        self,
        settings: K3dSettings,
        script: SandboxScript,
        folder: K3dFolder,
        log: TextIO,
        progress: Progress,
    ) -> None:
        self.cleanup = Cleanup.NONE
        self._settings = settings
        self._script = script
        self._folder = folder
        self._log = log
        self._progress = progress

    def bring_up(self) -> tuple[K3dCluster, str]:
        """Return the running cluster and its context, whose kubeconfig is then in the folder.

        Raises `HarnessError` with what `sandbox.py` and the cluster said; `tear_down` is due then too.
        """
        offers = self._script.read_offers()
        arguments = offers.make_arguments(self._settings)
        wanted = self._settings.existing
        if wanted is Existing.SYNC and "sync" not in offers.actions:
            raise HarnessError(
                f"--k3d-existing sync: {self._script.label} has no action `sync`",
                hint=f"It has {', '.join(sorted(offers.actions))}; choose reuse or recreate, or a newer checkout",
            )
        self._folder.kubeconfig.unlink(missing_ok=True)
        found = find_cluster()
        if found is not None and wanted is Existing.RECREATE:
            self._run("delete", [], timeout_s=_SHORT_TIMEOUT_S)
            found = None
        if found is None:
            self.cleanup = Cleanup.DELETE
            self._create(arguments)
        else:
            self._take_over(found, arguments)
        return self._look_up()

    def tear_down(self) -> None:
        """Delete or stop the cluster, as it is this run's to do; safe to call twice."""
        cleanup, self.cleanup = self.cleanup, Cleanup.NONE
        if cleanup is Cleanup.NONE or find_cluster() is None:
            return
        self._run(cleanup, [], timeout_s=_SHORT_TIMEOUT_S)

    def disown(self) -> None:
        """Leave the cluster as it is: it is not this run's."""
        self.cleanup = Cleanup.NONE

    def _create(self, arguments: list[str]) -> None:
        try:
            self._run("create", arguments, timeout_s=2.0 * self._settings.wait_timeout_s + _FIXED_S)
        except HarnessError as error:
            if _MADE_BY_ANOTHER in error.problem:   # since we looked: it is not ours to delete
                self.disown()
            raise

    def _take_over(self, found: K3dCluster, arguments: list[str]) -> None:
        if not found.is_running:
            self.cleanup = Cleanup.STOP
            self._run("start", [], timeout_s=_SHORT_TIMEOUT_S)
        # before `sync`, whose kubectl calls act on whatever context is the current one
        write_kubeconfig(found.name, self._folder.kubeconfig)
        if self._settings.existing is Existing.SYNC:
            self._run("sync", arguments, timeout_s=2.0 * self._settings.wait_timeout_s + _SHORT_TIMEOUT_S)

    def _look_up(self) -> tuple[K3dCluster, str]:
        cluster = find_cluster()
        if cluster is None or not cluster.is_running:
            there = ", ".join(each.name for each in list_clusters()) or "none"
            raise HarnessError(
                f"{self._script.label} is done, but k3d has no running cluster {CLUSTER} (it has: {there})",
                hint=f"See {self._folder.log}",
            )
        return cluster, write_kubeconfig(cluster.name, self._folder.kubeconfig)

    def _run(self, action: str, arguments: list[str], *, timeout_s: float) -> None:
        what = f"sandbox.py {action}"
        try:
            # sandbox.py leaves temporary files behind, in older versions one with the registry's token
            with tempfile.TemporaryDirectory(prefix="tmp-", dir=self._folder.path) as temporary:
                finished = self._script.run(
                    action,
                    arguments,
                    environment=self._make_environment(temporary),
                    timeout_s=timeout_s,
                    log=self._log,
                    progress=self._progress,
                )
        except HarnessError as error:
            said = self._folder.log.read_text(encoding="utf-8").splitlines()
            raise self._explain(f"{what}: not done after {timeout_s:.0f} s", said) from error
        if finished.exit_code != 0:
            raise self._explain(f"{what}: exit code {finished.exit_code}", finished.stdout.splitlines())

    def _explain(self, what: str, said: list[str]) -> HarnessError:
        error = explain_failure(what, said, self._ask())
        return HarnessError(error.problem, hint=f"{error.hint}. All that was said is in {self._folder.log}")

    def _ask(self) -> Kubectl | None:
        """Return access to the cluster, None before it has a kubeconfig."""
        return Kubectl(self._folder.kubeconfig, self._log) if self._folder.kubeconfig.is_file() else None

    def _make_environment(self, temporary: str) -> Mapping[str, str]:
        return {**os.environ, "KUBECONFIG": str(self._folder.kubeconfig), "TMPDIR": temporary}
