"""`python -m harness`: the sandbox, the templates and the reports without pytest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from harness.cli.doctor import add_doctor_command
from harness.cli.options import LOCAL, add_sandbox_options, add_target_options, read_place, read_target
from harness.cli.sandbox import add_sandbox_commands
from harness.cli.soak import add_soak_command
from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Record
from harness.core.settings import SandboxSettings
from harness.report.console import ConsoleProgress, make_console, render_matrix_svg
from harness.report.diff import compare_records, render_diff
from harness.report.html import render_page
from harness.report.markdown import render_markdown
from harness.report.record import SEED_BASELINE, load_baseline, read_record
from harness.spec.cases import CASES, find_case
from harness.spec.templates import Templates
from tools.benchmark import add_benchmark_command

_RENDERINGS: dict[str, tuple[Callable[[Record, Record | None], str], str]] = {
    "html": (render_page, "print a record as a page"),
    "markdown": (render_markdown, "print a record as Markdown"),
    "svg": (lambda record, _: render_matrix_svg(record), "print a record's matrix as a picture"),
}


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return its exit code: 0, 2 (it could not be done), 4 (wrong usage)."""
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_sandbox_commands(commands, _add_local_options, _read_local_settings)
    add_doctor_command(commands, _add_local_options, read_place)
    _add_crs_commands(commands)
    add_benchmark_command(commands)
    add_soak_command(commands)
    _add_report_commands(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _add_local_options(add: Callable[..., Any]) -> None:
    add_sandbox_options(add)
    add_target_options(add)


def _read_local_settings(options: argparse.Namespace) -> SandboxSettings:
    """Return the local sandbox to start, a checkout built into it."""
    if options.sandbox != LOCAL:
        raise SettingsError(f"--sandbox: {options.sandbox!r} is nothing to start here", hint=f"Valid: {LOCAL}")
    return read_target(options, ConsoleProgress(make_console())).sandbox


def _add_crs_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    crs = commands.add_parser("crs", help="the 13 custom resources").add_subparsers(required=True)
    render = crs.add_parser("render", help="print the CRs as they are sent")
    render.add_argument("kind", nargs="*", metavar="KIND", help="kind, plural, number or template; default: all")
    render.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable of the template; VALUE is read as YAML",
    )
    render.set_defaults(run=_render_crs)


def _render_crs(options: argparse.Namespace) -> int:
    templates = Templates()
    variables = dict(_read_variable(word) for word in options.set)
    cases = [find_case(word, "KIND") for word in options.kind] or CASES
    print("---\n".join(templates.render_text(case, variables) for case in cases), end="")
    return 0


def _read_variable(word: str) -> tuple[str, object]:
    name, separator, value = word.partition("=")
    if not separator:
        raise SettingsError(f"--set: {word!r} has no '='", hint="The form is NAME=VALUE, such as owner=me")
    return name, yaml.safe_load(value)


def _add_report_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands.add_parser("report", help="render and compare records").add_subparsers(required=True)
    for name, (render, help_text) in _RENDERINGS.items():
        command = report.add_parser(name, help=help_text)
        command.add_argument("record", type=Path, metavar="REPORT.JSON")
        command.add_argument("--baseline", metavar="NAME", help="record of reports/baselines to compare with")
        command.set_defaults(run=_render_report, render=render)
    diff = report.add_parser("diff", help="print what changed between two records; exit code 1 if anything did")
    diff.add_argument("old", type=Path, metavar="OLD.JSON")
    diff.add_argument("new", type=Path, metavar="NEW.JSON")
    diff.set_defaults(run=_diff_reports)


def _render_report(options: argparse.Namespace) -> int:
    record = read_record(options.record)
    baseline = load_baseline(options.baseline or SEED_BASELINE, required=bool(options.baseline))
    print(options.render(record, baseline))
    return 0


def _diff_reports(options: argparse.Namespace) -> int:
    differences = compare_records(read_record(options.old), read_record(options.new))
    print(render_diff(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
