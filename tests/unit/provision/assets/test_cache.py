"""Promises of `harness.provision.assets.cache`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import filelock
import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets import cache as cache_module
from harness.provision.assets.cache import Cache, Contents, Recipe

_TREE = Path(__file__).parents[4]


class _Maker:
    """A recipe whose entry is one file, `data`, and whose builds are counted."""

    def __init__(self, content: str = "hello") -> None:
        self.content = content
        self.builds = 0
        self.loads_fail = 0

    def build(self, folder: Path, _workspace: Path) -> Mapping[str, str]:
        self.builds += 1
        (folder / "sub").mkdir()
        (folder / "sub/data").write_text(self.content)
        return {"version": "7"}

    def load(self, contents: Contents) -> str:
        if self.loads_fail:
            self.loads_fail -= 1
            raise HarnessError("it does not start")
        return f"{(contents.folder / 'sub/data').read_text()} {contents.facts['version']}"

    def recipe(self, key: str = "0" * 64) -> Recipe[str]:
        return Recipe("thing", key, self.build, self.load)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache of its own."""
    return Cache(tmp_path / "own")


def _fail_to_hash(path: Path) -> NoReturn:
    raise AssertionError(f"{path} was hashed")


def _data(cache: Cache, maker: _Maker) -> Path:
    return cache.root / maker.recipe().entry / "sub/data"


def test_builds_once(cache: Cache) -> None:
    """An entry is built at the first use only, and its facts come back with it."""
    maker = _Maker()
    assert not cache.holds(maker.recipe())
    assert [cache.obtain(maker.recipe(), SILENT) for _ in range(3)] == ["hello 7"] * 3
    assert maker.builds == 1
    assert cache.holds(maker.recipe())


def test_another_key_is_another_entry(cache: Cache) -> None:
    """What was made from other contents is not mistaken for this."""
    old, new = _Maker("old"), _Maker("new")
    cache.obtain(old.recipe("a" * 64), SILENT)
    assert cache.obtain(new.recipe("b" * 64), SILENT) == "new 7"


def test_use_hashes_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The use of an untouched entry compares sizes and times only, for the sake of speed."""
    maker = _Maker()
    cache.obtain(maker.recipe(), SILENT)
    monkeypatch.setattr(cache_module, "get_sha256", _fail_to_hash)
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"


def test_manifest_lists_every_file(cache: Cache) -> None:
    """The manifest holds size and SHA-256 of each file, and `load` gets the SHA-256."""
    maker = _Maker()
    seen: list[Contents] = []
    cache.obtain(Recipe("thing", "0" * 64, maker.build, seen.append), SILENT)
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert seen[0].sha256 == {"sub/data": sha256}
    written = json.loads((seen[0].folder / "manifest.json").read_text())
    assert {path: (file["size"], file["sha256"]) for path, file in written["files"].items()} == {
        "sub/data": (5, sha256)
    }


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_text("hell"), "4 bytes instead of 5"),
        (lambda path: path.write_text("jello"), "SHA-256 is not 2cf24dba"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.parents[1] / "manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda path: (path.parents[1] / "manifest.json").write_text('{"facts": 1}'), "manifest.json is damaged"),
    ],
    ids=["truncated", "changed", "missing", "manifest cut", "manifest of something else"],
)
def test_damaged_entry_is_named_and_made_again(
    cache: Cache, progress: Progress, events: list[str], damage: object, words: str
) -> None:
    """A damaged file is never used: progress names it, and the entry is built again."""
    maker = _Maker()
    cache.obtain(maker.recipe(), SILENT)
    assert callable(damage)
    damage(_data(cache, maker))
    assert cache.obtain(maker.recipe(), progress) == "hello 7"
    assert maker.builds == 2
    assert events[0] == "begin check the cached thing"
    assert words in events[1]
    assert str(cache.root / maker.recipe().entry) in events[1]
    assert sorted(path.name for path in cache.root.iterdir()) == ["thing-" + "0" * 16, f"thing-{'0' * 16}.lock"]


def test_damaged_entry_that_can_not_be_made_again(cache: Cache) -> None:
    """Where a damaged entry can't be rebuilt, the error names the file, the reason and the way out."""
    maker = _Maker()
    cache.obtain(maker.recipe(), SILENT)
    _data(cache, maker).write_text("")

    def refuse(folder: Path, workspace: Path) -> NoReturn:
        raise HarnessError("no network", hint="connect it")

    with pytest.raises(HarnessError) as caught:
        cache.obtain(Recipe("thing", "0" * 64, refuse, maker.load), SILENT)
    assert caught.value.problem == (
        f"The cached file {_data(cache, maker)} is damaged (0 bytes instead of 5);"
        " it could not be made again: no network"
    )
    assert caught.value.hint == "connect it"


def test_entry_that_no_longer_works_is_made_again(cache: Cache) -> None:
    """An entry whose files are whole but that fails at use is built again, once."""
    maker = _Maker()
    cache.obtain(maker.recipe(), SILENT)
    maker.loads_fail = 2  # without and with the lock
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"
    assert maker.builds == 2


def test_restored_backup_is_hashed_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files with other times but the right contents are used, and not hashed at each use."""
    maker = _Maker()
    cache.obtain(maker.recipe(), SILENT)
    os.utime(_data(cache, maker), (1, 1))
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"
    monkeypatch.setattr(cache_module, "get_sha256", _fail_to_hash)
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"
    assert maker.builds == 1


@pytest.mark.parametrize("end", [HarnessError("it failed"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_interrupted_build_leaves_nothing_half_made(cache: Cache, end: BaseException) -> None:
    """A build that ends early leaves no entry and no temporary folder."""

    def break_off(folder: Path, workspace: Path) -> NoReturn:
        (folder / "half").write_text("half")
        raise end

    maker = _Maker()
    with pytest.raises(type(end)):
        cache.obtain(Recipe("thing", "0" * 64, break_off, maker.load), SILENT)
    assert [path.name for path in cache.root.iterdir()] == [f"thing-{'0' * 16}.lock"]
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"


def test_next_attempt_goes_on_in_the_workspace(cache: Cache) -> None:
    """What a failed build kept in its workspace is there for the next one, and gone after the first success."""
    found: list[bool] = []

    def build(folder: Path, workspace: Path) -> Mapping[str, str]:
        found.append((workspace / "part").exists())
        (workspace / "part").write_text("some of it")
        if len(found) == 1:
            raise HarnessError("cut off")
        return _Maker().build(folder, workspace)

    recipe = Recipe("thing", "0" * 64, build, _Maker().load)
    with pytest.raises(HarnessError, match="cut off"):
        cache.obtain(recipe, SILENT)
    cache.obtain(recipe, SILENT)
    assert found == [False, True]
    assert not (cache.root / f"{recipe.entry}.work").exists()


_BUILDER = """
import os, signal, sys, time
from pathlib import Path
from harness.provision.assets.cache import Cache, Recipe
from harness.core.progress import SILENT
root, log, die = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "die"
def build(folder, workspace):
    (folder / "data").write_text("x" * 1000)
    with log.open("a") as file:
        file.write("built ")
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.3)
    return {}
print(Cache(root).obtain(Recipe("thing", "0" * 64, build, lambda c: len((c.folder / "data").read_text())), SILENT))
"""


def _start_builder(cache: Cache, log: Path, end: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _BUILDER, str(cache.root), str(log), end]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=_TREE)


def test_killed_build_is_swept(cache: Cache, tmp_path: Path) -> None:
    """What a build left that was killed outright is invisible, and removed by the next run."""
    with _start_builder(cache, tmp_path / "log", "die") as builder:
        builder.communicate()
    leftovers = [path.name for path in cache.root.iterdir() if ".build-" in path.name]
    assert len(leftovers) == 1
    maker = _Maker()
    assert not cache.holds(maker.recipe())
    assert cache.obtain(maker.recipe(), SILENT) == "hello 7"
    assert [path.name for path in cache.root.iterdir() if ".build-" in path.name] == []


def test_two_runs_at_once_build_once(cache: Cache, tmp_path: Path) -> None:
    """Of processes that need the same entry at the same time one builds, and all get it whole."""
    builders = [_start_builder(cache, tmp_path / "log", "live") for _ in range(3)]
    answers = []
    for builder in builders:
        with builder:
            answers.append(builder.communicate()[0])
    assert answers == ["1000\n"] * 3
    assert (tmp_path / "log").read_text() == "built "


def test_waiter_says_that_it_waits(
    cache: Cache, progress: Progress, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that waits for another's build reports it."""
    monkeypatch.setattr(cache_module, "_WAIT_STEP_S", 0.05)
    cache.root.mkdir()
    maker = _Maker()
    other = filelock.FileLock(cache.root / f"{maker.recipe().entry}.lock", thread_local=False)
    other.acquire()
    release = threading.Timer(0.2, other.release)
    release.start()
    assert cache.obtain(maker.recipe(), progress) == "hello 7"
    release.join()
    stage = f"wait for another run that makes thing-{'0' * 16}"
    assert events[0] == f"begin {stage} [None s]"
    assert f"{stage}: 0" in events
    assert events[-1] == f"end {stage}: waited 0 s"


def test_wait_has_an_end(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is never released ends in an error that names it."""
    monkeypatch.setattr(cache_module, "_WAIT_STEP_S", 0.02)
    monkeypatch.setattr(cache_module, "_LONGEST_BUILD_S", 0.1)
    cache.root.mkdir()
    maker = _Maker()
    lock = cache.root / f"{maker.recipe().entry}.lock"
    with filelock.FileLock(lock), pytest.raises(HarnessError) as caught:
        cache.obtain(maker.recipe(), SILENT)
    assert caught.value.problem == f"{lock} was held by another run for 0.1 s"
    assert "INGESTER_ACCEPTANCE_CACHE" in caught.value.hint


def test_unusable_folder_is_named(tmp_path: Path) -> None:
    """A cache folder that can't be made is an error with the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match=f"The cache folder {tmp_path}/file/cache can't be used") as caught:
        Cache(tmp_path / "file/cache").obtain(_Maker().recipe(), SILENT)
    assert caught.value.hint == "Choose another with the environment variable INGESTER_ACCEPTANCE_CACHE"


def test_full_disk_is_named(cache: Cache) -> None:
    """What the file system refuses during a build is a clear error, not a traceback."""

    def fill_disk(folder: Path, workspace: Path) -> NoReturn:
        raise OSError(28, "No space left on device")

    with pytest.raises(HarnessError, match=r"can't be used: .*No space left on device"):
        cache.obtain(Recipe("thing", "0" * 64, fill_disk, _Maker().load), SILENT)


def test_environment_chooses_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """INGESTER_ACCEPTANCE_CACHE names the cache; without it, it is the user's."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_CACHE", str(tmp_path / "chosen"))
    assert Cache().root == tmp_path / "chosen"
    monkeypatch.delenv("INGESTER_ACCEPTANCE_CACHE")
    assert Cache().root.name == "ingester-acceptance"


@pytest.mark.parametrize(("value", "offline"), [("", False), ("0", False), ("1", True), ("yes", True)])
def test_offline(monkeypatch: pytest.MonkeyPatch, value: str, offline: bool) -> None:
    """INGESTER_ACCEPTANCE_OFFLINE counts unless it is empty or 0."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", value)
    assert cache_module.is_offline() == offline


def test_entries_that_nobody_used_for_long_are_forgotten(cache: Cache) -> None:
    """Of a recipe's entries the last used ones stay, those of other names too, and a use counts as one."""
    maker = _Maker()
    keys = [letter * 64 for letter in "abcd"]
    for age, key in enumerate(keys):
        cache.obtain(maker.recipe(key), SILENT)
        os.utime(cache.root / maker.recipe(key).entry, (age, age))
    (cache.root / "other-1").mkdir()
    cache.obtain(maker.recipe(keys[0]), SILENT)
    cache.forget("thing", but=2)
    left = {path.name for path in cache.root.iterdir() if path.is_dir()}
    assert left == {maker.recipe(keys[0]).entry, maker.recipe(keys[3]).entry, "other-1"}
