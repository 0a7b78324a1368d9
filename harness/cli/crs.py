"""The command `crs`: the templates of the custom resources without a run."""

from __future__ import annotations

import argparse

import yaml

from harness.cli.options import PROFILE_OF_BINARY
from harness.core.errors import SettingsError
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `crs render`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    render = commands.add_parser("render", help="print the CRs as they are sent")
    render.add_argument("kind", nargs="*", metavar="KIND", help="kind, plural, number or template; default: all")
    render.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable of the template; VALUE is read as YAML",
    )
    render.set_defaults(run=_render)


def _render(options: argparse.Namespace) -> int:
    contract = make_contract(load_profile(PROFILE_OF_BINARY))
    templates = Templates(cases=contract.cases)
    variables = dict(_read_variable(word) for word in options.set)
    cases = [contract.find_case(word, "KIND") for word in options.kind] or contract.cases
    print("---\n".join(templates.render_text(case, variables) for case in cases), end="")
    return 0


def _read_variable(word: str) -> tuple[str, object]:
    name, separator, value = word.partition("=")
    if not separator:
        raise SettingsError(f"--set: {word!r} has no '='", hint="The form is NAME=VALUE, such as owner=me")
    return name, yaml.safe_load(value)
