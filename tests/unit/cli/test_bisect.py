"""The command `bisect`: it names the commit, skips what can't be tested, and says what turned red."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.cli.bisect import FOUND, bisect, describe
from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Check, Record, Status
from harness.provision.checkout.worktree import make_worktree
from tests.unit.report.sample_contents import make_record

_COMMITS = 8


def _git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    done = subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def commits(tmp_path: Path) -> list[str]:
    """Return the commits of a repository in which a file counts them; the last one is checked out."""
    (tmp_path / "go").mkdir()
    _git(tmp_path, "init", "-q")
    made = []
    for number in range(_COMMITS):
        (tmp_path / "go" / "number").write_text(str(number), encoding="utf-8")
        _git(tmp_path, "add", ".")
        _git(tmp_path, "commit", "-q", "-m", f"commit {number}")
        made.append(_git(tmp_path, "rev-parse", "HEAD"))
    return made


class _Product:
    """Stands for the runs: red from one commit on, by the file in the working tree; some can't be tested."""

    def __init__(self, tree: Path, first_bad: int, untestable: Collection[int] = ()) -> None:
        self.tree, self.first_bad, self.untestable = tree, first_bad, untestable
        self.tried: list[int] = []

    def __call__(self, _commit: str) -> Record | None:
        number = int((self.tree / "go" / "number").read_text(encoding="utf-8"))
        self.tried.append(number)
        if number in self.untestable:
            return None
        status = Status.FAIL if number >= self.first_bad else Status.PASS
        return make_record(
            Check("4.2", "created", "Model", status=status),
            Check("4.2", "created", "Project", status=Status.FAIL),   # it was never right
        )


@pytest.mark.parametrize("first_bad", range(1, _COMMITS))
def test_the_first_bad_commit_is_named(first_bad: int, commits: list[str], tmp_path: Path) -> None:
    """Whichever it is, with what turned red; the checkout stays where it was."""
    tree = make_worktree(tmp_path, tmp_path.parent / f"{tmp_path.name}-tree", commits[0])
    product = _Product(tree, first_bad)
    found = bisect(tree, commits[0], commits[-1], product)
    assert found.commit == commits[first_bad]
    assert [item.subject for item in found.differences] == ["Model, 4.2 Created"]
    assert len(product.tried) == found.tried <= 5
    assert _git(tmp_path, "rev-parse", "HEAD") == commits[-1]
    assert _git(tmp_path, "status", "--porcelain") == ""
    told = describe(found, f"{found.commit}\nx\nsubject")
    assert f"{found.commit} {FOUND}" in told
    assert "Model, 4.2 Created: good: pass, with it: fail" in told


def test_what_can_t_be_tested_is_skipped(commits: list[str], tmp_path: Path) -> None:
    """Its neighbours tell; where they don't, no commit is named."""
    tree = make_worktree(tmp_path, tmp_path.parent / f"{tmp_path.name}-tree", commits[0])
    assert bisect(tree, commits[0], commits[-1], _Product(tree, 6, {3})).commit == commits[6]
    with pytest.raises(HarnessError, match="can't be told"):
        bisect(tree, commits[0], commits[-1], _Product(tree, 4, {3, 4}))


def test_a_bad_one_that_is_no_worse_ends_it(commits: list[str], tmp_path: Path) -> None:
    """There is nothing to look for; nor where one of the two can't be tested."""
    tree = make_worktree(tmp_path, tmp_path.parent / f"{tmp_path.name}-tree", commits[0])
    with pytest.raises(SettingsError, match="is not worse than"):
        bisect(tree, commits[0], commits[-1], _Product(tree, 99))
    with pytest.raises(HarnessError, match="can't be tested"):
        bisect(tree, commits[0], commits[-1], _Product(tree, 4, {7}))


@pytest.mark.parametrize(
    ("words", "problem"), [(["a", "b"], "--michelangelo"), (["v0", "HEAD", "--michelangelo", "."], "'v0'")]
)
def test_wrong_usage_is_named(
    words: list[str],
    problem: str,
    commits: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing checkout, or a ref that it does not have."""
    monkeypatch.chdir(tmp_path)
    assert main(["bisect", *words]) == 4
    assert problem in capsys.readouterr().err
