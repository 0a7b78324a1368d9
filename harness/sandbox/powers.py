"""What a sandbox can do to its own parts, where it can: ask with `isinstance`.

A power changes the sandbox under whoever else uses it, so it is refused with `BusyError` while another run
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from harness.sandbox.baseyaml import Overrides


@runtime_checkable
class ReconfiguresControllerManager(Protocol):
    """A sandbox that can start the controller manager with another `base.yaml`."""

    def stop_controllermgr(self) -> None:
        """Stop the controller manager; its phase is then Terminated, and nobody starts it again unasked."""

    def start_controllermgr(
        self, overrides: Overrides = (), *, without: Sequence[str] = (), await_healthy: bool = True
    ) -> None:
        """Start the controller manager, or start it anew, with the sandbox's `base.yaml` changed as said.

        `overrides` are keys with values, on top of the sandbox's own; `without` names sections that are left
        out; without both, the usual configuration is back. Returns once it is healthy, or with `await_healthy`
        False once its process runs. Raises `SettingsError` where a key or a section is wrong, `HarnessError`,
        which quotes its last words, where it does not become healthy: it is kept restarting even so.
        """
