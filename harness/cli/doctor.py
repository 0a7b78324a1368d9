"""The command `doctor`: the preflight by itself. Exit code 0, or 2 if something is missing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.options import TARGET_OPTIONS, add_to_parser, read_place, read_profile
from harness.doctor.diagnosis import Diagnosis, get_exit_code, render_diagnoses
from harness.doctor.preflight import run_doctor
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `doctor`, which takes the options that choose a sandbox."""
    add_to_parser(parser, TARGET_OPTIONS)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    kinds = make_contract(load_profile(read_profile(options))).kinds
    return print_diagnoses(run_doctor(read_place(options), kinds))


def print_diagnoses(findings: Sequence[Diagnosis]) -> int:
    """Print the findings on one screen, and return the exit code that they mean."""
    print(render_diagnoses(findings))
    return get_exit_code(findings)
