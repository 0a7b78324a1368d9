"""Spells the command that repeats a round: what is tested, the faults, the seed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.spec.cases import CASES
from harness.spec.model import Case
from harness.suite.target import Target


def spell_round(
    target: Target, cases: Sequence[Case], faults: Sequence[str], seed: int, outage_s: float
) -> str:
    """Return the command line; a MySQL server elsewhere and its password have to be added by hand."""
    words = ["python", "-m", "harness", "soak"]
    for name in faults:
        words += ["--fault", name]
    words += ["--seed", str(seed), "--outage", f"{outage_s:g}", *_spell_target(target)]
    if len(cases) < len(CASES):
        words += [word for case in cases for word in ("--crd", case.name.lower())]
    return shlex.join(words)


def _spell_target(target: Target) -> list[str]:
    sandbox = target.sandbox
    if target.checkout is not None:
        words = ["--michelangelo", str(target.checkout)]
    else:
        given = {"--controllermgr": sandbox.controllermgr.path, "--crds": sandbox.crds, "--schema": sandbox.schema}
        words = [word for option, path in given.items() if path is not None for word in (option, str(path))]
    words += ["--profile", target.profile]
    for key, value in sandbox.base_yaml_overrides:
        words += ["--set", f"{key}={value}"]
    return words
