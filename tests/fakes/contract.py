"""The contract with all kinds that the harness knows, and no immutable one."""

from __future__ import annotations

from harness.spec.contract import Contract
from harness.spec.kinds import collect_cases

CONTRACT = Contract(collect_cases())
