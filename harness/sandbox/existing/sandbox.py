"""The sandbox in a cluster that exists: connects to what is there, and removes what the run made.

Nothing in the cluster is started, stopped or reconfigured. Everything that a run makes lies in a namespace
of its own and carries the run's label.
"""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.clients.pods import Pods
from harness.core.errors import HarnessError, Refusal
from harness.core.progress import Progress
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import (
    CONTROLLERMGR,
    KUBE_APISERVER,
    MYSQL,
    SCHEMA_INIT,
    ComponentStatus,
    LogCursor,
    LogLine,
    Phase,
)
from harness.sandbox.existing.context import Context, write_kubeconfig
from harness.sandbox.existing.filelog import open_log
from harness.sandbox.existing.manager import LoggedManager, ManagerView, find_manager
from harness.sandbox.existing.mysqlforward import MySQLForward, ServicePort, find_target
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.podstatus import PodName, describe_pod, get_restarts
from harness.sandbox.existing.removal import RUN_LABEL, Leftover, Trace, list_trace, remove_trace
from harness.sandbox.log_coverage import LogCoverage
from harness.sandbox.ports import LOOPBACK
from harness.sandbox.redaction import Redaction
from harness.spec.model import GROUP, Kind

NAMESPACE_PREFIX = "ingester-test-"
APISERVER = "michelangelo-apiserver"

_PROBE_TIMEOUT_S = 5.0
_PROBE_MYSQL_TIMEOUT_S = 5


class ExistingSandbox:
    """A cluster that exists, for one run. To be made by `connect_existing`."""

    name = "existing"
    reused = True

    def __init__(
        self,
        *,
        context: Context,
        kinds: Sequence[Kind],
        kubeconfig: Path,
        cluster: Cluster,
        pods: Pods,
        namespace: str,
        manager: ManagerView,
        mysql: MySQLEndpoint,
        keep: bool,
        resources: ExitStack,
    ) -> None:
        self.context = context
        self.kubeconfig = kubeconfig
        self.mysql = mysql
        self.run_id = secrets.token_hex(4)
        self.leftovers: list[Leftover] = []   # what `stop` has left, and how to remove it
        self._trace = Trace(self.run_id, kinds, context.kubectl)
        self._cluster = cluster
        self._pods = pods
        self._namespace = namespace   # where the system's own pods are
        self._manager = manager
        self._keep = keep
        self._resources: ExitStack | None = resources
        self._restarts_before: dict[str, int] = {}

    @property
    def log_coverage(self) -> LogCoverage:
        """How far the controller manager's log reaches."""
        return self._manager.log_coverage

    @property
    def log_limit(self) -> str:
        """Why it reaches no further, in one sentence; empty where it is whole."""
        return self._manager.log_limit

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that everything must carry that the run makes."""
        return {RUN_LABEL: self.run_id}

    def describe(self) -> dict[str, str]:
        """Return what exactly is tested, for the record: context, cluster, server, MySQL; no secrets."""
        mysql = self.mysql
        return {
            "context": self.context.name,
            "cluster": self.context.cluster_name,
            "API server": self.context.server,
            "MySQL": f"{mysql.user}@{mysql.host}:{mysql.port}/{mysql.database}",
            "run": self.run_id,
        }

    def describe_controllermgr(self) -> str:
        """Return what the system under test is: the image, executable or log file of its controller manager."""
        status = self._manager.get_status()
        return status.path or f"{CONTROLLERMGR} of {self.context.name}, {status.reason}"

    def describe_access(self) -> str:
        """Return the lines to show to somebody who wants to look at what the run has made."""
        kubectl = self.context.kubectl
        plurals = ",".join(f"{kind.plural}.{GROUP}" for kind in self._trace.kinds)
        return "\n".join(f"{kubectl} get {plurals} -n {namespace}" for namespace in self._trace.namespaces)

    def take_namespace(self) -> str:
        """Create a namespace of this run's own, labelled with the run, and return its name."""
        name = f"{NAMESPACE_PREFIX}{self.run_id}"
        if self._trace.namespaces:
            name += f"-{len(self._trace.namespaces) + 1}"
        try:
            created = self._cluster.create_namespace(name, self.labels)
        except Refusal as refusal:
            raise HarnessError(
                f"the namespace {name} can't be created: {refusal.message}",
                hint="ingester-acceptance doctor names each right that is missing",
            ) from refusal
        if not created:
            raise HarnessError(f"the namespace {name} is there already", hint="Run again: the next name differs")
        self.remember_namespace(name)
        return name

    def components(self) -> list[ComponentStatus]:
        """Return what can be seen of the system, as it is now: servers that answer, pods that exist.

        A controller manager of which nothing was seen is not listed. Restarts count from the first look on.
        """
        found = [self._probe_apiserver(), *self._find_pods()]
        if MYSQL not in {component.name for component in found}:
            found.insert(1, self._probe_mysql())
        if self._manager.is_observed:
            found.append(self._manager.get_status())
        return found

    def component(self, name: str) -> ComponentStatus:
        """Return one component as it is now; KeyError where none of that name can be seen.

        The controller manager is always there; unseen it counts as running, until rows say otherwise.
        """
        if name == CONTROLLERMGR:
            return self._manager.get_status()
        return {component.name: component for component in self.components()}[name]

    def log_cursor(self, component: str) -> LogCursor:
        """Return the end of the controller manager's log; other components have none here."""
        return self._manager.get_cursor() if component == CONTROLLERMGR else LogCursor()

    def read_log(
        self, component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> Iterable[LogLine]:
        """Return the controller manager's lines from `since` to `until`; other components have none here."""
        if component != CONTROLLERMGR:
            return []
        return Redaction(self.mysql).clean_lines(self._manager.read(since, until))

    def known_namespaces(self) -> list[str]:
        """Return the namespaces of this run; those of others are none of its business."""
        return list(self._trace.namespaces)

    def remember_namespace(self, name: str) -> None:
        """Note that the run uses the namespace, so that it is removed with it if it carries the run's label."""
        if name not in self._trace.namespaces:
            self._trace.namespaces.append(name)

    def stop(self) -> None:
        """Remove what the run made, or with `keep` list it in `leftovers`; then detach from the cluster."""
        resources, self._resources = self._resources, None
        if resources is None:
            return
        with resources:
            if self._keep:
                self.leftovers = list_trace(self._trace, self.mysql, "it was to be kept")
            else:
                self.leftovers = remove_trace(self._trace, self._cluster, self.mysql)

    def _probe_apiserver(self) -> ComponentStatus:
        try:
            version = self._cluster.get_server_version(_PROBE_TIMEOUT_S)
        except (Refusal, HarnessError) as error:
            return ComponentStatus(KUBE_APISERVER, Phase.FAILED, reason=str(error).partition("\n")[0])
        return ComponentStatus(KUBE_APISERVER, Phase.RUNNING, version=version, path=self.context.server)

    def _probe_mysql(self) -> ComponentStatus:
        address = f"{self.mysql.host}:{self.mysql.port}"
        try:
            database = Database(self.mysql, timeout_s=_PROBE_MYSQL_TIMEOUT_S)
            version = database.get_server_version()
            database.close()
        except HarnessError as error:
            return ComponentStatus(MYSQL, Phase.FAILED, reason=error.problem, path=address)
        return ComponentStatus(MYSQL, Phase.RUNNING, version=version, path=address)

    def _find_pods(self) -> list[ComponentStatus]:
        """Return the system's other pods, as far as they exist and may be seen."""
        try:
            pods = self._pods.find(self._namespace)
        except Refusal:
            return []
        found = []
        for name in (MYSQL, SCHEMA_INIT, APISERVER):
            for pod in PodName(self._namespace, name).select(pods)[:1]:
                restarts = get_restarts(pod)
                before = self._restarts_before.setdefault(str(pod["metadata"]["uid"]), restarts)
                found.append(describe_pod(pod, name, restarts=restarts - before))
        return found


def connect_existing(
    settings: ExistingSettings, kinds: Sequence[Kind], *, keep: bool, progress: Progress
) -> ExistingSandbox:
    """Return the cluster, connected and looked at, for objects of these kinds; nothing is made there yet.

    Raises `HarnessError` or `SettingsError` with nothing left behind.
    """
    stage = f"connect to {settings.context.name}"
    progress.begin(stage)
    with ExitStack() as stack:
        kubeconfig = stack.enter_context(log_in(settings.context))
        cluster, pods = Cluster(kubeconfig), Pods(kubeconfig)
        try:
            version = Cluster(kubeconfig, retries=False).get_server_version(_PROBE_TIMEOUT_S)
        except Refusal as refusal:
            raise explain_refusal(settings.context, refusal) from refusal
        mysql = settings.mysql
        if settings.forward is not None:
            forward = open_forward(pods, settings.forward)
            stack.callback(forward.close)
            mysql = dataclasses.replace(mysql, host=LOOPBACK, port=forward.port)
        manager: ManagerView
        if settings.log is not None:
            manager = LoggedManager(open_log(settings.log))
        else:
            manager = find_manager(pods, settings.pod, must_exist=settings.pod_is_given)
        stack.callback(manager.close)
        sandbox = ExistingSandbox(
            context=settings.context,
            kinds=kinds,
            kubeconfig=kubeconfig,
            cluster=cluster,
            pods=pods,
            namespace=settings.pod.namespace,
            manager=manager,
            mysql=mysql,
            keep=keep,
            resources=stack.pop_all(),
        )
    progress.end(stage, f"Kubernetes {version}")
    return sandbox


@contextlib.contextmanager
def log_in(context: Context) -> Iterator[Path]:
    """Yield a kubeconfig of the context alone, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ingester-acceptance-"))
    try:
        kubeconfig = folder / "kubeconfig"
        write_kubeconfig(context, kubeconfig)
        yield kubeconfig
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def open_forward(pods: Pods, service: ServicePort) -> MySQLForward:
    """Return a loopback port that leads to the service; HarnessError where there is no way to it."""
    try:
        pod, port = find_target(pods, service)
    except Refusal as refusal:
        raise HarnessError(f"service {service} can't be read: {refusal.message}") from refusal
    return MySQLForward(pods, service.namespace, pod, port)


def explain_refusal(context: Context, refusal: Refusal) -> HarnessError:
    """Return why the API server does not let the context's user in, and the way out."""
    if refusal.status == 401:
        return HarnessError(
            f"{context.server} does not accept the credentials of context {context.name!r}: the token or "
            "certificate has expired, or is of another cluster",
            hint="Log in again, or make a new token: kubectl create token SERVICEACCOUNT -n NAMESPACE",
        )
    return HarnessError(f"{context.server} refuses context {context.name!r}: {refusal.message}")
