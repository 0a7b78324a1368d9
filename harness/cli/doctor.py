"""The command `doctor`: the preflight by itself. Exit code 0, or 2 if something is missing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.options import TARGET_OPTIONS, add_to_parser, choose_profile_for, read_place, read_profile
from harness.core.errors import SettingsError
from harness.doctor.diagnosis import Diagnosis, FindingStatus, get_exit_code, render_diagnoses
from harness.doctor.preflight import run_doctor
from harness.sandbox.existing.context import refuse_production
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.reading import read_cluster
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `doctor`, which takes the options that choose a sandbox."""
    add_to_parser(parser, TARGET_OPTIONS)
    parser.set_defaults(run=lambda options: print_diagnoses(diagnose(options)))


def diagnose(options: argparse.Namespace) -> list[Diagnosis]:
    """Return what stands in the way of the run that the options ask for, the guard against production included."""
    settings = read_place(options)
    read, profile = None, read_profile(options)
    if isinstance(settings, ExistingSettings):
        read = read_cluster(settings)
        profile, _ = choose_profile_for(options, read)
    found = run_doctor(settings, make_contract(load_profile(profile), read).kinds)
    if isinstance(settings, ExistingSettings):
        try:
            refuse_production(settings.context, options.yes_this_cluster)
        except SettingsError as error:
            refused = f"a run is refused: {error.problem}"
            found.append(Diagnosis("consent", FindingStatus.WARNING, refused, error.hint))
    return found


def print_diagnoses(findings: Sequence[Diagnosis]) -> int:
    """Print the findings on one screen, and return the exit code that they mean."""
    print(render_diagnoses(findings))
    return get_exit_code(findings)
