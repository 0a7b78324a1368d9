"""All seeded faults that an acceptance run must catch, of every chapter."""

from __future__ import annotations

from .contract_faults import CONTRACT_FAULTS
from .faults import FAULTS, Fault
from .input_faults import INPUT_FAULTS

CATALOGUE: tuple[Fault, ...] = (*FAULTS, *CONTRACT_FAULTS, *INPUT_FAULTS)

CATALOGUE_BY_NAME = {fault.name: fault for fault in CATALOGUE}
