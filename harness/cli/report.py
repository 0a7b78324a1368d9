"""The command `report`: renders and compares records without a run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from harness.cli import judge
from harness.cli.options import get_configuration
from harness.core.record import Record
from harness.core.resources import find_resource
from harness.report.ci import render_annotations, render_summary
from harness.report.console import render_matrix_svg
from harness.report.diff import Area, Difference, compare_records
from harness.report.diff_formats import FORMATS
from harness.report.html import render_page
from harness.report.markdown import render_markdown
from harness.report.record import SEED_BASELINE, load_baseline, read_record

_RENDERINGS: dict[str, tuple[Callable[[Record, Record | None], str], str]] = {
    "html": (render_page, "print a record as a page"),
    "markdown": (render_markdown, "print a record as Markdown"),
    "summary": (lambda record, _: render_summary(record), "print what a CI system shows: matrix and failures"),
    "annotations": (lambda record, _: render_annotations(record), "print GitHub's annotations of what failed"),
    "svg": (lambda record, _: render_matrix_svg(record), "print a record's matrix as a picture"),
}

_SCHEMAS = ("record", "config")

_FAILS: dict[str, Callable[[Difference], bool]] = {
    "worse": lambda difference: difference.worse,
    "any": lambda difference: difference.area is not Area.VERSION,
    "never": lambda _: False,
}


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `report html|markdown|svg|judge|diff`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, (render, help_text) in _RENDERINGS.items():
        command = commands.add_parser(name, help=help_text)
        command.add_argument("record", type=Path, metavar="REPORT.JSON")
        command.add_argument("--baseline", metavar="NAME", help="record to compare with, of those of the harness")
        command.set_defaults(run=_render, render=render)
    judge.declare(commands.add_parser("judge", help="judge a kept run again by today's checkers, without running"))
    schema = commands.add_parser("schema", help="print the JSON Schema of a record, or of the configuration file")
    schema.add_argument("--of", choices=_SCHEMAS, default="record", help="which one (default: record)")
    schema.set_defaults(run=_print_schema)
    diff = commands.add_parser("diff", help="print what changed between two records; exit code 1 if it is worse")
    diff.add_argument("old", type=Path, metavar="OLD.JSON")
    diff.add_argument("new", type=Path, metavar="NEW.JSON")
    diff.add_argument("--format", choices=FORMATS, default="text", help="how it is written (default: text)")
    diff.add_argument(
        "--fail-on",
        choices=_FAILS,
        default="worse",
        help="exit code 1 if something is worse (default), if any result or latency differs, or never; versions "
        "and digests are told, and are no difference by themselves",
    )
    diff.set_defaults(run=_diff)


def _render(options: argparse.Namespace) -> int:
    record = read_record(options.record)
    baseline = load_baseline(options.baseline or SEED_BASELINE, required=bool(options.baseline))
    print(options.render(record, baseline))
    return 0


def _print_schema(options: argparse.Namespace) -> int:
    print(find_resource("docs", "schemas", f"{options.of}.json").read_text(encoding="utf-8"), end="")
    return 0


def _diff(options: argparse.Namespace) -> int:
    old, new = read_record(options.old), read_record(options.new)
    differences = compare_records(old, new, **get_configuration().thresholds)
    print(FORMATS[options.format](old, new, differences), end="")
    return int(any(map(_FAILS[options.fail_on], differences)))
