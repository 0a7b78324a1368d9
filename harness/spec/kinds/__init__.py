"""The kinds that the harness knows, one module each, with all that it knows of them as its `CASE`.

The columns' source is the kinds' `GetIndexedKeyValuePairs` in Michelangelo's generated Go code, and its MySQL
schema. A new kind is a module here and a template in `fixtures/crs`; there is no list to edit.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil

from harness.core.errors import HarnessError
from harness.spec.model import Case


def collect_cases() -> tuple[Case, ...]:
    """Return the case of every module of this package, by number; HarnessError where two share one, or a name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    cases: list[Case] = sorted((module.CASE for module in modules), key=lambda case: case.number)
    for first, second in itertools.pairwise(cases):
        if first.number == second.number:
            raise HarnessError(f"{__name__}: {first.name} and {second.name} are both number {first.number}")
    if len({case.name for case in cases}) < len(cases):
        raise HarnessError(f"{__name__}: a kind has two modules: {', '.join(case.name for case in cases)}")
    return tuple(cases)
