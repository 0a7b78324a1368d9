"""Promises of `harness.provision.checkout.checkout`: which checkout is meant, and what of it has changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import SILENT
from harness.provision.assets.cache import Cache
from harness.provision.checkout.checkout import Checkout, find_checkout
from tests.unit.provision.checkout.conftest import STORAGE, Edit, Git


def _find(spec: Path | str) -> Checkout:
    return find_checkout(str(spec), Cache(), SILENT)


def test_a_checkout_is_named_exactly(root: Path, git: Git) -> None:
    """Commit, branch and subject line are those of the folder, and nothing in it is changed."""
    assert _find(root) == Checkout(
        path=root, commit=git("rev-parse", "HEAD").strip(), branch="main", subject="All of it", origin=str(root)
    )


def test_changed_and_untracked_files_make_it_dirty(root: Path, edit: Edit) -> None:
    """What differs from the commit is listed: edits and new files, whatever their names."""
    edit(STORAGE, "true", "false")
    (root / "go/näw file.go").write_text("package x\n")
    found = _find(root)
    assert (found.dirty, sorted(found.changed)) == (True, ["go/näw file.go", STORAGE])
    assert found.version == f"commit {found.commit}, with uncommitted changes"
    assert found.label == f"Michelangelo {found.commit[:8]} (main), with uncommitted changes"


def test_no_branch_is_said(root: Path, git: Git) -> None:
    """Where HEAD is a commit and no branch, the checkout says so."""
    git("checkout", "--quiet", "--detach")
    assert _find(root).branch == "detached"


def test_a_folder_inside_means_the_checkout(root: Path) -> None:
    """Whoever stands in a folder of the checkout means all of it."""
    assert _find(root / "go/cmd").path == root


def test_a_linked_work_tree_is_a_checkout(root: Path, git: Git, tmp_path: Path) -> None:
    """A second work tree of the same repository is as good as the first."""
    git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "second"))
    assert (_find(tmp_path / "second").path, _find(tmp_path / "second").branch) == (tmp_path / "second", "other")


def test_an_outer_git_does_not_lead_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run from a hook of another repository, which sets git's variables, it still reads the one that was named."""
    subprocess.run(["git", "init", "--quiet", tmp_path / "outer"], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "outer/.git"))
    assert _find(root).path == root


def test_reading_leaves_even_the_index_alone(root: Path, git: Git) -> None:
    """The index, which an ordinary `git status` would refresh, stays as it is to the byte."""
    index = root / ".git/index"
    os.utime(root / STORAGE, (1, 1))
    before = (index.read_bytes(), index.stat().st_mtime_ns, git("ls-files").split("\n"))
    _find(root)
    assert (index.read_bytes(), index.stat().st_mtime_ns, git("ls-files").split("\n")) == before


def test_no_program_of_the_repository_is_run(root: Path, git: Git, tmp_path: Path) -> None:
    """A repository whose configuration names a program for git to run does not get it run."""
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    program.chmod(0o755)
    git("config", "core.fsmonitor", str(program))
    _find(root)
    assert not (tmp_path / "was-run").exists()


BAD: dict[str, tuple[Callable[[Path], str], str, str]] = {
    "missing": (
        lambda root: f"{root}/nowhere",
        "'{root}/nowhere' does not exist",
        "Valid: the folder of a Michelangelo checkout, or a git URL with a ref",
    ),
    "file": (lambda root: f"{root}/go/go.mod", "'{root}/go/go.mod' is not a folder", "Valid: the folder"),
    "no checkout": (
        lambda root: str(root.parent),
        "'{parent}' is not a git checkout (not a git repository",
        "Valid: the folder",
    ),
    "ref of a folder": (
        lambda root: f"{root}@main",
        "'{root}@main' does not exist",
        "A ref of a repository on this machine is named by its URL: file://{root}@main",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_paths_are_named_with_a_way_out(root: Path, name: str) -> None:
    """What is no checkout is refused in one sentence that says what it is, and what would be valid."""
    make, problem, hint = BAD[name]
    with pytest.raises(SettingsError) as caught:
        _find(make(root))
    shown = {"root": str(root), "parent": str(root.parent)}
    assert caught.value.problem.startswith(f"--michelangelo: {problem.format(**shown)}")
    assert caught.value.hint.startswith(hint.format(**shown))


def test_a_checkout_of_something_else_is_refused(root: Path, git: Git) -> None:
    """A git checkout without Michelangelo's Go code is refused, and what it lacks is named."""
    git("rm", "-r", "--quiet", "go/cmd/controllermgr", "proto-go")
    with pytest.raises(SettingsError) as caught:
        _find(root)
    assert caught.value.problem.endswith("it lacks go/cmd/controllermgr, proto-go/go.mod, proto-go/api/v2")
    assert "git sparse-checkout add go proto proto-go scripts" in caught.value.hint


def test_a_checkout_without_a_commit_is_refused(root: Path) -> None:
    """A repository in which nothing was ever committed can't be named by a commit."""
    (root / ".git").rename(root / ".git-old")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    with pytest.raises(SettingsError, match="has no commit yet"):
        _find(root)


def test_without_git_the_error_says_so(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without git gets told what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HarnessError, match="There is no git on PATH"):
        _find(root)
