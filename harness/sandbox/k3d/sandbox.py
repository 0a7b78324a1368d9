"""The k3d sandbox: a cluster that `sandbox.py` brings up, made ready for the Ingester, then used like any other.

It is a sandbox in a cluster that exists with more capabilities: its configuration is changed, its controller
manager restarted, and at the end it is gone again, where it was this run that made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.clients.kube import Cluster
from harness.clients.pods import Pods
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.progress import Progress
from harness.core.settings import MySQLEndpoint
from harness.provision.assets.stage import Stage, begin_stage
from harness.sandbox.base import CONTROLLERMGR, SCHEMA_INIT, ComponentStatus, Phase
from harness.sandbox.existing.context import choose_context
from harness.sandbox.existing.manager import find_manager
from harness.sandbox.existing.mysqlforward import ServicePort
from harness.sandbox.existing.podstatus import PodName
from harness.sandbox.existing.removal import Leftover
from harness.sandbox.existing.sandbox import ExistingSandbox, open_forward
from harness.sandbox.k3d import controllermgr, mysqlaccess
from harness.sandbox.k3d.cluster import CLUSTER, K3dCluster
from harness.sandbox.k3d.diagnosis import explain_failure
from harness.sandbox.k3d.folder import K3dFolder, take_folder
from harness.sandbox.k3d.gates import switch_on
from harness.sandbox.k3d.kubectl import NAMESPACE, Kubectl
from harness.sandbox.k3d.lifecycle import Cleanup, ClusterLifecycle
from harness.sandbox.k3d.options import K3dSettings
from harness.sandbox.k3d.programs import require_programs
from harness.sandbox.k3d.schema import complete_schema, find_manifest, repeat_schema
from harness.sandbox.k3d.script import SandboxScript, find_script
from harness.sandbox.local.servers.mysqlserver import connect
from harness.sandbox.local.servers.schemajob import find_missing_tables
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import JsonObject, Kind

_ACCESS_DENIED = 1045
_STAGE = "prepare the Ingester"
_INTERVAL_S = 0.5
_LONGEST_INTERVAL_S = 2.0


class K3dSandbox(ExistingSandbox):
    """A k3d sandbox that is up. To be made by `start_k3d_sandbox`."""

    name = "k3d"

    def __init__(
        self,
        *,
        kubectl: Kubectl,
        lifecycle: ClusterLifecycle,
        script: SandboxScript,
        wait_timeout_s: float,
        reused: bool,
        has_schema_job: bool,
        **connection: Any,
    ) -> None:
        super().__init__(**connection)
        self.reused = reused
        self._has_schema_job = has_schema_job
        self._kubectl = kubectl
        self._lifecycle = lifecycle
        self._script = script
        self._wait_timeout_s = wait_timeout_s

    def components(self) -> list[ComponentStatus]:
        """Return what can be seen of the system, as it is now; the schema job too where its pod is gone."""
        found = super().components()
        if self._has_schema_job and SCHEMA_INIT not in {component.name for component in found}:
            path = f"job {NAMESPACE}/{SCHEMA_INIT}"
            found.append(ComponentStatus(SCHEMA_INIT, Phase.COMPLETED, path=path))
        return found

    def restart_controllermgr(self) -> None:
        """Start the controller manager anew and return once it is ready; HarnessError says why it is not."""
        controllermgr.restart(self._kubectl, timeout_s=self._wait_timeout_s)

    def describe(self) -> dict[str, str]:
        """Return what exactly is tested, for the record."""
        return {**super().describe(), "sandbox.py": self._script.label}

    def describe_access(self) -> str:
        """Return the lines to show to somebody who wants to look around in the sandbox, or to end it."""
        return "\n".join(
            (
                f"export KUBECONFIG={self.kubeconfig}",
                f"mysql --host={self.mysql.host} --port={self.mysql.port} --user={self.mysql.user} -p",
                f"k3d cluster delete {CLUSTER}   # ends it",
            )
        )

    def stop(self) -> None:
        """Detach from the cluster: deleted where this run made it, stopped where it started it, unless kept.

        From a cluster that stays, what the run made is removed before. A cluster that can't be ended is one of
        the `leftovers`.
        """
        try:
            if self._keep or self._lifecycle.cleanup is not Cleanup.DELETE:
                super().stop()
                return
            resources, self._resources = self._resources, None
            if resources is not None:
                resources.close()
        except HarnessError as error:
            way_out = f"k3d cluster delete {CLUSTER}"
            self.leftovers.append(Leftover(f"k3d cluster {CLUSTER}", error.problem, way_out))


def start_k3d_sandbox(
    settings: K3dSettings, kinds: Sequence[Kind], *, checkout: Path | None, keep: bool, progress: Progress
) -> K3dSandbox:
    """Return the k3d sandbox, up and with the Ingester's gates open, for objects of these kinds.

    `checkout` is the one whose `sandbox.py` is used, None for that of the package `michelangelo`. `keep` leaves
    the cluster running after `stop`, also where this fails. Raises `HarnessError` where a program is missing,
    `sandbox.py` fails, or a part does not come up in time, with the words of whoever failed.
    """
    require_programs()
    script = find_script(checkout)
    with ExitStack() as stack:
        folder = stack.enter_context(take_folder())
        log = stack.enter_context(folder.log.open("w", encoding="utf-8"))
        lifecycle = ClusterLifecycle(settings, script, folder, log, progress)
        stack.enter_context(_ending(lifecycle, folder, keep=keep))
        cluster, context = lifecycle.bring_up()
        kubectl = Kubectl(folder.kubeconfig, log)
        pods = Pods(folder.kubeconfig)
        with begin_stage(progress, _STAGE) as stage:
            preparation = _Preparation(settings, script, kubectl, stage)
            base_yaml = preparation.read_base_yaml()
            mysql = preparation.reach_mysql(base_yaml, cluster, pods, stack)
            if lifecycle.cleanup is Cleanup.STOP:   # it was stopped, and MySQL has no volume
                preparation.restore_tables(mysql, [table for kind in kinds for table in kind.tables])
            preparation.open_gates(restart=lifecycle.cleanup is Cleanup.STOP)
            stage.result = f"MySQL at {mysql.host}:{mysql.port}"
        manager = find_manager(pods, PodName(NAMESPACE, CONTROLLERMGR), must_exist=True)
        stack.callback(manager.close)
        return K3dSandbox(
            kubectl=kubectl,
            lifecycle=lifecycle,
            script=script,
            wait_timeout_s=settings.wait_timeout_s,
            reused=lifecycle.cleanup is not Cleanup.DELETE,
            has_schema_job=kubectl.get("job", SCHEMA_INIT) is not None,
            context=choose_context([folder.kubeconfig], context),
            kinds=kinds,
            kubeconfig=folder.kubeconfig,
            cluster=Cluster(folder.kubeconfig),
            pods=pods,
            namespace=NAMESPACE,
            manager=manager,
            mysql=mysql,
            keep=keep,
            resources=stack.pop_all(),
        )


@contextmanager
def _ending(lifecycle: ClusterLifecycle, folder: K3dFolder, *, keep: bool) -> Iterator[None]:
    """End the cluster after the block, unless it is kept; where the block failed, that failure is the one told."""
    try:
        yield
    except BaseException:
        if not keep:
            with suppress(HarnessError):   # it is in the log
                lifecycle.tear_down()
        raise
    if not keep:
        lifecycle.tear_down()
        folder.kubeconfig.unlink(missing_ok=True)


class _Preparation:
    """What a cluster needs before the Ingester can be tested in it."""

    def __init__(self, settings: K3dSettings, script: SandboxScript, kubectl: Kubectl, stage: Stage) -> None:
        self._timeout_s = float(settings.wait_timeout_s)
        self._manifest = find_manifest(script.manifests)
        self._account: JsonObject = {}
        self._kubectl = kubectl
        self._stage = stage

    def read_base_yaml(self) -> str:
        """Wait for the schema job, and return `base.yaml` as it will be, with both gates open."""
        self._stage.advance(0, "schema job")
        said = complete_schema(self._kubectl, self._manifest, timeout_s=self._timeout_s)
        self._stage.advance(1, f"schema job: {said}")
        self._account = mysqlaccess.read_stanza(self._kubectl)
        return switch_on(controllermgr.read_base_yaml(self._kubectl), self._account)

    def reach_mysql(self, base_yaml: str, cluster: K3dCluster, pods: Pods, stack: ExitStack) -> MySQLEndpoint:
        """Return how MySQL is reached from here: by the port that k3d publishes, else by a port-forward."""
        stanza = mysqlaccess.read_mysql_stanza(base_yaml)
        service, port = stanza["host"].partition(".")[0], int(stanza["port"])
        address = mysqlaccess.find_published_port(self._kubectl, cluster, service, port)
        forward = None
        if address is None:
            forward = open_forward(pods, ServicePort(service, NAMESPACE, port))
            stack.callback(forward.close)
            address = (LOOPBACK, forward.port)
        endpoint = mysqlaccess.make_endpoint(base_yaml, address)
        way = "a port-forward" if forward is not None else "the port that k3d publishes"
        self._stage.advance(2, f"MySQL at {endpoint.host}:{endpoint.port}, by {way}")
        wait = wait_for(
            lambda: _find_problem(endpoint),
            lambda problem: problem is None,
            give_up=_is_refused,
            timeout_s=self._timeout_s,
            interval_s=_INTERVAL_S,
            max_interval_s=_LONGEST_INTERVAL_S,
        )
        if _is_refused(wait.value):
            raise HarnessError(
                f"{wait.value}: the server has another password than the Ingester's base.yaml",
                hint="--k3d-existing recreate makes both anew",
            )
        if wait.value is not None:
            said = [wait.value.problem, forward.problem if forward is not None else ""]
            what = f"MySQL can't be used by {way} after {wait.duration_s:.0f} s"
            raise explain_failure(what, said, self._kubectl)
        return endpoint

    def restore_tables(self, mysql: MySQLEndpoint, tables: Sequence[str]) -> None:
        """Run the schema job again where tables are missing; without its manifest, the checks will tell."""
        if self._manifest is None:
            return
        connection = connect(mysql, create_database=True)
        try:
            missing = find_missing_tables(connection, mysql.database, tables)
        finally:
            connection.close()
        if missing:
            self._stage.advance(3, f"{len(missing)} tables are gone; running the schema job again")
            repeat_schema(self._kubectl, self._manifest, timeout_s=self._timeout_s)

    def open_gates(self, *, restart: bool) -> None:
        """Open both gates, and start the controller manager anew where they were closed, or `restart` asks."""
        changed = controllermgr.open_gates(self._kubectl, self._account)
        self._stage.advance(4, "gates opened" if changed else "gates were open")
        if changed or restart:
            controllermgr.restart(self._kubectl, timeout_s=self._timeout_s)
        else:
            controllermgr.wait_until_ready(self._kubectl, timeout_s=self._timeout_s)


def _find_problem(endpoint: MySQLEndpoint) -> HarnessError | None:
    """Return why MySQL can't be used yet; the database is made where it is absent, as the schema job would."""
    try:
        connect(endpoint, create_database=True).close()
    except HarnessError as error:
        return error
    return None


def _is_refused(problem: HarnessError | None) -> bool:
    """Return whether the server answers, and won't let this account in: waiting does not help."""
    return getattr(getattr(problem, "__cause__", None), "errno", None) == _ACCESS_DENIED
