"""The capabilities of the local sandbox (`harness.sandbox.capabilities`), at the client's end.

What changes the sandbox is asked of its supervisor, which knows what was done when this process is gone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.core.settings import SandboxSettings
from harness.provision.assets.controlplane import find_kube_controller_manager
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.capabilities import InjectionResult, LinkFault, Overrides, ProbeResult
from harness.sandbox.local.client.identity import identify
from harness.sandbox.local.client.mysqlrelay import Relay
from harness.sandbox.local.client.usage import measure
from harness.sandbox.local.servers.baseyaml import check_change
from harness.sandbox.local.servers.controlplane import get_etcd_socket
from harness.sandbox.local.servers.etcdclient import EtcdClient
from harness.sandbox.local.servers.probe import probe, shows
from harness.sandbox.local.wire.channel import Channel
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.state import State, read_state

MARGIN_S = 15.0   # on top of the supervisor's own time limit

_LINK_TIMEOUT_S = 120.0   # several requests to the fault proxy, of up to 30 s
_DISK_TIMEOUT_S = 60.0


class LocalCapabilities:
    """Those of the sandbox in `folder`, whose supervisor is reached by `channel`."""

    def __init__(
        self, folder: SandboxFolder, channel: Channel, settings: SandboxSettings, progress: Progress
    ) -> None:
        self.folder = folder
        self._channel = channel
        self._settings = settings
        self._progress = progress

    def restart_controllermgr(self) -> None:
        """Ask for it; HarnessError, which quotes its last words, where it does not become healthy."""
        within_s = self._settings.start_timeout_s
        self._channel.request("restart", timeout_s=within_s + MARGIN_S, within_s=within_s)

    def stop_controllermgr(self) -> None:
        """Ask for it."""
        self._channel.request("stop controllermgr", timeout_s=MARGIN_S)

    def start_controllermgr(
        self, overrides: Overrides = (), *, without: Sequence[str] = (), await_healthy: bool = True
    ) -> None:
        """Check the change, so that a wrong one stops nothing, and ask for it."""
        pairs = list(overrides)
        check_change(pairs, without)
        within_s = self._settings.start_timeout_s
        self._channel.request(
            "start controllermgr",
            timeout_s=within_s + MARGIN_S,
            within_s=within_s,
            overrides=pairs,
            without=list(without),
            await_healthy=await_healthy,
        )

    def collect_coverage(self) -> Path:
        """Let the controller manager end, and return the folder that it and those before it wrote to."""
        self.stop_controllermgr()
        return self.folder.coverage

    def measure_controllermgr(self) -> Mapping[str, float]:
        """Look at its process."""
        pid = self._read_state().components[CONTROLLERMGR].pid
        if pid is None:
            raise HarnessError("the controller manager does not run")
        return measure(pid, self.folder.config / "base.yaml")

    def relay_mysql(self) -> Relay:
        """Open one in this process."""
        mysql = self._read_state().mysql
        assert mysql is not None  # noqa: S101  it is up
        return Relay(mysql.host, mysql.port)

    def collect_garbage(self) -> None:
        """Find the program, which may take minutes to build the first time, and ask for it."""
        path = find_kube_controller_manager(self._progress)
        executable = Executable(str(path), sha256=identify(path).sha256)
        within_s = self._settings.start_timeout_s
        self._channel.request(
            "collect garbage", timeout_s=within_s + MARGIN_S, within_s=within_s, executable=asdict(executable)
        )

    @property
    def has_faults(self) -> bool:
        """Whether this sandbox was started for faults."""
        return self._settings.faults

    def kill(self, component: str) -> InjectionResult:
        """Ask for it."""
        return self._inject("kill", component=component)

    def start(self, component: str) -> InjectionResult:
        """Ask for it."""
        within_s = self._settings.start_timeout_s
        return self._inject("start component", within_s + MARGIN_S, component=component, within_s=within_s)

    def pause(self, component: str) -> InjectionResult:
        """Ask for it."""
        return self._inject("pause", component=component)

    def resume(self, component: str) -> InjectionResult:
        """Ask for it."""
        return self._inject("resume", component=component)

    @staticmethod
    def is_gone(pid: int) -> bool:
        """Look at the process."""
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    @staticmethod
    def is_stopped(pid: int) -> bool:
        """Look at the process."""
        try:
            return psutil.Process(pid).status() == psutil.STATUS_STOPPED
        except psutil.NoSuchProcess:
            return False

    def compact_etcd(self) -> int:
        """Do it at etcd's own socket."""
        return EtcdClient(get_etcd_socket(self.folder.etcd)).compact()

    def fill_disk(self) -> InjectionResult:
        """Ask for it."""
        return self._inject("fill disk", _DISK_TIMEOUT_S)

    def free_disk(self) -> InjectionResult:
        """Ask for it."""
        return self._inject("free disk", _DISK_TIMEOUT_S)

    def break_link(self, component: str, mode: LinkFault) -> InjectionResult:
        """Ask for it, and look at the link."""
        began = time.time()
        self._channel.request("break link", timeout_s=_LINK_TIMEOUT_S, component=component, mode=mode)
        return self._describe_link(component, mode, began)

    def heal_link(self, component: str) -> InjectionResult:
        """Ask for it, and look at the link."""
        began = time.time()
        self._channel.request("heal link", timeout_s=_LINK_TIMEOUT_S, component=component)
        return self._describe_link(component, None, began)

    def probe(self, component: str) -> ProbeResult:
        """Connect to the fault proxy; HarnessError where none stands before the component."""
        ports = self._read_state().proxy_ports
        if component not in ports:
            before = ", ".join(ports) or "nothing: the sandbox was not started for faults"
            raise HarnessError(f"No fault proxy stands before {component}", hint=f"It stands before {before}")
        return probe(component, ports[component])

    def _describe_link(self, component: str, mode: LinkFault | None, began: float) -> InjectionResult:
        result, now = self.probe(component), time.time()
        action = "healed" if mode is None else str(mode)
        return InjectionResult(component, action, shows(result, mode), str(result), now, now - began)

    def _inject(self, name: str, timeout_s: float = MARGIN_S, **values: Any) -> InjectionResult:
        return InjectionResult(**self._channel.request(name, timeout_s=timeout_s, **values))

    def _read_state(self) -> State:
        state = read_state(self.folder)
        if state is None:
            raise HarnessError(f"The sandbox in {self.folder.path} has ended")
        return state
