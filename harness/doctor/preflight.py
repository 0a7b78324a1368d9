"""Chooses the preflight for the place where a run is to happen."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.settings import SandboxSettings
from harness.doctor.diagnosis import Diagnosis
from harness.doctor.existing import examine_existing
from harness.doctor.local import examine_local
from harness.sandbox.existing.options import ExistingSettings
from harness.spec.model import Kind


def run_doctor(settings: SandboxSettings | ExistingSettings, kinds: Sequence[Kind]) -> list[Diagnosis]:
    """Return what the preflight finds of such a sandbox for these kinds; nothing is changed, fetched or built."""
    if isinstance(settings, ExistingSettings):
        return examine_existing(settings, kinds)
    return examine_local(settings)
