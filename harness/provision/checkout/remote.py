"""A repository elsewhere, named `URL` or `URL@REF`: what its refs are, and one commit of it in the cache.

Only that commit is fetched, and of its files those that the harness reads. Refuses refs that the repository
does not have, with the nearest that it has.
"""

from __future__ import annotations

import difflib
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.digest import get_digest
from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import Progress
from harness.provision.assets.cache import OFFLINE_VARIABLE, Cache, Contents, Recipe, is_offline
from harness.provision.assets.stage import begin_stage
from harness.provision.checkout.git import ask_git, get_words

SPARSE_FOLDERS = ("go", "proto", "proto-go", "scripts", "python/michelangelo/cli")
"""What a clone has of a commit, beside the files in its root."""

_URL = re.compile(r"(?P<host>[a-z][a-z0-9+.-]*://[^/]*|[\w.-]+@[\w.-]+:)(?P<path>.*)", re.DOTALL)
_WHOLE_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_HEAD = "HEAD"
_WEB = ("http", "https")
_LIST_TIMEOUT_S = 60.0
_FETCH_TIMEOUT_S = 1800.0
_NAMES_SHOWN = 12
_ENTRY = "checkout"
_KEPT = 8   # clones in the cache
_RECIPE = "1"   # to be changed with what a clone contains


@dataclass(frozen=True)
class Remote:
    """A repository and one ref of it; `ref` is 'HEAD' where none was given."""

    url: str
    ref: str

    @property
    def name(self) -> str:
        """The repository as reports call it: without a user, who may be a token."""
        parts = urllib.parse.urlsplit(self.url)
        return self.url.replace(f"{parts.username}@", "", 1) if parts.scheme in _WEB else self.url

    @property
    def origin(self) -> str:
        """Repository and ref as reports call them."""
        return f"{self.name}@{self.ref}"


def parse_url(spec: str, option: str) -> Remote | None:
    """Return the repository and ref that `spec` names; None where it is a path.

    Raises `SettingsError` where a password stands in it, since command lines are public.
    """
    found = _URL.fullmatch(spec)
    if found is None:
        return None
    path, at, ref = found["path"].rpartition("@")
    remote = Remote(found["host"] + (path if at else ref), ref if at else _HEAD)
    if urllib.parse.urlsplit(remote.url).password is not None:
        raise SettingsError(
            f"{option}: the password must not stand in the URL",
            hint="git asks its credential helper, see `git help credentials`; or clone it and name the folder",
        )
    return remote


def clone(remote: Remote, option: str, cache: Cache, progress: Progress) -> tuple[Path, str]:
    """Return a working tree of the ref's commit, in the cache, and the branch or tag that it is of.

    Raises `SettingsError` where the repository has no such ref, `HarnessError` where it can't be reached.
    """
    if _WHOLE_COMMIT.fullmatch(remote.ref):
        commit, name = remote.ref, "detached"
    else:
        commit, name = _resolve(remote, option)
    path = cache.obtain(_describe_clone(remote, commit, option, progress), progress)
    cache.forget(_ENTRY, but=_KEPT)
    return path, name


def _resolve(remote: Remote, option: str) -> tuple[str, str]:
    _refuse_offline(remote)
    asked = ask_git("ls-remote", "--", remote.url, timeout_s=_LIST_TIMEOUT_S)
    if asked.exit_code != 0:
        raise HarnessError(
            f"{option}: {remote.origin} can't be reached ({get_words(asked)})",
            hint=f"Try `git ls-remote` with that URL, or name the folder of a checkout as {option}",
        )
    refs = _parse_refs(asked.stdout)
    names = (remote.ref, f"refs/heads/{remote.ref}", f"refs/tags/{remote.ref}^{{}}", f"refs/tags/{remote.ref}")
    for name in names:
        if name in refs:
            return refs[name], _find_branch(refs) if remote.ref == _HEAD else remote.ref
    tips = {commit for commit in refs.values() if commit.startswith(remote.ref)}
    if len(tips) == 1 and _SHORT_COMMIT.fullmatch(remote.ref):
        return tips.pop(), "detached"
    raise _describe_unknown(remote, refs, option)


def _parse_refs(text: str) -> dict[str, str]:
    pairs = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return {name: commit for commit, name in pairs}


def _find_branch(refs: Mapping[str, str]) -> str:
    """Return the branch that HEAD is, as far as its commit tells; main before others."""
    heads = [name.removeprefix("refs/heads/") for name in _sort(refs, "refs/heads/") if refs[name] == refs[_HEAD]]
    return next((name for name in ("main", "master") if name in heads), heads[0] if heads else _HEAD)


def _sort(refs: Mapping[str, str], prefix: str) -> list[str]:
    return sorted(name for name in refs if name.startswith(prefix) and not name.endswith("^{}"))


def _describe_unknown(remote: Remote, refs: Mapping[str, str], option: str) -> SettingsError:
    problem = f"{option}: {remote.name} has no branch, tag or commit {remote.ref!r}"
    branches = [name.removeprefix("refs/heads/") for name in _sort(refs, "refs/heads/")]
    tags = [name.removeprefix("refs/tags/") for name in _sort(refs, "refs/tags/")]
    if _SHORT_COMMIT.fullmatch(remote.ref):
        return SettingsError(problem, hint="A commit that no branch ends with is named by all its 40 digits")
    folded = {name.casefold(): name for name in (*branches, *tags)}
    near = [folded[n] for n in difflib.get_close_matches(remote.ref.casefold(), folded, n=3, cutoff=0.5)]
    suggestion = f"did you mean {' or '.join(near)}? " if near else ""
    shown = sorted((*branches, *tags), key=lambda name: name not in ("main", "master"))
    rest = len(shown) - _NAMES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return SettingsError(problem, hint=f"{suggestion}It has {', '.join(shown[:_NAMES_SHOWN])}{more}")


def _describe_clone(remote: Remote, commit: str, option: str, progress: Progress) -> Recipe[Path]:
    def fetch(folder: Path, _: Path) -> Mapping[str, str]:
        _refuse_offline(remote)
        tree = folder / "source"
        tree.mkdir()
        with begin_stage(progress, f"fetch Michelangelo {commit[:8]}") as stage:
            steps: tuple[tuple[str, ...], ...] = (
                ("init", "--quiet"),
                ("remote", "add", "origin", remote.url),
                ("sparse-checkout", "set", *SPARSE_FOLDERS),
                ("fetch", "--quiet", "--depth=1", "--no-tags", "--filter=blob:none", "origin", commit),
                ("checkout", "--quiet", "--detach", commit),
            )
            for step in steps:
                done = ask_git(*step, folder=tree, timeout_s=_FETCH_TIMEOUT_S)
                if done.exit_code != 0:
                    raise _describe_failure(remote, commit, option, get_words(done))
            stage.result = remote.origin
        return {"origin": remote.origin}

    def load(contents: Contents) -> Path:
        return contents.folder / "source"

    return Recipe(_ENTRY, get_digest(_RECIPE, remote.url, commit), fetch, load)


def _describe_failure(remote: Remote, commit: str, option: str, words: str) -> HarnessError:
    if "not our ref" in words or "no such remote ref" in words.casefold():
        return SettingsError(
            f"{option}: {remote.name} has no commit {commit}",
            hint="Is it pushed there? A branch or a tag can be named instead",
        )
    return HarnessError(
        f"{option}: {remote.origin} can't be fetched ({words})",
        hint=f"Clone it yourself, and name the folder as {option}",
    )


def _refuse_offline(remote: Remote) -> None:
    if is_offline() and not remote.url.startswith("file://"):
        raise HarnessError(
            f"{OFFLINE_VARIABLE} forbids to ask {remote.origin}",
            hint="Name the folder of a checkout, or one commit, by its 40 digits, that is in the cache already",
        )
