"""The powers of the local sandbox (`harness.sandbox.capabilities`), at the client's end.

What changes the sandbox is asked of its supervisor, which knows what was done when this process is gone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from harness.core.errors import HarnessError
from harness.core.settings import SandboxSettings
from harness.sandbox.capabilities import Cut, Reach, Strike
from harness.sandbox.local.servers.baseyaml import Overrides, check_change
from harness.sandbox.local.servers.controlplane import get_etcd_socket
from harness.sandbox.local.servers.etcdclient import EtcdClient
from harness.sandbox.local.servers.probe import probe, shows
from harness.sandbox.local.wire.channel import Channel
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.state import State, read_state

MARGIN_S = 15.0   # on top of the supervisor's own time limit

_CUT_TIMEOUT_S = 120.0   # several requests to the fault proxy, of up to 30 s
_DISK_TIMEOUT_S = 60.0


class LocalPowers:
    """Those of the sandbox in `folder`, whose supervisor is reached by `channel`."""

    def __init__(self, folder: SandboxFolder, channel: Channel, settings: SandboxSettings) -> None:
        self.folder = folder
        self._channel = channel
        self._settings = settings

    def restart_controllermgr(self) -> None:
        """Stop the controller manager and start it again; returns once it is healthy.

        Raises `HarnessError`, which quotes its last words, where it does not become so.
        """
        within_s = self._settings.start_timeout_s
        self._channel.request("restart", timeout_s=within_s + MARGIN_S, within_s=within_s)

    def stop_controllermgr(self) -> None:
        """Stop the controller manager; its phase is then Terminated, and nobody starts it again unasked."""
        self._channel.request("stop controllermgr", timeout_s=MARGIN_S)

    def start_controllermgr(
        self, overrides: Overrides = (), *, without: Sequence[str] = (), await_healthy: bool = True
    ) -> None:
        """Start the controller manager, or start it anew, with the sandbox's `base.yaml` changed as said.

        `overrides` are keys with values, on top of the sandbox's own; `without` names sections that are left
        out; without both, the usual configuration is back. Returns once it is healthy, or with `await_healthy`
        False once its process runs. Raises `SettingsError` where a key or a section is wrong, `HarnessError`,
        which quotes its last words, where it does not become healthy: it is kept restarting even so.
        """
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

    @property
    def has_faults(self) -> bool:
        """Whether this sandbox was started for faults."""
        return self._settings.faults

    def kill(self, component: str) -> Strike:
        """Kill a component by SIGKILL; returns once it is gone.

        The controller manager is started again by itself, as always; the others stay down until `start`.
        """
        return self._strike("kill", component=component)

    def start(self, component: str) -> Strike:
        """Start a component that was killed, with its port, data and accounts; returns once it works again."""
        within_s = self._settings.start_timeout_s
        return self._strike("revive", within_s + MARGIN_S, component=component, within_s=within_s)

    def pause(self, component: str) -> Strike:
        """Stop a component's process by SIGSTOP; its status says 'paused'."""
        return self._strike("pause", component=component)

    def resume(self, component: str) -> Strike:
        """Let a paused component go on."""
        return self._strike("resume", component=component)

    def compact_etcd(self) -> int:
        """Drop etcd's history up to now and return the revision; older watches end with 410, once reopened."""
        return EtcdClient(get_etcd_socket(self.folder.etcd)).compact()

    def fill_disk(self) -> Strike:
        """Let no file of MySQL grow any more and use up what is left within; evidence is the server's error."""
        return self._strike("fill disk", _DISK_TIMEOUT_S)

    def free_disk(self) -> Strike:
        """Undo `fill_disk`; evidence is a row that was written."""
        return self._strike("free disk", _DISK_TIMEOUT_S)

    def cut(self, component: str, mode: Cut) -> Strike:
        """Cut the way to a component; what it was cut by before is mended first."""
        began = time.time()
        self._channel.request("cut", timeout_s=_CUT_TIMEOUT_S, component=component, mode=mode)
        return self._see_way(component, mode, began)

    def mend(self, component: str) -> Strike:
        """Undo `cut`; where nothing is cut, nothing changes."""
        began = time.time()
        self._channel.request("mend", timeout_s=_CUT_TIMEOUT_S, component=component)
        return self._see_way(component, None, began)

    def probe(self, component: str) -> Reach:
        """Connect to the component on the controller manager's way, and say what became of it within a second."""
        ports = self._read_state().proxy_ports
        if component not in ports:
            before = ", ".join(ports) or "nothing: the sandbox was not started for faults"
            raise HarnessError(f"No fault proxy stands before {component}", hint=f"It stands before {before}")
        return probe(component, ports[component])

    def _see_way(self, component: str, mode: Cut | None, began: float) -> Strike:
        reach, now = self.probe(component), time.time()
        deed = "mended" if mode is None else str(mode)
        return Strike(component, deed, shows(reach, mode), str(reach), now, now - began)

    def _strike(self, name: str, timeout_s: float = MARGIN_S, **values: Any) -> Strike:
        return Strike(**self._channel.request(name, timeout_s=timeout_s, **values))

    def _read_state(self) -> State:
        state = read_state(self.folder)
        if state is None:
            raise HarnessError(f"The sandbox in {self.folder.path} has ended")
        return state
