"""Promises of `harness.sandbox.storage`."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.storage import ROOT_VARIABLE, get_root, write_private


def test_root_that_others_can_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root in which others could have put something is not used."""
    root = tmp_path / "r"
    root.mkdir()
    root.chmod(0o777)
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    monkeypatch.setattr("harness.sandbox.storage._LONGEST_ROOT", 200)
    with pytest.raises(HarnessError, match="not yours alone"):
        get_root()


def test_root_that_is_a_link_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, which could lead anywhere, is not used as root."""
    link = root / "link"
    link.symlink_to(root)
    monkeypatch.setenv(ROOT_VARIABLE, str(link))
    with pytest.raises(HarnessError, match="not yours alone"):
        get_root()


def test_root_too_long_for_sockets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chosen root below which no socket could be made is refused, with its variable named."""
    monkeypatch.setenv(ROOT_VARIABLE, "/" + "x" * 100)
    with pytest.raises(HarnessError, match=f"{ROOT_VARIABLE}: .*longer than"):
        get_root()


def test_private_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    """A secret is never in a file that others can read, and no part file is left."""
    path = tmp_path / "secret"
    path.write_text("old and longer")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]
