"""The options of a run, declared once for pytest and for the command line, and turned into settings.

Every value is checked here: what comes out of `read_*` can be used as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.clients.michelangelo.client import parse_address
from harness.clients.michelangelo.package import find_missing
from harness.core.errors import SettingsError
from harness.core.progress import Progress
from harness.core.settings import REFERENCE, ControllerManager, SandboxSettings, Timeouts, parse_mysql_url
from harness.provision.assets.cache import Cache
from harness.provision.checkout.checkout import find_checkout
from harness.sandbox.existing.options import ExistingSettings, add_existing_options, read_existing_settings
from harness.sandbox.k3d.options import add_k3d_options, read_k3d_settings
from harness.sandbox.local.servers.baseyaml import parse_override
from harness.spec.cases import CASES, find_case
from harness.spec.model import Case
from harness.spec.profiles import list_profiles, load_profile
from harness.suite.session import RunSettings
from harness.suite.target import Target, prepare_michelangelo

PROFILE_OF_REFERENCE = "report-2026-03"
PROFILE_OF_BINARY = "upstream-main"
_RESTARTS_S = 90.0   # Kubernetes delays a third restart by 20 s, a fourth by 40 s
LOCAL, EXISTING, K3D = BACKENDS = ("local", "existing", "k3d")

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


def add_target_options(add: Add) -> None:
    """Declare the options that say where the system runs, beside those of the local sandbox."""
    add(
        "--sandbox",
        default=LOCAL,
        metavar="|".join(BACKENDS),
        help="where the system runs: processes of this machine (default), a cluster that exists, or k3d",
    )
    add(
        "--michelangelo",
        default=None,
        metavar="PATH|URL[@REF]",
        help="a Michelangelo checkout: its controller manager and API server are built and tested",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a key of the local sandbox's base.yaml, such as ingester.requeuePeriod=5s (repeatable)",
    )
    add_existing_options(add)
    add_k3d_options(add)


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
        default=Timeouts.sync_s,
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
    add(
        "--api-server",
        default=None,
        metavar="HOST:PORT",
        help="Michelangelo's API server (gRPC) of a cluster that exists; the local sandbox has its own",
    )


def read_target(options: argparse.Namespace, progress: Progress) -> Target:
    """Return what the options point at; a checkout is built. SettingsError names the option that is wrong."""
    target = Target(sandbox=read_sandbox_settings(options), profile=read_profile(options))
    if options.sandbox not in BACKENDS:
        raise SettingsError.unknown("--sandbox", options.sandbox, BACKENDS)
    if options.sandbox == EXISTING:
        _refuse_with(EXISTING, options, ("michelangelo", "set", "crds", "schema"))
        place = read_existing_settings(options)
        label = f"the cluster of context {place.context.name}"
        return dataclasses.replace(target, place=place, profile=_read_foreign(options), label=label)
    if options.sandbox == K3D:
        _refuse_with(K3D, options, ("set", "crds", "schema", "mysql_url"))
        checkout = find_checkout(options.michelangelo, Cache(), progress).path if options.michelangelo else None
        return dataclasses.replace(
            target,
            place=read_k3d_settings(options),
            profile=_read_foreign(options),
            checkout=checkout,
            label="the k3d sandbox",
        )
    if options.michelangelo:
        for name, value in (
            ("--controllermgr", options.controllermgr != REFERENCE),
            ("--crds", options.crds),
            ("--schema", options.schema),
        ):
            if value:
                raise SettingsError(f"--michelangelo and {name} exclude each other", hint="Give one of them")
        return prepare_michelangelo(target, options.michelangelo, options.profile, progress)
    return target


def read_place(options: argparse.Namespace) -> SandboxSettings | ExistingSettings:
    """Return what the preflight is to examine."""
    return read_existing_settings(options) if options.sandbox == EXISTING else read_sandbox_settings(options)


def _read_foreign(options: argparse.Namespace) -> str:
    """Return the profile of a system that the harness did not choose: the one asked for, else main's."""
    return load_profile(options.profile or PROFILE_OF_BINARY).name


def _refuse_with(backend: str, options: argparse.Namespace, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(options, name):
            raise SettingsError(
                f"--{name.replace('_', '-')} has no effect with --sandbox {backend}", hint="Leave it out"
            )


def read_sandbox_settings(options: argparse.Namespace) -> SandboxSettings:
    """Return the sandbox that the options ask for; SettingsError names the option that is wrong."""
    return SandboxSettings(
        controllermgr=_read_controllermgr(options.controllermgr),
        profile=read_profile(options),
        crds=_read_path("--crds", options.crds, Path.is_dir, "a folder"),
        schema=_read_path("--schema", options.schema, Path.is_file, "a file"),
        mysql=parse_mysql_url(options.mysql_url) if options.mysql_url else None,
        base_yaml_overrides=tuple(parse_override(word) for word in getattr(options, "set", [])),
    )


def read_profile(options: argparse.Namespace) -> str:
    """Return the profile's name: the one asked for, else the usual one of the system under test."""
    default = PROFILE_OF_REFERENCE if options.controllermgr == REFERENCE else PROFILE_OF_BINARY
    return load_profile(options.profile or default).name


def read_run_settings(options: argparse.Namespace, progress: Progress) -> RunSettings:
    """Return the run that the options ask for; SettingsError names the option that is wrong."""
    if options.sync_timeout <= 0:
        raise SettingsError(f"--sync-timeout: {options.sync_timeout} is no time; give seconds above 0")
    cases = read_cases(options.crd)
    return RunSettings(
        target=read_target(options, progress),
        cases=cases,
        keep_sandbox=options.keep_sandbox,
        allow_stale_known_issues=options.allow_stale_known_issues,
        api_server=_read_api_server(options.api_server),
        timeouts=_read_timeouts(options),
    )


def _read_timeouts(options: argparse.Namespace) -> Timeouts:
    """Return how long to wait: a cluster delays its restarts by 10 s and more, a local sandbox by less."""
    usual = Timeouts(sync_s=options.sync_timeout)
    if options.sandbox == LOCAL:
        return usual
    return dataclasses.replace(usual, issue_s=_RESTARTS_S, registration_s=_RESTARTS_S)


def read_cases(words: list[str]) -> tuple[Case, ...]:
    """Return the cases that `--crd` names, in the report's order; all of them where it names none."""
    chosen = {find_case(word).number for word in words}
    return tuple(case for case in CASES if not chosen or case.number in chosen)


def _read_api_server(value: str | None) -> str:
    if value is None:
        return ""
    parse_address(value, "--api-server")
    if missing := find_missing():
        raise SettingsError(f"--api-server: {missing}")
    return value


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
