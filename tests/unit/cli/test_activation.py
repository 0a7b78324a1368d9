"""Promises of `harness.cli.activation`: runs of other tests don't notice the harness, its own runs are found."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli import activation
from harness.cli.activation import CONFIGURATION, build_arguments, concerns_acceptance, spell_check, spell_command
from harness.cli.options import SOAK_OPTIONS, add_to_parser
from harness.core.resources import PACKAGE, find_resource

ROOT = PACKAGE.parent
TESTS = find_resource("tests", "acceptance")

_QUIET = [word for name in ("cacheprovider", "randomly", "hypothesispytest") for word in ("-p", f"no:{name}")]
_FOREIGN_RUNS = """
import os, sys, pytest
runs = "--help", "--markers", "--fixtures", "--collect-only -q", "-rA -W error", "--profile x"
for words in map(str.split, runs):
    print("==", *words, flush=True)
    exit_code = pytest.main([*sys.argv[1:], *words])
    print("exit code", int(exit_code), flush=True)
"""


@pytest.mark.parametrize(
    ("words", "folder", "expected"),
    [
        (["tests/acceptance"], ROOT, True),
        (["-x", "tests/acceptance/test_1_setup_and_creation.py::test_a"], ROOT, True),
        ([str(TESTS), "-m", "report"], Path("/"), True),
        (["-k", "something"], TESTS, True),
        ([], TESTS, True),
        (["tests"], ROOT, True),
        (["tests/unit"], ROOT, False),
        (["--reports=tests/acceptance", "tests/unit"], ROOT, False),
        ([], ROOT / "tests" / "unit", False),
    ],
)
def test_the_words_tell_which_tests_are_meant(words: list[str], folder: Path, expected: bool) -> None:
    """The folder, something in it, and in a clone what contains it; nothing else, nor the value of an option."""
    assert concerns_acceptance(words, folder) is expected


def test_an_installed_package_is_found_by_its_folder_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that contains the package, such as a project with its virtual environment, is not meant."""
    monkeypatch.setattr(activation, "is_installed", lambda: True)
    assert not concerns_acceptance(["tests"], ROOT)
    assert not concerns_acceptance([], ROOT)
    assert concerns_acceptance([str(TESTS)], Path("/"))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Another project: a test, and a plugin whose options have the names of the harness's."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    for name in ('--profile', '--sandbox', '--crd', '--reports'):\n"
        "        parser.addoption(name, help='of this project')\n"
    )
    (tmp_path / "test_theirs.py").write_text(
        "def test_profile(pytestconfig):\n    assert pytestconfig.option.profile != 0\n"
    )
    metadata = tmp_path / "installed" / "ingester_acceptance-9.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ingester-acceptance\nVersion: 9\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nharness.plugin = harness.plugin\n")
    return tmp_path


def test_another_suite_does_not_notice_the_harness(foreign: Path) -> None:
    """Help, markers, fixtures, tests, results and warnings are the same with the plugin and without it."""
    without, with_it = (_run_foreign(foreign, words) for words in (["-p", "no:harness.plugin"], []))
    assert _keep(with_it) == _keep(without)
    assert "1 passed" in with_it
    assert with_it.count("exit code 0") == 6


def _run_foreign(folder: Path, words: list[str]) -> str:
    paths = os.pathsep.join([str(folder / "installed"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", _FOREIGN_RUNS, *_QUIET, *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def _keep(output: str) -> list[str]:
    """Return the lines but for times and the list of plugins, which names the harness."""
    lines = [re.sub(r" in [\d.]+s|=+", "", line) for line in output.splitlines()]
    return [line for line in lines if not line.startswith("plugins: ")]


def test_a_run_of_another_suite_loads_the_plugin(foreign: Path) -> None:
    """The test above tests something: the plugin is there, and only once where it is asked for again."""
    script = "import sys, pytest; sys.exit(pytest.main(['--trace-config', *sys.argv[1:]]))"
    for words in ([], ["-p", "harness.plugin"]):
        done = subprocess.run(
    [sys.executable, "-c", script, *_QUIET, *words],
            cwd=foreign, env={**os.environ, "PYTHONPATH": f"{foreign / 'installed'}{os.pathsep}{ROOT}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count(f"    harness.plugin      : {PACKAGE / 'plugin.py'}") == 1


def _make_config(words: list[str], inipath: Path, **values: Any) -> pytest.Config:
    parser = argparse.ArgumentParser()
    add_to_parser(parser, SOAK_OPTIONS)
    options = parser.parse_args([], argparse.Namespace(markexpr="", **values))
    return SimpleNamespace(  # type: ignore[return-value]  # as much of one as is read
        option=options, inipath=inipath, invocation_params=SimpleNamespace(args=tuple(words))
    )


def test_the_command_is_spelled_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `run` adds is not told; a run of pytest is one."""
    monkeypatch.chdir(tmp_path)
    config = _make_config(build_arguments(["--crd", "model", "-k", "a b"]), CONFIGURATION)
    assert spell_command(config) == "ingester-acceptance run --crd model -k 'a b'"
    config = _make_config(["tests/acceptance", "-x"], ROOT / "pyproject.toml")
    assert spell_command(config) == "pytest tests/acceptance -x"


def test_a_check_is_spelled_with_its_kind_and_marks(tmp_path: Path) -> None:
    """The options that were given stay; the kind is added unless kinds were chosen."""
    config = _make_config([], CONFIGURATION)
    config.option.markexpr, config.option.sync_timeout = "faults", 3.0
    config.option.version, config.option.jobs = 0, 5   # pytest's own, and a plugin's: not ours of these names
    assert spell_check(config, "test_a", "Model") == (
        "ingester-acceptance run -m faults --crd model --sync-timeout 3 -k test_a"
    )
    config = _make_config([], tmp_path)
    config.option.crd = ["project"]
    assert spell_check(config, "test_a", "Model") == "pytest tests/acceptance --crd project -k test_a"
