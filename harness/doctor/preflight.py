"""Chooses the preflight for the place where a run is to happen."""

from __future__ import annotations

from harness.core.settings import SandboxSettings
from harness.doctor.diagnosis import Diagnosis
from harness.doctor.existing import examine_existing
from harness.doctor.local import examine_local
from harness.sandbox.existing.options import ExistingSettings


def run_doctor(settings: SandboxSettings | ExistingSettings) -> list[Diagnosis]:
    """Return what the preflight of this kind of sandbox finds; nothing is changed, fetched or built."""
    if isinstance(settings, ExistingSettings):
        return examine_existing(settings)
    return examine_local(settings)
