"""Promises of `harness.provision.checkout.remote`: a ref of a repository elsewhere, in the cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import SILENT
from harness.provision.assets.cache import OFFLINE_VARIABLE, Cache
from harness.provision.checkout.checkout import Checkout, find_checkout
from harness.provision.checkout.remote import Remote, parse_url
from tests.unit.provision.checkout.conftest import STORAGE, Edit, Git


def _find(spec: str) -> Checkout:
    return find_checkout(spec, Cache(), SILENT)


@pytest.mark.parametrize(
    ("spec", "url", "ref"),
    [
        ("https://host/a/b.git@main", "https://host/a/b.git", "main"),
        ("https://host/a/b", "https://host/a/b", "HEAD"),
        ("https://me@host/a/b@v1", "https://me@host/a/b", "v1"),
        ("ssh://git@host:22/a/b@feature/x", "ssh://git@host:22/a/b", "feature/x"),
        ("git@host:a/b.git@main", "git@host:a/b.git", "main"),
        ("git@host:a/b.git", "git@host:a/b.git", "HEAD"),
        ("file:///a/b@8a8c", "file:///a/b", "8a8c"),
    ],
)
def test_url_and_ref_are_told_apart(spec: str, url: str, ref: str) -> None:
    """The ref is what stands behind the last @ of the path, not the user in front of the host."""
    assert parse_url(spec, "--michelangelo") == Remote(url, ref)


@pytest.mark.parametrize("spec", ["/a/b", "../a@b", "a", "C:\\x"])
def test_a_path_is_no_url(spec: str) -> None:
    """What is a path is left to whoever opens folders."""
    assert parse_url(spec, "--michelangelo") is None


def test_a_password_is_refused_and_not_repeated() -> None:
    """A password on the command line is refused, without printing it once more."""
    with pytest.raises(SettingsError, match="must not stand in the URL") as caught:
        parse_url("https://me:s3cret@host/a@main", "--michelangelo")
    assert "s3cret" not in str(caught.value)


def test_a_user_of_the_web_is_not_reported() -> None:
    """A token that stands for the user's name stays out of the report."""
    assert Remote("https://t0ken@host/a", "main").origin == "https://host/a@main"


def test_a_branch_is_cloned(root: Path, git: Git, edit: Edit) -> None:
    """A branch's last commit is had as it was committed, not as the other work tree is."""
    git("checkout", "--quiet", "-b", "feature/x")
    edit(STORAGE, "true", "false")
    git("commit", "--quiet", "--all", "--message", "Without labels")
    git("checkout", "--quiet", "main")
    found = _find(f"file://{root}@feature/x")
    assert (found.branch, found.subject, found.dirty) == ("feature/x", "Without labels", False)
    assert "false" in (found.path / STORAGE).read_text()
    assert found.origin == f"file://{root}@feature/x"


def test_a_clone_has_what_is_needed_and_no_more(root: Path) -> None:
    """One commit without its history, of its files those that the harness reads."""
    found = _find(f"file://{root}@main")
    assert not (found.path / "website/page.md").exists()
    assert sorted(path.name for path in found.path.iterdir()) == [
        ".git", ".gitignore", "go", "proto", "proto-go", "scripts"
    ]  # fmt: skip
    assert (found.path / ".git/shallow").is_file()


def test_tags_and_commits_are_refs_too(root: Path, git: Git) -> None:
    """An annotated tag, a whole commit, the beginning of a branch's commit and no ref at all lead to one."""
    git("tag", "--annotate", "v1", "--message", "one")
    commit = git("rev-parse", "HEAD").strip()
    found = {ref: _find(f"file://{root}{ref}") for ref in ("@v1", f"@{commit}", f"@{commit[:8]}", "")}
    assert {checkout.commit for checkout in found.values()} == {commit}
    assert [checkout.branch for checkout in found.values()] == ["v1", "detached", "detached", "main"]
    assert len({checkout.path for checkout in found.values()}) == 1


def test_a_commit_in_the_cache_needs_no_repository(root: Path, git: Git) -> None:
    """A commit that was fetched once is had again without its repository."""
    commit = git("rev-parse", "HEAD").strip()
    first = _find(f"file://{root}@{commit}")
    shutil.rmtree(root)
    assert _find(f"file://{root}@{commit}") == first


def test_a_wrong_ref_names_its_neighbours(root: Path, git: Git) -> None:
    """A ref that is not there is named, with those that it may have meant and some that there are."""
    git("branch", "release-1")
    git("tag", "v1")
    with pytest.raises(SettingsError) as caught:
        _find(f"file://{root}@relaese-1")
    assert caught.value.problem == f"--michelangelo: file://{root} has no branch, tag or commit 'relaese-1'"
    assert caught.value.hint == "did you mean release-1? It has main, release-1, v1"


def test_many_refs_are_not_all_listed(root: Path, git: Git) -> None:
    """Of a hundred branches a dozen are shown, main first, and the rest is counted."""
    commit = git("rev-parse", "HEAD").strip()
    lines = "".join(f"create refs/heads/b{number:03} {commit}\n" for number in range(100))
    (root / ".git/packed-refs").write_text(
        "".join(f"{commit} refs/heads/{line.split('/')[2].split()[0]}\n" for line in lines.splitlines())
    )
    with pytest.raises(SettingsError) as caught:
        _find(f"file://{root}@zzz")
    assert caught.value.hint.startswith("It has main, b000, b001")
    assert caught.value.hint.endswith("b010 and 89 more")


@pytest.mark.parametrize("ref", ["0123456", "0" * 39 + "1"])
def test_an_unknown_commit_is_said(root: Path, ref: str) -> None:
    """A commit that is not there, or can't be looked up by its beginning, is named with the way out."""
    with pytest.raises(SettingsError, match=rf"has no (branch, tag or )?commit '?{ref}") as caught:
        _find(f"file://{root}@{ref}")
    assert caught.value.hint


def test_an_unreachable_repository_is_said(tmp_path: Path) -> None:
    """A repository that does not answer is named in git's own words, with the way out."""
    with pytest.raises(HarnessError, match=r"can't be reached .*does not appear to be a git repository") as caught:
        _find(f"file://{tmp_path}/nowhere@main")
    assert "git ls-remote" in caught.value.hint


def test_offline_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """INGESTER_ACCEPTANCE_OFFLINE forbids the network to a checkout too."""
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
    with pytest.raises(HarnessError, match=r"OFFLINE forbids to ask https://host\.invalid/a@main"):
        _find("https://host.invalid/a@main")
