"""Promises of `harness.provision.checkout.sources`: what a build depends on, by content."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.provision.checkout.sources import digest_sources, map_overlay
from tests.unit.provision.checkout.conftest import CRD_OBJECTS, SCHEMA, STORAGE


def _append(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with (root / name).open("a") as file:
            file.write("// more\n")

    return change


def _move(root: Path) -> None:
    (root / STORAGE).rename((root / STORAGE).with_name("other.go"))


@pytest.mark.parametrize(
    "change",
    [
        _append(STORAGE),
        _append("go/new.go"),
        _append("go/models/hidden_by_gitignore.go"),
        _append("go/go.sum"),
        _append("proto-go/api/v2/model.pb.go"),
        _append(CRD_OBJECTS),
        _append("go/template.txt"),
        _move,
    ],
)
def test_whatever_may_change_a_build_counts(root: Path, change: Callable[[Path], None]) -> None:
    """Edits, new files, those that git ignores, and other names give another digest."""
    before = digest_sources(root)
    change(root)
    assert digest_sources(root) != before


@pytest.mark.parametrize(
    "change",
    [
        _append("go/storage/mysql/mysql_test.go"),
        _append("go/BUILD.bazel"),
        _append("go/vendor/x/x.go"),
        _append("go/.cache/x.go"),
        _append(SCHEMA),
        _append("proto/api/v2/model.proto"),
        lambda root: os.utime(root / STORAGE, (1, 1)),
    ],
)
def test_what_changes_no_build_does_not_count(root: Path, change: Callable[[Path], None]) -> None:
    """Tests, Bazel's files, other folders and times of files lead to no new build."""
    before = digest_sources(root)
    change(root)
    assert digest_sources(root) == before


def test_hand_written_files_get_their_place(root: Path) -> None:
    """A Go file beside the .proto files is seen beside the generated ones, where it is not there already."""
    place = root / "proto-go/api/v2/crd_objects.go"
    assert map_overlay(root) == {place: root / CRD_OBJECTS}
    place.write_text("package v2\n")
    assert map_overlay(root) == {}


def test_folders_without_a_mirror_are_left_alone(root: Path) -> None:
    """A Go file whose folder has no generated code, and a test, are nobody's business."""
    _append("proto/tools/x.go")(root)
    _append("proto/api/v2/x_test.go")(root)
    assert list(map_overlay(root).values()) == [root / CRD_OBJECTS]


def test_a_broken_link_is_named(root: Path) -> None:
    """A file that can't be read is an error that names it, not a digest without it."""
    (root / "go/broken.go").symlink_to("nowhere")
    with pytest.raises(HarnessError, match=r"broken\.go can't be read"):
        digest_sources(root)
