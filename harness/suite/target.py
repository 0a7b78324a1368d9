"""What a run is pointed at: the bundled reference or an executable, a checkout, a cluster, the k3d sandbox.

It prepares a checkout before the run, and brings the chosen sandbox up. Where a choice is made by evidence (the
profile of a checkout), the reason goes with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.progress import Progress
from harness.core.settings import ControllerManager, SandboxSettings
from harness.doctor.diagnosis import require_all
from harness.doctor.preflight import run_doctor
from harness.provision.checkout.preparation import prepare_checkout
from harness.sandbox.base import Sandbox
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.sandbox import connect_existing
from harness.sandbox.k3d.options import K3dSettings
from harness.sandbox.k3d.sandbox import start_k3d_sandbox
from harness.sandbox.local.client.ahead import SandboxAhead
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.spec.contract import Contract
from harness.spec.profiles import load_profile
from harness.spec.read import ReadContract
from harness.spec.versions import make_contract


@dataclass(frozen=True)
class Target:
    """What is tested, and where.

    `place` is the cluster that exists, or k3d; None means the local sandbox, as `sandbox` describes it.
    `read` is what the system says of its contract by itself, None where nothing was read; `features` are those
    that the user gives, by name. `pins` name exactly what is tested and why the profile was chosen, `findings` say
    where it contradicts itself. `covered` are the packages of the checkout of which it is counted what runs.
    """

    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    place: ExistingSettings | K3dSettings | None = None
    profile: str = "report-2026-03"
    checkout: Path | None = None
    covered: tuple[str, ...] = ()
    label: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    read: ReadContract | None = None
    features: Mapping[str, str] = field(default_factory=dict)

    def make_contract(self) -> Contract:
        """Return the contract of the version: what was read and given, and what its profile says beside that."""
        return make_contract(load_profile(self.profile), self.read, self.features)


def prepare_michelangelo(
    target: Target, spec: str, profile: str | None, progress: Progress, *, cover: bool = False
) -> Target:
    """Return the target with the checkout that `spec` names built into it, for the local sandbox.

    The checkout's evidence chooses the profile where none is given; with `cover` it is counted what runs of its
    Ingester. Raises SettingsError or HarnessError.
    """
    prepared = prepare_checkout(spec, progress, profile=profile, cover=cover)
    chosen = profile or prepared.profile
    sandbox = dataclasses.replace(
        target.sandbox,
        controllermgr=ControllerManager(prepared.controllermgr, version=prepared.checkout.version),
        apiserver=prepared.apiserver,
        crds=prepared.crds,
        schema=prepared.schema,
        profile=chosen,
    )
    return dataclasses.replace(
        target,
        sandbox=sandbox,
        profile=chosen,
        checkout=prepared.checkout.path,
        covered=prepared.covered,
        label=prepared.checkout.label,
        pins={**prepared.pins, "profile": f"{chosen}: {'as asked' if profile else prepared.profile_reason}"},
        findings=tuple(map(str, prepared.findings)),
        read=prepared.read,
    )


def bring_up(
    target: Target,
    *,
    keep: bool,
    progress: Progress,
    on_reuse: Callable[[Sandbox], None],
    ahead: SandboxAhead | None = None,
) -> Sandbox:
    """Return the target's sandbox, up. Raises SettingsError or HarnessError with nothing left behind.

    One that was started `ahead` is taken where it is the one; else it is ended. A controller manager that keeps
    ending is no error here: it is what the run is to find out.
    """
    if ahead is not None:
        if target.place is None and not keep and ahead.settings == target.sandbox:
            return ahead.take(progress)
        ahead.end()
    kinds = target.make_contract().kinds
    match target.place:
        case ExistingSettings() as settings:
            require_all(run_doctor(settings, kinds))
            return connect_existing(settings, kinds, keep=keep, progress=progress)
        case K3dSettings() as settings:
            return start_k3d_sandbox(settings, kinds, checkout=target.checkout, keep=keep, progress=progress)
        case _:
            return start_local_sandbox(
                target.sandbox, keep=keep, progress=progress, on_reuse=on_reuse, allow_crash_loop=True
            )
