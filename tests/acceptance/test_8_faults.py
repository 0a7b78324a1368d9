"""Section 8 of the report: faults under load. Nothing acknowledged may be lost, whatever breaks meanwhile.

Run by request only (`-m faults`): the rounds disturb the sandbox and take minutes.
"""

from __future__ import annotations

import pytest

from harness.chapters.faults.catalogue import FAULTS, Fault
from harness.chapters.faults.run import DEFAULT_SEED, FaultRun
from harness.core.record import Check

ROUNDS = [
    pytest.param(fault, id=fault.name, marks=pytest.mark.section(fault.section, fault.title)) for fault in FAULTS
]


@pytest.mark.faults
@pytest.mark.order(81)
@pytest.mark.parametrize("fault", ROUNDS)
def test_8_nothing_acknowledged_is_lost(fault: Fault, fault_run: FaultRun, check: Check) -> None:
    """The fault strikes in the middle of load; afterwards MySQL holds all that Kubernetes acknowledged."""
    fault_run.conduct([fault], check, seed=DEFAULT_SEED, outage_s=fault.outage_s)
