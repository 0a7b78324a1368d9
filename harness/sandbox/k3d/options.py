"""What can be asked of the k3d sandbox, read from the options that `harness.cli.options` declares.

They repeat what `sandbox.py` offers under the same names, with `--k3d-` before them. Whether the `sandbox.py`
at hand knows an argument is found out when it is asked (`harness.sandbox.k3d.script`).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from enum import StrEnum

from harness.core.errors import SettingsError

WORKFLOWS = ("cadence", "temporal")
SERVICES = ("ui", "worker", "prometheus", "grafana", "ray", "spark")
NEEDED = ("apiserver", "controllermgr")


class Existing(StrEnum):
    """What is done with a sandbox cluster that is there already."""

    REUSE = "reuse"        # used as it is, and started where it is stopped
    SYNC = "sync"          # its Michelangelo services are deployed again: new images, new configuration
    RECREATE = "recreate"  # deleted and made again


@dataclass(frozen=True)
class K3dSettings:
    """What a k3d sandbox consists of. `wait_timeout_s` is `sandbox.py`'s limit for each of its waits."""

    existing: Existing = Existing.REUSE
    workflow: str = "cadence"
    exclude: tuple[str, ...] = ()
    wait_timeout_s: int = 600


def read_k3d_settings(options: argparse.Namespace) -> K3dSettings:
    """Return the k3d sandbox that the options ask for; SettingsError names the option that is wrong."""
    for service in options.k3d_exclude:
        if service in NEEDED:
            raise SettingsError(
                f"--k3d-exclude: without {service} there is nothing to test",
                hint=f"Can be left out: {', '.join(SERVICES)}",
            )
        if service not in SERVICES:
            raise SettingsError.unknown("--k3d-exclude", service, SERVICES)
    if options.k3d_workflow not in WORKFLOWS:
        raise SettingsError.unknown("--k3d-workflow", options.k3d_workflow, WORKFLOWS)
    if options.k3d_existing not in list(Existing):
        raise SettingsError.unknown("--k3d-existing", options.k3d_existing, Existing)
    if options.k3d_wait_timeout <= 0:
        raise SettingsError(f"--k3d-wait-timeout: {options.k3d_wait_timeout} is no time; give seconds above 0")
    return K3dSettings(
        existing=Existing(options.k3d_existing),
        workflow=options.k3d_workflow,
        exclude=tuple(dict.fromkeys(options.k3d_exclude)),
        wait_timeout_s=options.k3d_wait_timeout,
    )
