"""The action for other people's CI: its steps, run in a shell with GitHub's variables and files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


@dataclass
class Job:
    """A job of GitHub's with this action: what it was given, and what its steps leave."""

    folder: Path
    inputs: dict[str, str]
    exit_code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run the action's shell steps, one after the other, as the runner does."""
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        given = {name: item["default"] for name, item in action["inputs"].items()} | self.inputs
        self.folder.mkdir(exist_ok=True)
        for step in action["runs"]["steps"]:
            if "run" in step and not self.exit_code:
                self._run_step(step, given)

    @property
    def summary(self) -> str:
        """What the steps wrote into the step summary."""
        path = self.folder / "summary"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _run_step(self, step: dict[str, Any], given: dict[str, str]) -> None:
        known = {f"inputs.{name}": value for name, value in given.items()} | {"github.action_path": str(ROOT)}
        variables = {
            name: _EXPRESSION.sub(lambda found: known[found[1]], value) for name, value in step["env"].items()
        }
        files = {name: self.folder / name.lower() for name in ("summary", "output")}
        own = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "INGESTER_OPT"))}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
            env={
                **own,
                "GITHUB_ACTIONS": "true",
                "GITHUB_STEP_SUMMARY": str(files["summary"]),
                "GITHUB_OUTPUT": str(files["output"]),
                "INGESTER_ACCEPTANCE_VENV": sys.prefix,   # as if it had been installed by an earlier run
                **variables,
            },
        )
        self.exit_code, self.log = done.returncode, done.stdout + done.stderr
        if files["output"].exists():
            lines = files["output"].read_text(encoding="utf-8").splitlines()
            self.outputs |= dict(line.split("=", 1) for line in lines)


def test_no_input_is_part_of_a_script() -> None:
    """Inputs reach a step's shell as variables alone, so that none of them is executed."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_a_right_ingester_passes(tmp_path: Path) -> None:
    """The job succeeds, its summary has the matrix, its output names the report; quotes in options hold."""
    options = "--crd project -m report --set 'ingester.requeuePeriod=5s'"
    job = Job(tmp_path / "job", {"michelangelo": "", "options": options, "reports": "my reports"})
    job.run()
    assert job.exit_code == 0, job.log
    assert "| Project | ✅ | ✅ | ✅ | ✅ |" in job.summary
    assert (Path(job.outputs["report"]) / "report.html").is_file()
    assert Path(job.outputs["report"]).parent == tmp_path / "job" / "my reports"
    assert "::error" not in job.log


def test_a_wrong_one_fails_and_says_where(tmp_path: Path) -> None:
    """The job fails with the harness's exit code; the kind is annotated, and the summary has what was found."""
    program = tmp_path / "controllermgr"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from harness.reference.process import main\nfrom tests.selftest.batches import make_parts\n"
        "sys.exit(main(['--profile', 'report-2026-03'], parts=make_parts(['hard-coded-tier'])))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    options = f"--controllermgr '{program}' --profile report-2026-03 --crd project -m report --sync-timeout 4"
    job = Job(tmp_path / "job", {"michelangelo": "", "options": options})
    job.run()
    assert job.exit_code == 1, job.log
    assert "::error title=Project%3A 2.3::2.3 " in job.log
    assert "column tier" in job.summary


@pytest.mark.parametrize(("options", "words"), [("--crd modell", "--crd"), ("--sandbox nowhere", "nowhere")])
def test_a_wrong_option_leaves_no_report(options: str, words: str, tmp_path: Path) -> None:
    """The job ends with 4 and the error; a report of an earlier run is not taken for this one's."""
    job = Job(tmp_path / "job", {"michelangelo": "", "options": options})
    job.run()
    assert (job.exit_code, job.summary, job.outputs) == (4, "", {})
    assert words in job.log
