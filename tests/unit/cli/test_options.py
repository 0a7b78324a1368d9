"""Promises of `harness.cli.options`: each option is declared, read and spelled from one row."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.chapters.faults.run import DEFAULT_SEED as SEED_OF_THE_TESTS
from harness.cli.options import (
    DEFAULT_SEED,
    OPTIONS,
    RUN_OPTIONS,
    SOAK_OPTIONS,
    TARGET_OPTIONS,
    Form,
    Group,
    add_options,
    add_to_parser,
    explain_tolerance,
    get_given,
    read_target,
    read_value,
    spell,
    spell_round,
)
from harness.core.errors import SettingsError
from harness.core.progress import SILENT
from harness.sandbox.existing.context import CONSENT_OPTION, CONTEXT_OPTION, KUBECONFIG_OPTION
from harness.sandbox.existing.filelog import LOG_OPTION
from harness.sandbox.existing.mysqlforward import FORWARD_OPTION
from harness.sandbox.existing.options import DEFAULT_URL, URL_OPTION
from harness.sandbox.existing.podstatus import POD_OPTION
from harness.sandbox.k3d.options import SERVICES, WORKFLOWS, Existing, K3dSettings
from harness.spec.bundle import render_crds, render_schema
from tests.fakes.contract import CONTRACT

_HEAVY = ("kubernetes", "mysql", "jinja2", "rich", "yaml", "requests", "hypothesis")


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    add_to_parser(parser, OPTIONS.values())
    return parser.parse_args(words)


def make_words(name: str) -> list[str]:
    """Return words that give the option an unusual value."""
    option = OPTIONS[name]
    if option.form is Form.FLAG:
        return [option.name]
    if option.form is Form.REPEATED:
        return [option.name, "one", option.name, "two words"]
    return [option.name, "7" if option.type else "-other one"] if option.type else [f"{option.name}=-other one"]


@pytest.mark.parametrize("name", OPTIONS)
def test_what_is_spelled_is_what_was_given(name: str) -> None:
    """Each option, read again from how it is spelled, has the value that it had."""
    given = parse(*make_words(name))
    assert vars(parse(*spell(given))) == vars(given)
    assert spell(given) == make_words(name)


def test_usual_values_are_not_spelled() -> None:
    """Without options there are no words; an option with its usual value adds none."""
    assert spell(parse()) == []
    assert spell(parse("--sandbox", "local", "--sync-timeout", "15", "--reports", "reports")) == []


@pytest.mark.parametrize(
    ("words", "tolerated"),
    [
        ("", ""),
        ("--allow-stale-known-issues", "--allow-stale-known-issues says so"),
        ("--michelangelo .", "no --profile says that this version has it"),
        ("--controllermgr ./mine", "no --profile says that this version has it"),
        ("--sandbox existing", "no --profile says that this version has it"),
        ("--michelangelo . --profile upstream-main", ""),
        ("--profile upstream-main --allow-stale-known-issues", "--allow-stale-known-issues says so"),
    ],
)
def test_stale_known_issues_fail_where_the_version_is_named(words: str, tolerated: str) -> None:
    """What was found by what fits best is a guess, and who mends an issue has done right."""
    assert explain_tolerance(parse(*words.split())) == tolerated


def test_changes_stand_in_place_of_what_was_given() -> None:
    """A change replaces, also by the usual value; None leaves out. What `get_given` kept is spelled alike."""
    options = parse("--crd", "model", "--keep-sandbox", "--seed", "5")
    assert spell(options, crd=["project"], seed=1, keep_sandbox=None) == ["--crd", "project", "--seed", "1"]
    assert spell(get_given(options)) == spell(options)


def test_no_password_is_spelled() -> None:
    """A password in a URL, which is refused, gets no further by that."""
    words = spell(parse("--mysql-url", "mysql://me:secret@db:3307/m?ssl_ca=x"))
    assert words == ["--mysql-url", "mysql://me@db:3307/m?ssl_ca=x"]


def test_a_round_is_spelled_with_all_that_shapes_it() -> None:
    """Its command has the faults, the seed, the outage, the fewer kinds, and every option of the run."""
    options = parse(
        "--minutes", "60", "--shrink", "--sync-timeout", "3.5", "--allow-stale-known-issues", "--controllermgr",
        "/opt/my manager", "--set", "ingester.requeuePeriod=5s",
    )  # fmt: skip
    command = spell_round(options, [CONTRACT.get_case("Project")], ["mysql-kill", "etcd-stop"], 1, 2.5)
    assert command == (
        "ingester-acceptance soak --controllermgr '/opt/my manager' --set ingester.requeuePeriod=5s --crd project"
        " --sync-timeout 3.5 --allow-stale-known-issues --fault mysql-kill --fault etcd-stop --seed 1 --outage 2.5"
    )
    assert parse(*shlex.split(command)[2:]).outage == 2.5


def test_a_round_of_all_kinds_names_none() -> None:
    """What says nothing is left out."""
    command = spell_round(parse(), CONTRACT.cases, ["mysql-kill"], 1, 1.5)
    assert command == "ingester-acceptance soak --fault mysql-kill --seed 1 --outage 1.5"


def test_options_come_under_their_headings() -> None:
    """Groups come in their order, each once; options of a target are those of a run, and all but one of a soak."""
    seen: dict[str, list[str]] = {}

    def open_group(title: str) -> Any:
        seen[title] = []
        return lambda name, **_: seen[title].append(name)

    add_options(open_group, SOAK_OPTIONS)
    assert list(seen) == [group for group in Group if group is not Group.LIMIT]
    assert sum(seen.values(), []).count("--profile") == 1  # noqa: RUF017  short lists
    assert set(TARGET_OPTIONS) < set(RUN_OPTIONS)
    assert {option.attribute for option in set(RUN_OPTIONS) - set(SOAK_OPTIONS)} == {"verdict_within"}


def test_help_lists_what_there_is() -> None:
    """Where the values are known, the help says them."""
    parser = argparse.ArgumentParser(prog="x")
    add_to_parser(parser, SOAK_OPTIONS)
    text = " ".join(parser.format_help().split())
    assert "the behaviour to expect: later-2026, pull-1117, report-2026-03, upstream-main" in text
    assert "{valid}" not in text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--sync-timeout", "0"], "--sync-timeout: 0 is no time; give seconds above 0"),
        (["--verdict-within", "-1"], "--verdict-within: -1 is no time; give seconds, or 0 for no limit"),
        (["--sandbox", "exisiting"], "(?s)--sandbox: unknown value 'exisiting'.*did you mean existing"),
        (["--crds", "/no/such"], "--crds: '/no/such' is not a folder that exists"),
        (["--schema", "/no/such"], "--schema: '/no/such' is not a file that exists"),
        (["--feature", "finalizer"], "--feature: 'finalizer' has not the form NAME=VALUE\nThe checks know f"),
        (["--feature", "=x"], "--feature: '=x' has not the form NAME=VALUE"),
        (["--controllermgr", "/no/such"], "--controllermgr: '/no/such' does not exist"),
    ],
)
def test_wrong_values_are_named(words: list[str], problem: str) -> None:
    """A wrong value names its option, shows what was given and says what is valid."""
    options = parse(*words)
    with pytest.raises(SettingsError, match=problem):
        read_value(options, words[0].removeprefix("--").replace("-", "_"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "--cover counts what runs of a checkout"),
        (["--michelangelo", ".", "--keep-sandbox"], "--cover ends what --keep-sandbox keeps"),
        (["--sandbox", "k3d"], "--cover has no effect with --sandbox k3d"),
    ],
)
def test_coverage_is_of_a_checkout_alone(words: list[str], problem: str) -> None:
    """What can't count is named, instead of a report that says nothing of it."""
    with pytest.raises(SettingsError, match=problem):
        read_target(parse("--cover", *words), SILENT)


def test_features_are_taken_as_they_come() -> None:
    """A name or a value that no check knows ends no run: the run tells it."""
    target = read_target(parse("--feature", "finalizer=ingester", "--feature", "new = a=b"), SILENT)
    assert target.features == {"finalizer": "ingester", "new": "a=b"}
    assert target.make_contract().features["new"] == "a=b"


def test_files_of_a_version_are_read(tmp_path: Path) -> None:
    """With CRDs and SQL of its own, an executable's contract is what these say."""
    cases = CONTRACT.select(["project"])
    crds, schema = tmp_path / "crds", tmp_path / "schema.sql"
    crds.mkdir()
    (crds / "project.yaml").write_text(yaml.safe_dump_all(render_crds(cases)))
    schema.write_text(render_schema([case.kind for case in cases]))
    target = read_target(parse("--crds", str(crds), "--schema", str(schema)), SILENT)
    assert target.make_contract().names == ("Project",)
    assert read_target(parse(), SILENT).read is None


def test_what_others_call_them_is_what_they_are_called() -> None:
    """The names and values in messages elsewhere are those of the table, and so is the seed of the tests."""
    elsewhere = {
        URL_OPTION, CONTEXT_OPTION, KUBECONFIG_OPTION, CONSENT_OPTION, LOG_OPTION, FORWARD_OPTION, POD_OPTION,
    }  # fmt: skip
    assert elsewhere < {option.name for option in TARGET_OPTIONS}
    assert DEFAULT_URL.replace("127.0.0.1:3306", "SERVICE") in OPTIONS["mysql_port_forward"].help
    valid = {name: tuple(option.valid()) for name, option in OPTIONS.items() if option.valid is not None}
    assert (valid["k3d_exclude"], valid["k3d_workflow"]) == (SERVICES, WORKFLOWS)
    assert valid["k3d_existing"] == tuple(Existing)
    assert OPTIONS["k3d_wait_timeout"].default == K3dSettings.wait_timeout_s
    assert DEFAULT_SEED == SEED_OF_THE_TESTS


@pytest.mark.parametrize("module", ["harness.cli.options", "harness.plugin", "harness.__main__"])
def test_declaring_loads_nothing_heavy(module: str) -> None:
    """What every pytest run loads, and `--help`, import no module that takes long."""
    first = "pytest" if module == "harness.plugin" else "sys"
    before = f"import sys, {first}; before = set(sys.modules)"
    script = f"{before}; import {module}; print(*sys.modules.keys() - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & set(_HEAVY) == set()
    assert len(done.stdout.split()) < (10 if module == "harness.plugin" else 70)
