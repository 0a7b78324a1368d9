"""The per-user cache of executables: folders named by the digest of what they were made from.

An entry is made in a folder beside it, under a lock, and appears in one rename with a manifest of its
files: it is whole or absent, whatever ends the run that makes it. A damaged entry is never used: it is
named, set aside and made again. Refuses to know what the entries are for.

Size and time of each file are compared at every use, its SHA-256 only where the time differs: hashing
110 MB at each start would cost more than all else here.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import filelock
import platformdirs

from harness.core.digest import get_sha256
from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import Progress
from harness.provision.assets.stage import begin_stage, note

CACHE_VARIABLE = "INGESTER_ACCEPTANCE_CACHE"
OFFLINE_VARIABLE = "INGESTER_ACCEPTANCE_OFFLINE"

_T = TypeVar("_T")
_MANIFEST = "manifest.json"
_SCHEMA = 1
_LONGEST_BUILD_S = 3600.0
_WAIT_STEP_S = 1.0


@dataclass(frozen=True)
class Contents:
    """A whole entry: its folder, the facts that its build returned, and the SHA-256 of its files by path."""

    folder: Path
    facts: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe(Generic[_T]):
    """How an entry is made and used.

    `build` fills a new folder and returns facts worth keeping, such as versions; its second folder is for
    what a next attempt can go on with (a partial download) and goes away with the first success. `load`
    makes what the caller wants of the entry, and raises `HarnessError` where the entry does not work.
    """

    name: str
    key: str
    build: Callable[[Path, Path], Mapping[str, str]]
    load: Callable[[Contents], _T]

    @property
    def entry(self) -> str:
        """The name of the entry's folder."""
        return f"{self.name}-{self.key[:16]}"


class Cache:
    """The entries below one folder: INGESTER_ACCEPTANCE_CACHE, or the platform's cache folder of the user."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else _get_default_root()

    def holds(self, recipe: Recipe[_T]) -> bool:
        """Return whether the entry is there, be it whole or damaged."""
        return (self.root / recipe.entry).is_dir()

    def find(self, recipe: Recipe[_T]) -> _T | None:
        """Return what the recipe makes of its entry, None where it is absent; HarnessError where it is damaged."""
        return self._use(recipe) if self.holds(recipe) else None

    def obtain(self, recipe: Recipe[_T], progress: Progress) -> _T:
        """Return what the recipe makes of its entry, which is built first where it is absent or damaged.

        Waits where another run builds the same entry. Raises `HarnessError` where it can't be built; a
        damaged file is then named too.
        """
        try:
            if self.holds(recipe):
                return self._use(recipe)
        except HarnessError:
            pass  # looked at again below, where no other run can repair it at the same time
        with self._lock(recipe.entry, progress), _naming(self.root):
            self._sweep(recipe.entry)
            damage: HarnessError | None = None
            if self.holds(recipe):
                try:
                    return self._use(recipe)
                except HarnessError as error:
                    damage = error
                    self._set_aside(recipe, f"damaged: {error.problem}", progress)
            try:
                self._build(recipe)
            except HarnessError as error:
                if damage is None:
                    raise
                raise HarnessError(
                    f"{damage.problem}; it could not be made again: {error.problem}", hint=error.hint
                ) from error
            return self._use(recipe)

    def take_in(self, entry: str, fill: Callable[[Path], None], progress: Progress) -> Path:
        """Return the folder of an entry that was made elsewhere, of which `fill` makes a copy where it is absent.

        Waits where another process does so. Its files are looked at where a recipe uses it.
        """
        folder = self.root / entry
        if not folder.is_dir():
            with self._lock(entry, progress), _naming(self.root):
                self._sweep(entry)
                if not folder.is_dir():
                    building = Path(tempfile.mkdtemp(prefix=f"{entry}.build-", dir=self.root))
                    try:
                        fill(building)
                        building.rename(folder)
                    finally:
                        shutil.rmtree(building, ignore_errors=True)
        with suppress(OSError):
            os.utime(folder)
        return folder

    def forget(self, name: str, *, but: int) -> None:
        """Remove all entries of recipes called `name` but for those that were used last."""
        found = [path for path in self.root.glob(f"{name}-*") if path.is_dir() and "." not in path.name]
        for path in sorted(found, key=lambda entry: entry.stat().st_mtime, reverse=True)[but:]:
            shutil.rmtree(path, ignore_errors=True)

    def _use(self, recipe: Recipe[_T]) -> _T:
        contents = _read_contents(self.root / recipe.entry)
        with suppress(OSError):   # when it was used is all that is lost in a cache that can only be read
            os.utime(contents.folder)
        return recipe.load(contents)

    def _build(self, recipe: Recipe[_T]) -> None:
        workspace = self.root / f"{recipe.entry}.work"
        workspace.mkdir(exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f"{recipe.entry}.build-", dir=self.root))
        try:
            facts = recipe.build(building, workspace)
            _write_manifest(building, facts, {path: _describe(building / path) for path in _walk(building)})
            building.rename(self.root / recipe.entry)
        finally:
            shutil.rmtree(building, ignore_errors=True)
            with suppress(OSError):
                workspace.rmdir()  # which leaves it alone unless it is empty
        for used_up in (workspace, self._aside(recipe)):
            shutil.rmtree(used_up, ignore_errors=True)

    def _aside(self, recipe: Recipe[_T]) -> Path:
        return self.root / f"{recipe.entry}.damaged"

    def _set_aside(self, recipe: Recipe[_T], reason: str, progress: Progress) -> None:
        aside = self._aside(recipe)
        shutil.rmtree(aside, ignore_errors=True)
        (self.root / recipe.entry).rename(aside)
        result = f"{reason}; set aside as {aside.name}, to be made again"
        note(progress, f"check the cached {recipe.name}", result)

    def _sweep(self, entry: str) -> None:
        """Remove what builds of this entry left that died; whoever holds the lock has no live one beside it."""
        for leftover in self.root.glob(f"{entry}.build-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def _lock(self, entry: str, progress: Progress) -> Iterator[None]:
        with _naming(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.root / f"{entry}.lock")
            self._acquire(lock, f"wait for another run that makes {entry}", progress)
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: filelock.BaseFileLock, name: str, progress: Progress) -> None:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            pass
        else:
            return
        start = time.monotonic()
        with begin_stage(progress, name, unit="s") as stage:
            while (waited_s := time.monotonic() - start) < _LONGEST_BUILD_S:
                try:
                    lock.acquire(timeout=_WAIT_STEP_S)
                except filelock.Timeout:
                    stage.advance(int(waited_s))
                else:
                    stage.result = f"waited {waited_s:.0f} s"
                    return
            raise HarnessError(
                f"{lock.lock_file} was held by another run for {_LONGEST_BUILD_S:g} s",
                hint=f"End that run, or choose another cache with {CACHE_VARIABLE}",
            )


def is_offline() -> bool:
    """Return whether INGESTER_ACCEPTANCE_OFFLINE forbids to fetch anything (any value but '' and '0')."""
    return os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0")


def _get_default_root() -> Path:
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    try:
        return platformdirs.user_cache_path("ingester-acceptance")
    except RuntimeError as error:
        raise SettingsError(
            f"{CACHE_VARIABLE}: not set, and there is no home folder for the cache either: HOME is empty, and the"
            f" user {os.getuid()} is none that the system knows",
            hint=f"Set {CACHE_VARIABLE} to the folder that is to be the cache",
        ) from error


@contextmanager
def _naming(root: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error that names the cache and the way out."""
    try:
        yield
    except OSError as error:
        raise HarnessError(
            f"The cache folder {root} can't be used: {error}",
            hint=f"Choose another with the environment variable {CACHE_VARIABLE}",
        ) from error


def _walk(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path != folder / _MANIFEST
    )


def _describe(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": get_sha256(path)}


def _write_manifest(folder: Path, facts: Mapping[str, str], files: Mapping[str, Mapping[str, Any]]) -> None:
    part = folder / f"{_MANIFEST}.{os.getpid()}"
    part.write_text(json.dumps({"schema": _SCHEMA, "facts": dict(facts), "files": files}), encoding="utf-8")
    part.replace(folder / _MANIFEST)


def _read_contents(folder: Path) -> Contents:
    """Return the entry's contents; `HarnessError` naming the first damaged file."""
    manifest = folder / _MANIFEST
    try:
        written = json.loads(manifest.read_text(encoding="utf-8"))
        facts, files = dict(written["facts"]), dict(written["files"])
        expected = {path: (int(f["size"]), int(f["mtime_ns"]), str(f["sha256"])) for path, f in files.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(f"The cached file {manifest} is damaged ({type(error).__name__})") from error
    moved = False
    for path, (size, mtime_ns, sha256) in expected.items():
        file = folder / path
        try:
            found = file.stat()
            if found.st_size != size:
                raise HarnessError(f"The cached file {file} is damaged ({found.st_size} bytes instead of {size})")
            if found.st_mtime_ns != mtime_ns:
                moved = True
                if get_sha256(file) != sha256:
                    raise HarnessError(f"The cached file {file} is damaged (its SHA-256 is not {sha256})")
        except OSError as error:
            raise HarnessError(f"The cached file {file} is damaged ({error.strerror})") from error
    if moved:  # a restored backup is as good as the original, and its next use need not hash it again
        with suppress(OSError):  # a cache that can only be read is hashed each time
            _write_manifest(folder, facts, {path: _describe(folder / path) for path in expected})
    return Contents(folder, facts, {path: sha256 for path, (_, _, sha256) in expected.items()})
