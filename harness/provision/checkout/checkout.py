"""Which checkout is meant, and exactly which state of it: a folder on this machine, or a ref of a repository.

Refuses what is no git checkout, and one without the Go code of Michelangelo. It says how the working tree
differs from its commit, and changes nothing about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import Progress
from harness.provision.assets.cache import Cache
from harness.provision.checkout.git import ask_git, get_words
from harness.provision.checkout.remote import clone, parse_url

OPTION = "--michelangelo"
CONTROLLERMGR_PACKAGE = "go/cmd/controllermgr"
APISERVER_PACKAGE = "go/cmd/apiserver"

_NEEDED = ("go/go.mod", CONTROLLERMGR_PACKAGE, "proto-go/go.mod", "proto-go/api/v2")
_FORM = "Valid: the folder of a Michelangelo checkout, or a git URL with a ref, such as https://HOST/REPOSITORY@main"
_DETACHED = "detached"


@dataclass(frozen=True)
class Checkout:
    """A working tree of Michelangelo. `changed` are the paths that differ from the commit, untracked ones too.

    `origin` is what the user named; `branch` is 'detached' where HEAD is none.
    """

    path: Path
    commit: str
    branch: str
    subject: str
    origin: str
    changed: tuple[str, ...] = ()

    @property
    def dirty(self) -> bool:
        """Whether the working tree differs from its commit."""
        return bool(self.changed)

    @property
    def version(self) -> str:
        """The commit in whole, and whether there is more to it: what the report says of the executables."""
        return f"commit {self.commit}" + (", with uncommitted changes" if self.dirty else "")

    @property
    def label(self) -> str:
        """The checkout in a few words, for titles and errors."""
        changes = ", with uncommitted changes" if self.dirty else ""
        return f"Michelangelo {self.commit[:8]} ({self.branch}){changes}"


def find_checkout(spec: str, cache: Cache, progress: Progress) -> Checkout:
    """Return the checkout that `spec` (PATH, URL or URL@REF) names; one of a URL is cloned into the cache.

    Raises `SettingsError` where it names none that can be used, `HarnessError` where a URL can't be reached.
    """
    remote = parse_url(spec, OPTION)
    if remote is None:
        return _open_folder(spec)
    path, ref = clone(remote, OPTION, cache, progress)
    return _describe(_check_sources(path, spec), remote.origin, branch=ref)


def _open_folder(spec: str) -> Checkout:
    path = Path(spec).expanduser()
    if not path.exists():
        raise SettingsError(f"{OPTION}: {spec!r} does not exist", hint=_explain_missing(spec))
    if not path.is_dir():
        raise SettingsError(f"{OPTION}: {spec!r} is not a folder", hint=_FORM)
    asked = ask_git("rev-parse", "--show-toplevel", folder=path.resolve())
    top = asked.stdout.strip()
    if asked.exit_code != 0 or not top:
        raise SettingsError(f"{OPTION}: {spec!r} is not a git checkout ({get_words(asked)})", hint=_FORM)
    return _describe(_check_sources(Path(top), spec), spec, branch="")


def _explain_missing(spec: str) -> str:
    folder, at, ref = spec.rpartition("@")
    if at and Path(folder).expanduser().is_dir():
        url = f"file://{Path(folder).expanduser().resolve()}@{ref}"
        return f"A ref of a repository on this machine is named by its URL: {url}"
    return _FORM


def _check_sources(path: Path, spec: str) -> Path:
    missing = [name for name in _NEEDED if not (path / name).exists()]
    if missing:
        raise SettingsError(
            f"{OPTION}: {spec!r} is a git checkout without Michelangelo's Go code: it lacks {', '.join(missing)}",
            hint="It must be a checkout of Michelangelo's repository; if it is a sparse one, "
            "`git sparse-checkout add go proto proto-go scripts`",
        )
    return path


def _describe(path: Path, origin: str, *, branch: str) -> Checkout:
    head = ask_git("log", "-1", "--format=%H%n%s", folder=path)
    commit, _, subject = head.stdout.strip().partition("\n")
    if head.exit_code != 0 or not commit:
        raise SettingsError(
            f"{OPTION}: {origin!r} has no commit yet ({get_words(head)})", hint="Commit something first"
        )
    named = ask_git("symbolic-ref", "--quiet", "--short", "HEAD", folder=path)
    return Checkout(
        path=path,
        commit=commit,
        branch=branch or named.stdout.strip() or _DETACHED,
        subject=subject.strip(),
        origin=origin,
        changed=list_changes(path),
    )


def list_changes(path: Path) -> tuple[str, ...]:
    """Return the paths that differ from the commit, as `git status` lists them; HarnessError where it fails."""
    status = ask_git("status", "--porcelain", "-z", "--no-renames", folder=path, timeout_s=120.0)
    if status.exit_code != 0:
        raise HarnessError(f"git status failed in {path}: {get_words(status)}")
    return tuple(entry[3:] for entry in status.stdout.split("\0") if entry)
