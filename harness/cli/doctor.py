"""The command `python -m harness doctor`: the preflight by itself. Exit code 0, or 2 if something is missing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from harness.core.settings import SandboxSettings
from harness.doctor.diagnosis import Diagnosis, get_exit_code, render_diagnoses
from harness.doctor.preflight import run_doctor
from harness.sandbox.existing.options import ExistingSettings
from harness.spec.model import Kind
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract

AddOptions = Callable[[Callable[..., Any]], None]
ReadSettings = Callable[[argparse.Namespace], SandboxSettings | ExistingSettings]


def add_doctor_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    add_options: AddOptions,
    read_settings: ReadSettings,
) -> None:
    """Add `doctor`; it sets `run`, which takes the options, prints what was found and returns the exit code.

    `add_options` declares the options that choose a sandbox, `read_settings` reads them.
    """
    doctor = commands.add_parser("doctor", help="check that a run has what it needs; exit code 2 if not")
    add_options(doctor.add_argument)
    doctor.set_defaults(run=lambda options: print_diagnoses(run_doctor(read_settings(options), _read_kinds(options))))


def _read_kinds(options: argparse.Namespace) -> tuple[Kind, ...]:
    """Return the kinds that must be there: those of the profile, of the latest one where none is named."""
    return make_contract(load_profile(getattr(options, "profile", None) or "upstream-main")).kinds


def print_diagnoses(findings: Sequence[Diagnosis]) -> int:
    """Print the findings on one screen, and return the exit code that they mean."""
    print(render_diagnoses(findings))  # noqa: T201  its output is what the user asked for
    return get_exit_code(findings)
