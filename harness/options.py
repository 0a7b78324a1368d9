"""The options of a run, declared once for pytest and for the command line, and turned into settings.

Every value is checked here: what comes out of `read_*` can be used as it is.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.cases import CASES, find_case
from harness.errors import SettingsError
from harness.model import Case
from harness.profiles import list_profiles, load_profile
from harness.scenario.steps import Patience
from harness.session import RunSettings
from harness.settings import REFERENCE, ControllerManager, SandboxSettings, parse_mysql_url

PROFILE_OF_REFERENCE = "report-2026-03"
PROFILE_OF_BINARY = "upstream-main"

Add = Callable[..., Any]
"""argparse's `add_argument` or pytest's `addoption`: both take the same words."""


def add_sandbox_options(add: Add) -> None:
    """Declare the options that say what the sandbox consists of."""
    add(
        "--controllermgr",
        default=REFERENCE,
        metavar="reference|PATH",
        help="the system under test: the bundled reference (default), or a controller manager's executable",
    )
    add(
        "--profile",
        default=None,
        metavar="NAME",
        help=(
            f"the behaviour to expect: {', '.join(list_profiles())}; default {PROFILE_OF_REFERENCE} for the "
            f"reference, {PROFILE_OF_BINARY} for an executable"
        ),
    )
    add("--crds", default=None, metavar="DIR", help="folder of CRD YAML to install instead of the bundled one")
    add("--schema", default=None, metavar="FILE", help="SQL file of the 39 tables instead of the bundled one")
    add(
        "--mysql-url",
        default=None,
        metavar="URL",
        help="a MySQL server that runs already: mysql://USER@HOST:PORT/DATABASE; password in MYSQL_PASSWORD",
    )


def add_run_options(add: Add) -> None:
    """Declare the options that say what is tested, and how the result is treated."""
    add(
        "--crd",
        action="append",
        default=[],
        metavar="KIND",
        help="test this kind only (repeatable): a kind, plural, number or template name, in any case",
    )
    add(
        "--keep-sandbox",
        action="store_true",
        default=False,
        help="leave the sandbox up; the next run with the same settings uses it again",
    )
    add("--reports", default="reports", metavar="DIR", help="folder for the reports (default: reports)")
    add(
        "--baseline",
        default=None,
        metavar="NAME",
        help="record of reports/baselines to compare with (default: the seed report's)",
    )
    add(
        "--sync-timeout",
        default=Patience.sync_s,
        type=float,
        metavar="SECONDS",
        help="how long a write may take to reach MySQL (default: %(default)s)",
    )
    add(
        "--allow-stale-known-issues",
        action="store_true",
        default=False,
        help="a known issue that does not show is a warning, not a failure",
    )


def read_sandbox_settings(options: argparse.Namespace) -> SandboxSettings:
    """Return the sandbox that the options ask for; SettingsError names the option that is wrong."""
    return SandboxSettings(
        controllermgr=_read_controllermgr(options.controllermgr),
        profile=read_profile(options),
        crds=_read_path("--crds", options.crds, Path.is_dir, "a folder"),
        schema=_read_path("--schema", options.schema, Path.is_file, "a file"),
        mysql=parse_mysql_url(options.mysql_url) if options.mysql_url else None,
    )


def read_profile(options: argparse.Namespace) -> str:
    """Return the profile's name: the one asked for, else the usual one of the system under test."""
    default = PROFILE_OF_REFERENCE if options.controllermgr == REFERENCE else PROFILE_OF_BINARY
    return load_profile(options.profile or default).name


def read_run_settings(options: argparse.Namespace) -> RunSettings:
    """Return the run that the options ask for; SettingsError names the option that is wrong."""
    if options.sync_timeout <= 0:
        raise SettingsError(f"--sync-timeout: {options.sync_timeout} is no time; give seconds above 0")
    return RunSettings(
        sandbox=read_sandbox_settings(options),
        profile=read_profile(options),
        cases=read_cases(options.crd),
        keep_sandbox=options.keep_sandbox,
        allow_stale_known_issues=options.allow_stale_known_issues,
        patience=Patience(sync_s=options.sync_timeout),
    )


def read_cases(words: list[str]) -> tuple[Case, ...]:
    """Return the cases that `--crd` names, in the report's order; all of them where it names none."""
    chosen = {find_case(word).number for word in words}
    return tuple(case for case in CASES if not chosen or case.number in chosen)


def _read_controllermgr(value: str) -> ControllerManager:
    if value == REFERENCE:
        return ControllerManager()
    path = Path(value).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise SettingsError(
            f"--controllermgr: {value!r} {what}",
            hint=f"Valid: {REFERENCE}, or the path of an executable, built by `go build ./cmd/controllermgr`",
        )
    if not os.access(path, os.X_OK):
        raise SettingsError(f"--controllermgr: {value!r} is not executable", hint=f"chmod +x {value}")
    return ControllerManager(path.resolve())


def _read_path(
    option: str, value: str | None, is_right: Callable[[Path], bool], what: str
) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser()
    if not is_right(path):
        raise SettingsError(f"{option}: {value!r} is not {what} that exists", hint="Valid: an existing path")
    return path.resolve()
