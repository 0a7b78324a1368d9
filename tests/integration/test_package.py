"""The package as its users get it: built, installed into an empty environment, and used in an empty folder.

It fetches all dependencies, so it is run by request only: `tox run -e package`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import harness
from harness.report.record import read_record
from harness.sandbox.storage import ROOT_VARIABLE

VARIABLE = "INGESTER_ACCEPTANCE_PACKAGE"
ROOT = Path(__file__).resolve().parents[2]
_DATA = (
    "controlplane", "docs/rbac.yaml", "docs/schemas", "faultproxy", "fixtures",
    "reports/baselines", "tests/acceptance",
)  # fmt: skip
_OWN = ("INGESTER_", "PYTEST", "PYTHON")   # variables that would lead back here

pytestmark = [
    pytest.mark.skipif(os.environ.get(VARIABLE) != "1", reason="by request: tox run -e package"),
    pytest.mark.xdist_group("package"),   # one installation is enough
]

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel that is built from the source distribution, and the one from the clone."""
    folder = tmp_path_factory.mktemp("dist")
    for words in (["--outdir", str(folder / "sdist")], ["--wheel", "--outdir", str(folder / "clone")]):
        subprocess.run([sys.executable, "-m", "build", *words, str(ROOT)], check=True, stdout=subprocess.DEVNULL)
    (through_sdist,) = (folder / "sdist").glob("*.whl")
    (from_clone,) = (folder / "clone").glob("*.whl")
    return through_sdist, from_clone


@pytest.fixture(scope="module")
def call(wheels: tuple[Path, Path]) -> Iterator[Call]:
    """Call a program of an environment that has the wheel and nothing else, in an empty folder of the caller's."""
    with tempfile.TemporaryDirectory(prefix="pk-", dir="/tmp") as place:   # short, for the paths of sockets
        subprocess.run([sys.executable, "-m", "venv", f"{place}/venv"], check=True)
        programs = Path(place, "venv", "bin")
        subprocess.run([programs / "pip", "install", "--quiet", str(wheels[0])], check=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
        cache = {name: os.environ[name] for name in ("INGESTER_ACCEPTANCE_CACHE",) if name in os.environ}
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environment = {**kept, **cache, ROOT_VARIABLE: place, "PATH": path}

        def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [programs / words[0], *words[1:]],
                cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600,
            )  # fmt: skip

        yield run
        run("ingester-acceptance", "sandbox", "down", folder=Path(place))


@pytest.fixture(scope="module")
def reported(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one kind was tested; its own configuration of pytest would break the run."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (folder / "conftest.py").write_text("raise SystemExit(9)\n")
    done = call("ingester-acceptance", "run", "--crd", "model", "-m", "report", folder=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "warnings summary" not in done.stdout
    return folder


def test_both_ways_lead_to_the_same_wheel(wheels: tuple[Path, Path]) -> None:
    """The source distribution lacks nothing: its wheel is that of the clone, byte by byte."""
    assert wheels[0].read_bytes() == wheels[1].read_bytes()


def test_the_wheel_has_all_that_is_needed(wheels: tuple[Path, Path]) -> None:
    """Each tracked file of the package and of the folders beside it is in the wheel, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "harness", *_DATA], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    expected = {name if name.startswith("harness/") else f"harness/_data/{name}" for name in listed}
    with zipfile.ZipFile(wheels[0]) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        licenses = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    assert (expected - found, found - expected, len(licenses)) == (set(), set(), 1)


def test_it_says_which_version_it_is(call: Call, tmp_path: Path) -> None:
    """The version of the clone is that of the package."""
    done = call("ingester-acceptance", "--version", folder=tmp_path)
    assert done.stdout.split() == ["ingester-acceptance", harness.__version__]


def test_the_doctor_finds_what_it_looks_for(call: Call, tmp_path: Path) -> None:
    """The preflight works; this machine has what a run needs, or it can be made."""
    done = call("ingester-acceptance", "doctor", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_templates_are_rendered(call: Call, tmp_path: Path) -> None:
    """The templates are there."""
    done = call("ingester-acceptance", "crs", "render", "model", folder=tmp_path)
    assert (done.returncode, "kind: Model" in done.stdout) == (0, True)


def test_a_run_leaves_its_reports_and_nothing_else(reported: Path) -> None:
    """The tests ran, and wrote `reports/` in the folder where they were called."""
    assert sorted(path.name for path in reported.iterdir()) == ["conftest.py", "pytest.ini", "reports"]
    record = read_record(reported / "reports" / "latest" / "report.json")
    assert record.exit_code == 0
    assert record.command == "ingester-acceptance run --crd model -m report"
    assert all(check.reproduce.startswith("ingester-acceptance run ") for check in record.checks)


def test_a_check_is_reproduced_as_it_says(call: Call, reported: Path, tmp_path: Path) -> None:
    """The command in the record, copied, runs that check."""
    record = read_record(reported / "reports" / "latest" / "report.json")
    command = next(check.reproduce for check in record.checks if check.section == "1.4")
    done = call(*command.split(), "--collect-only", "-q", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1_4" in done.stdout or "1.4" in done.stdout


def test_reports_are_rendered(call: Call, reported: Path) -> None:
    """The record becomes a page again."""
    done = call("ingester-acceptance", "report", "html", "reports/latest/report.json", folder=reported)
    assert (done.returncode, done.stdout.lstrip()[:15].lower()) == (0, "<!doctype html>")


def test_a_sandbox_comes_up_and_goes(call: Call, tmp_path: Path) -> None:
    """`up` starts what `status` shows and `down` ends."""
    codes = [
        call("ingester-acceptance", "sandbox", *words, folder=tmp_path).returncode
        for words in (["up"], ["status"], ["env"], ["down"], ["status"])
    ]
    assert codes == [0, 0, 0, 0, 1]


def test_wrong_usage_is_told(call: Call, tmp_path: Path) -> None:
    """An unknown option is named with the one that is near, an unknown value with the valid ones: exit code 4."""
    done = call("ingester-acceptance", "run", "--crdd", "model", folder=tmp_path)
    assert (done.returncode, "--crdd: did you mean --crd?" in done.stderr) == (4, True)
    done = call("ingester-acceptance", "run", "--crd", "modle", folder=tmp_path)
    assert (done.returncode, "did you mean Model" in done.stdout + done.stderr) == (4, True)
    assert list(tmp_path.iterdir()) == []


def test_another_projects_tests_are_its_own(call: Call, tmp_path: Path) -> None:
    """Another suite, with options of the same names, runs as ever, without a trace of the harness."""
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--profile')\n")
    (tmp_path / "test_theirs.py").write_text(
        "def test_it(pytestconfig):\n    assert pytestconfig.option.profile == 'x'\n"
    )
    done = call("pytest", "--profile", "x", "-W", "error", "--strict-markers", folder=tmp_path)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
    shutil.rmtree(tmp_path / ".pytest_cache", ignore_errors=True)
    done = call("pytest", "--help", folder=tmp_path)
    assert "ingester" not in done.stdout.replace("ingester-acceptance-", "").lower()
