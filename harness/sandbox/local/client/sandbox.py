"""The sandbox as processes on this machine: the client's end.

A supervisor process (`harness.sandbox.local.supervisor.__main__`) owns everything; here it is found or launched,
asked, and left. What can be read is read from the sandbox's folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from pathlib import Path

import psutil

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.core.settings import MySQLEndpoint, SandboxSettings
from harness.sandbox.base import APISERVER, CONTROLLERMGR, SCHEMA_INIT, ComponentStatus, LogCursor, LogLine, Phase
from harness.sandbox.capabilities import BusyError
from harness.sandbox.local.client.access import describe_access
from harness.sandbox.local.client.capabilities import MARGIN_S, LocalCapabilities
from harness.sandbox.local.client.identity import Request, make_request
from harness.sandbox.local.client.launch import SupervisorProcess
from harness.sandbox.local.client.planning import complete_plan
from harness.sandbox.local.servers.baseyaml import ABSENT
from harness.sandbox.local.wire import logs
from harness.sandbox.local.wire.channel import Channel, CrashLoopError, SupervisorLostError
from harness.sandbox.local.wire.folder import SandboxFolder, list_folders, lock_root, wait_to_keep
from harness.sandbox.local.wire.state import SandboxPhase, Stage, State, read_state
from harness.sandbox.local.wire.sweep import end_processes, find_processes, sweep
from harness.sandbox.redaction import Redaction
from harness.sandbox.storage import get_root

_ANSWER_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 20.0

Tolerated = tuple[type[HarnessError], ...]
"""Errors of the controller manager's start with which the sandbox is of use all the same."""


class LocalSandbox(LocalCapabilities):
    """A sandbox that is up. To be made by `start_local_sandbox`."""

    name = "local"

    def __init__(
        self,
        folder: SandboxFolder,
        channel: Channel,
        settings: SandboxSettings,
        *,
        process: SupervisorProcess | None,
        keep: bool,
        progress: Progress,
    ) -> None:
        super().__init__(folder, channel, settings, progress)
        self.kubeconfig: Path = folder.kubeconfig
        self.reused = process is None
        self._process = process
        self._keep = keep
        self._stopped = False
        mysql = self._read_state().mysql
        assert mysql is not None  # noqa: S101  it is up
        self.mysql: MySQLEndpoint = mysql
        self._redaction = Redaction(mysql)

    @property
    def stages(self) -> list[Stage]:
        """How long each part of the start-up took, in the order in which they ended."""
        return self._read_state().stages

    @property
    def apiserver_address(self) -> str:
        """Where Michelangelo's API server takes gRPC, HOST:PORT; empty where the sandbox has none."""
        return self._read_state().apiserver_address

    @property
    def absent(self) -> dict[str, str]:
        """What of Michelangelo is not there, and what follows from it, in words."""
        return dict(ABSENT)

    @property
    def start_stages_s(self) -> dict[str, float]:
        """How long each part of the start-up took, in seconds; empty where it was up already."""
        return {} if self.reused else {stage.name: stage.ended_s - stage.began_s for stage in self.stages}

    @property
    def write_log(self) -> Path | None:
        """Where kube-apiserver notes when it answered each write; None where it was not asked to."""
        return self.folder.write_log if self._settings.notes_writes else None

    @property
    def metrics_url(self) -> str:
        """Where the controller manager was told to serve its metrics at its last start."""
        configuration = json.loads((self.folder.config / "base.yaml").read_text(encoding="utf-8"))
        return f"http://{configuration['controllermgr']['metricsBindAddress']}/metrics"

    def components(self) -> list[ComponentStatus]:
        """Return every component as it is now, in starting order; HarnessError where the sandbox has ended."""
        return list(self._read_state().components.values())

    def component(self, name: str) -> ComponentStatus:
        """Return one component as it is now; KeyError where there is none of that name."""
        return self._read_state().components[name]

    def find_end(self) -> str:
        """Return which server has ended by itself, and how, or that all has; '' where the servers are up."""
        state = read_state(self.folder)
        if state is None or not self.folder.is_alive():
            return f"the sandbox in {self.folder.path} has ended"
        if state.phase is SandboxPhase.STOPPING:
            return f"the sandbox in {self.folder.path} was asked to end"
        return ", ".join(
            f"{component.name} has ended ({component.reason})"
            for component in state.components.values()
            if component.phase is Phase.FAILED and component.name not in (APISERVER, CONTROLLERMGR)
        )

    def log_cursor(self, component: str) -> LogCursor:
        """Return the position after the component's last whole line."""
        return logs.get_cursor(self.folder.logs, component)

    def read_log(
        self, component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> Iterator[LogLine]:
        """Return the component's whole lines after `since` (else the first) up to `until` (else the last)."""
        return logs.read_lines(self.folder.logs, component, since, until, self._redaction.clean)

    def known_namespaces(self) -> list[str]:
        """Return the namespaces that runs have used in this sandbox, oldest first."""
        try:
            return self.folder.namespaces.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def remember_namespace(self, name: str) -> None:
        """Note that a run uses the namespace."""
        with self.folder.namespaces.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")

    def describe_access(self) -> str:
        """Return the lines to show to somebody who wants to look around in the sandbox."""
        return describe_access(self.folder, self._read_state())

    def stop(self) -> None:
        """End the sandbox if this process started it and is not to keep it; else detach from it."""
        if self._stopped:
            return
        self._stopped = True
        process, self._process = self._process, None
        if process is None or self._keep:
            with suppress(SupervisorLostError):   # the next client, a moment later, must find it unused
                self._channel.request("leave", timeout_s=_ANSWER_TIMEOUT_S)
            self._channel.close()
            if process is not None:
                process.detach()
            return
        with suppress(SupervisorLostError):   # then it is made sure of below
            self._channel.request("stop", timeout_s=_STOP_TIMEOUT_S)
        self._channel.close()
        process.end()


def start_local_sandbox(
    settings: SandboxSettings,
    *,
    keep: bool,
    progress: Progress,
    ports: Mapping[str, int] | None = None,
    on_reuse: Callable[[LocalSandbox], None] = lambda _: None,
    allow_crash_loop: bool = False,
) -> LocalSandbox:
    """Return a sandbox that is up: a new one, or with `keep` one that is kept and has equal settings.

    A kept one may be somebody's who works in it by hand: who does not ask for it gets one of their own.

    `on_reuse` is called with a kept one before its controller manager is judged, to remove what earlier runs
    left behind: an object that brings a controller manager down would bring down the next one too.

    Of a kept one that differs in its controller manager only, that alone is replaced, unless another run
    uses it. `keep` leaves the sandbox up after `stop` and this process. `ports` maps components (`mysql`,
    `kube-apiserver`) to loopback ports, for those who need fixed ones. Raises `SettingsError` or
    `HarnessError` with nothing left behind; a controller manager that runs and ends again and again is no error
    with `allow_crash_loop`, but what the sandbox has.
    """
    request = make_request(settings, ports or {})
    root = get_root()
    tolerated = (CrashLoopError,) if allow_crash_loop else ()
    with ExitStack() as stack:
        if keep:
            stack.enter_context(wait_to_keep(root, progress))   # of two at once, the second attaches
        with lock_root(root):
            sweep(root)
        kept = _attach(root, request, progress, on_reuse, tolerated) if keep else None
        return kept or _launch(root, request, progress, tolerated, keep=keep)


def list_sandboxes(root: Path) -> list[tuple[SandboxFolder, State]]:
    """Return all sandboxes that are up or on their way: the kept ones first, the newest first."""
    states = ((folder, read_state(folder)) for folder in list_folders(root) if folder.is_alive())
    found = [(folder, state) for folder, state in states if state is not None]
    return sorted(found, key=lambda pair: (pair[1].kept, pair[1].started_at), reverse=True)


def end_sandbox(root: Path, folder: SandboxFolder, *, used: bool = False) -> None:
    """End a sandbox, whoever started it: by request, or where its supervisor does not answer, by force.

    Raises `BusyError` where a run works with it, unless it is to be ended `used` as well.
    """
    processes = find_processes([folder.path])
    with suppress(SupervisorLostError), closing(Channel.connect(folder)) as channel:
        if not used:
            channel.request("be exclusive", timeout_s=_ANSWER_TIMEOUT_S)
        channel.request("stop", timeout_s=_STOP_TIMEOUT_S)
        psutil.wait_procs(processes, timeout=_STOP_TIMEOUT_S)   # the supervisor itself is the last one
        return
    end_processes([folder.path])
    with lock_root(root):
        sweep(root)


def _attach(
    root: Path,
    request: Request,
    progress: Progress,
    on_reuse: Callable[[LocalSandbox], None],
    tolerated: Tolerated,
) -> LocalSandbox | None:
    for folder in list_folders(root):
        state = read_state(folder)
        if state is None or not state.kept or state.phase is not SandboxPhase.READY:
            continue
        if state.digest != request.digest:
            continue
        with ExitStack() as stack, suppress(BusyError, SupervisorLostError):
            channel = Channel.connect(folder)
            stack.callback(channel.close)
            channel.request("use", timeout_s=_ANSWER_TIMEOUT_S)
            if not _is_whole(folder):
                channel.request("be exclusive", timeout_s=_ANSWER_TIMEOUT_S)   # its user may be about to undo it
                end_sandbox(root, folder, used=True)   # by nobody else
                continue
            sandbox = LocalSandbox(
                folder, channel, request.settings, process=None, keep=True, progress=progress
            )
            with suppress(BusyError):   # another run's objects are not left-overs
                channel.request("be exclusive", timeout_s=_ANSWER_TIMEOUT_S)
                on_reuse(sandbox)
            if not _is_fit(folder, request):
                with suppress(*tolerated):
                    _replace_controllermgr(channel, request, progress)
            stack.pop_all()
            return sandbox
    return None


def _is_fit(folder: SandboxFolder, request: Request) -> bool:
    """Return whether the controller manager is the right one, and as good as new."""
    state = read_state(folder)
    return (
        state is not None
        and state.controllermgr_digest == request.controllermgr.digest
        and state.controllermgr_healthy
        and state.components[CONTROLLERMGR].restarts == 0
        and not state.components[CONTROLLERMGR].reason
    )


def _is_whole(folder: SandboxFolder) -> bool:
    """Return whether all but the controller manager is as it should be: up, and neither paused nor cut off."""
    state = read_state(folder)
    return state is not None and all(
        component.phase is (Phase.COMPLETED if name == SCHEMA_INIT else Phase.RUNNING) and not component.reason
        for name, component in state.components.items()
        if name != CONTROLLERMGR
    )


def _replace_controllermgr(channel: Channel, request: Request, progress: Progress) -> None:
    stage = "controller manager"
    progress.begin(stage)
    within_s = request.settings.start_timeout_s
    channel.request(
        "replace",
        timeout_s=within_s + MARGIN_S,
        within_s=within_s,
        controllermgr=asdict(request.controllermgr),
    )
    progress.end(stage, "replaced")


def _launch(
    root: Path, request: Request, progress: Progress, tolerated: Tolerated, *, keep: bool
) -> LocalSandbox:
    return bring_up(SupervisorProcess(root), request, progress, tolerated, keep=keep)


def bring_up(
    process: SupervisorProcess,
    request: Request,
    progress: Progress,
    tolerated: Tolerated = (),
    *,
    keep: bool = False,
) -> LocalSandbox:
    """Return the sandbox of a supervisor that was just launched, up; HarnessError with nothing left behind."""

    def show(stage: str, seconds: float | None) -> None:
        if seconds is None:
            progress.begin(stage)
        else:
            progress.end(stage, f"{seconds:.1f} s")

    with ExitStack() as stack:
        stack.callback(process.end)
        # it loads its modules meanwhile
        complete_plan(process.folder, request, progress)
        timeout_s = request.settings.start_timeout_s + MARGIN_S
        try:
            with suppress(*tolerated):
                process.channel.request("start", timeout_s=timeout_s, on_stage=show)
            if keep:
                process.channel.request("keep", timeout_s=_ANSWER_TIMEOUT_S)
            sandbox = LocalSandbox(
                process.folder, process.channel, request.settings, process=process, keep=keep, progress=progress
            )
        except SupervisorLostError as error:
            raise HarnessError(f"{error.problem}:\n{process.quote_log()}") from error
        stack.pop_all()
        return sandbox
