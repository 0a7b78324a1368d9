"""`harness.cli.configuration`: command line before environment before file before the usual value."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.__main__ import main
from harness.cli.configuration import CONFIG_VARIABLE, FILE_NAME, TIMEOUT_KEYS
from harness.cli.options import (
    OPTIONS,
    Option,
    add_to_parser,
    get_configuration,
    read_run_settings,
    read_value,
    spell,
)
from harness.core.errors import SettingsError
from harness.core.progress import SILENT
from harness.core.record import Latency, Record
from harness.core.resources import find_resource

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what writes a configuration file into the current folder, a new one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)

    def write(text: str, name: str = FILE_NAME) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line in the current folder."""
    parser = argparse.ArgumentParser()
    add_to_parser(parser, OPTIONS.values())
    return parser.parse_args(words)


def _choose(option: Option) -> Any:
    """Return an unusual value of the option, as a file gives it."""
    if option.is_flag:
        return True
    if option.is_repeated:
        return ["one", "two words"]
    return 7 if option.type else "other"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_can_be_set_in_the_file(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its value is that of the file, by the option's own name; what is spelled gives it again, file or not."""
    option = OPTIONS[name]
    value = _choose(option)
    path = write(f"{option.name.removeprefix('--')} = {json.dumps(value)}")
    options = parse()
    words = [value] if isinstance(value, str) else value
    placed = [str(path.parent / word) for word in words] if option.files else words
    assert getattr(options, name) == (placed[0] if isinstance(value, str) else placed)
    words_again = spell(options)
    assert get_configuration().sources[name] == f"{path}: {option.name.removeprefix('--')}"
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    assert vars(parse(*words_again)) == vars(options)


def test_the_command_line_goes_first(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then comes the environment, then the file; a list is replaced and not continued, a flag can be denied."""
    write('crd = ["model"]\nsync-timeout = 3\nkeep-sandbox = true\nreports = "mine"')
    monkeypatch.setenv("INGESTER_OPTION_SYNC_TIMEOUT", "4")
    monkeypatch.setenv("INGESTER_OPTION_CRD", "project 'ray job'")
    options = parse("--reports", "yours", "--no-keep-sandbox")
    assert (options.crd, options.sync_timeout, options.reports) == (["project", "ray job"], 4.0, "yours")
    assert options.keep_sandbox is False
    assert parse("--crd", "a", "--crd", "b").crd == ["a", "b"]
    monkeypatch.setenv("INGESTER_OPTION_KEEP_SANDBOX", "no")
    assert parse().keep_sandbox is False


def test_a_usual_value_that_overrides_the_file_is_spelled(write: Write) -> None:
    """Commands that repeat a run say it, or the file would have its way there."""
    write('sandbox = "existing"\nkeep-sandbox = true')
    options = parse("--sandbox", "local", "--no-keep-sandbox")
    assert spell(options) == ["--sandbox", "local", "--no-keep-sandbox"]


def test_a_projects_file_has_a_table(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts from folders below as well, with paths from its own folder on; one without the table does not."""
    text = '[tool.ingester-acceptance]\ncrds = "deploy/crds"\nmichelangelo = "https://x.example/m@main"'
    write(text, "pyproject.toml")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.chdir(below)
    options = parse()
    assert options.crds == str(tmp_path / "deploy" / "crds")
    assert options.michelangelo == "https://x.example/m@main"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sync-timout = 3", "(?s)unknown key 'sync-timout'.*did you mean sync-timeout"),
        ("[timeouts]\nhald = 3", r"(?s)\[timeouts\]: unknown key 'hald'.*did you mean hold"),
        ("[timeouts]\nhold = 0", r"\[timeouts\] hold: 0 is no number above 0"),
        ("timeouts = 3", "timeouts: 3 is no table"),
        ("[thresholds]\nlatency-floor = true", "latency-floor: True is no number"),
        ("keep-sandbox = 1", "keep-sandbox: 1 is neither true nor false"),
        ("crd = [1]", r"crd: \[1\] is no list of texts"),
        ('seed = 1.5', "seed: 1.5 is no whole number"),
        ("reports = 3", "(?s)reports: 3 is no text.*DIR"),
        ("crd = ", f"{FILE_NAME}: "),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, problem: str, write: Write) -> None:
    """The error names the file, the key, the value, and the nearest valid key."""
    path = write(text)
    with pytest.raises(SettingsError, match=problem) as raised:
        parse()
    assert str(path) in str(raised.value)


def test_a_value_that_a_run_refuses_names_the_file(write: Write) -> None:
    """Of an option that is read later, too; what the command line gives is not laid at the file's door."""
    path = write('sandbox = "lokal"\nprofile = "upstream-man"')
    with pytest.raises(SettingsError, match=f"--sandbox: unknown value 'lokal' \\(from {path}: sandbox\\)"):
        read_value(parse(), "sandbox")
    with pytest.raises(SettingsError, match=f"upstream-man' \\(from {path}: profile\\)"):
        read_run_settings(parse("--sandbox", "local"), SILENT)
    with pytest.raises(SettingsError) as raised:
        read_value(parse("--sandbox", "remote"), "sandbox")
    assert str(path) not in str(raised.value)


def test_what_the_command_line_excludes_gives_way(write: Write) -> None:
    """A checkout of the file does not forbid an executable that is given."""
    write('michelangelo = "."')
    options = parse("--controllermgr", sys.executable)
    target = read_run_settings(options, SILENT).target
    assert (target.sandbox.controllermgr.path, options.michelangelo) == (Path(sys.executable).resolve(), None)


def test_what_a_file_excludes_itself_is_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the two is more what was meant; the error says which exclude each other."""
    write(f'michelangelo = "."\ncontrollermgr = "{sys.executable}"')
    with pytest.raises(SettingsError, match="--michelangelo and --controllermgr exclude each other"):
        read_run_settings(parse(), SILENT)
    path = write('mysql-url = "mysql://u@h/d"\nsandbox = "k3d"', "other.toml")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    with pytest.raises(SettingsError, match=f"--mysql-url has no effect with --sandbox k3d \\(from {path}"):
        read_run_settings(parse(), SILENT)


@pytest.mark.parametrize(
    ("variable", "value"), [("KEEP_SANDBOX", "perhaps"), ("SYNC_TIMEOUT", "long"), ("CRD", "'open")]
)
def test_what_is_wrong_in_the_environment_is_named(
    variable: str, value: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the variable and its value."""
    write("")
    monkeypatch.setenv(f"INGESTER_OPTION_{variable}", value)
    with pytest.raises(SettingsError, match=f"INGESTER_OPTION_{variable}: .*{value}"):
        parse()


def test_another_file_or_none_can_be_chosen(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable names the file; empty, none is read; one that does not exist is an error."""
    write('crd = ["model"]')
    monkeypatch.setenv(CONFIG_VARIABLE, str(write('crd = ["rayjob"]', "other.toml")))
    assert parse().crd == ["rayjob"]
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    assert parse().crd == []
    monkeypatch.setenv(CONFIG_VARIABLE, "none.toml")
    with pytest.raises(SettingsError, match=r"there is no file 'none.toml'"):
        parse()


_PROFILE = """
[profile]
extends = "report-2026-03"
[[profile.known_issue]]
id = "ours"
title = "The owner is late"
sections = ["1.6"]
impact = "late"
workaround = "none"
[timeouts]
hold = 2
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (FILE_NAME, _PROFILE),
        ("pyproject.toml", "[project]\n" + re.sub(r"(?m)^(\[+)", r"\1tool.ingester-acceptance.", _PROFILE)),
    ],
)
def test_a_profile_and_timeouts_of_ones_own(name: str, text: str, write: Write) -> None:
    """The file's table is the profile of the run, with its known issues; timeouts are those of the file."""
    path = write(text, name)
    settings = read_run_settings(parse(), SILENT)
    assert settings.target.profile == str(path)
    assert settings.target.make_contract().names
    assert (settings.timeouts.hold_s, settings.timeouts.log_s) == (2.0, 5.0)
    assert "hold" in TIMEOUT_KEYS


def test_thresholds_are_those_of_the_diff(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a floor of its own, a write that takes 60 ms more is told."""
    for name, seconds in (("old", 0.005), ("new", 0.065)):
        record = Record(latencies=[Latency("Model", "create", seconds)])
        (tmp_path / f"{name}.json").write_text(record.to_json(), encoding="utf-8")
    words = ["report", "diff", str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    write("[thresholds]\nlatency-floor = 0.05")
    assert main(words) == 1
    assert "Model, create to row" in capsys.readouterr().out


def test_the_published_schema_knows_the_file(write: Write) -> None:
    """It takes what the code takes, and refuses an unknown key and a wrong type."""
    schema = json.loads(find_resource("docs", "schemas", "config.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    whole = {option.name.removeprefix("--"): _choose(option) for option in OPTIONS.values()}
    validator.validate(whole)
    validator.validate(tomllib.loads(_PROFILE))
    for key, value in {"crdd": [], "seed": "x", "timeouts": {"hald": 1}, "profile": {"title": 1}}.items():
        assert not validator.is_valid({key: value})
