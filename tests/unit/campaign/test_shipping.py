"""What is sent to other machines, and found again there."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from harness.campaign.shipping import collect_files, pack, relocate, unpack
from harness.core.progress import SILENT
from harness.core.settings import ControllerManager, SandboxSettings
from harness.provision.assets.cache import Cache
from harness.suite.session import RunSettings
from harness.suite.target import Target


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    """A version of files: an executable, CRDs, a schema, and a profile of the user's own."""
    place = tmp_path / "here"
    (place / "crds/more").mkdir(parents=True)
    for name in ("manager", "tables.sql", "mine.toml", "crds/a.yaml", "crds/more/b.yaml"):
        (place / name).write_text(f"this is {name}")
    (place / "manager").chmod(0o755)
    sandbox = SandboxSettings(
        ControllerManager(place / "manager", version="1.2"),
        profile=str(place / "mine.toml"),
        crds=place / "crds",
        schema=place / "tables.sql",
    )
    return RunSettings(Target(sandbox, profile=str(place / "mine.toml"), features={"a": "b"}))


def test_a_version_is_the_same_elsewhere(settings: RunSettings, tmp_path: Path) -> None:
    """Its files are found below the folder where they were unpacked, and may be executed."""
    files, folder = collect_files(settings, "0.1"), tmp_path / "there"
    folder.mkdir()
    unpack(pack(files.paths), folder)
    moved = relocate(settings, files, folder)
    sandbox = moved.target.sandbox
    assert sandbox.controllermgr == ControllerManager(folder / "controllermgr/manager", version="1.2")
    assert os.access(folder / "controllermgr/manager", os.X_OK)
    assert sandbox.crds is not None
    assert (sandbox.crds / "more/b.yaml").read_text() == "this is crds/more/b.yaml"
    assert sandbox.schema is not None
    assert (sandbox.schema.name, sandbox.schema.read_text()) == ("tables.sql", "this is tables.sql")
    assert (sandbox.profile, moved.target.profile) == (str(folder / "profile/mine.toml"),) * 2
    assert sandbox.apiserver is None
    assert collect_files(moved, "0.1").paths.keys() == files.paths.keys()


def test_a_version_is_known_by_its_content(settings: RunSettings) -> None:
    """What its rounds depend on changes its digest; where its files are does not."""
    digest = collect_files(settings, "0.1").digest
    assert collect_files(settings, "0.1").digest == digest
    other = dataclasses.replace(settings, target=dataclasses.replace(settings.target, features={"a": "c"}))
    changed = {collect_files(settings, "0.2").digest, collect_files(other, "0.1").digest}
    path = settings.target.sandbox.controllermgr.path
    assert path is not None
    path.write_text("another one")
    changed.add(collect_files(settings, "0.1").digest)
    assert len(changed | {digest}) == 4


def test_the_reference_needs_no_files() -> None:
    """It comes with the harness."""
    assert collect_files(RunSettings(), "0.1").paths == {}
    assert relocate(RunSettings(), collect_files(RunSettings(), "0.1"), Path("/none")) == RunSettings()


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    """Into the cache, whole or not at all; the next round finds it there."""
    cache = Cache(tmp_path)
    unpacked = []

    def fill(folder: Path) -> None:
        unpacked.append(folder)
        (folder / "file").write_text("here")
        if len(unpacked) == 1:
            raise OSError(28, "no space left")

    with pytest.raises(Exception, match="no space left"):
        cache.take_in("campaign-1", fill, SILENT)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert [cache.take_in("campaign-1", fill, SILENT) for _ in range(2)] == [tmp_path / "campaign-1"] * 2
    assert len(unpacked) == 2
    assert (tmp_path / "campaign-1/file").read_text() == "here"
