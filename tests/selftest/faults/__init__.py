"""All seeded faults that an acceptance run must catch, of every chapter: a module each, named as the chapter is.

Those in what versions do differently are in a module of their own, `features`, whatever chapter shows them.

Those of the last chapter, `faults`, are found by its rounds alone; see `test_durability.py`.
"""

from __future__ import annotations

from tests.selftest.faults import contract, features, fields, hostile_input, restarts, seed
from tests.selftest.faults.fault import Fault

_MODULES = (seed, contract, restarts, hostile_input, fields, features)
CATALOGUE: tuple[Fault, ...] = tuple(fault for module in _MODULES for fault in module.FAULTS)

CATALOGUE_BY_NAME = {fault.name: fault for fault in CATALOGUE}
