"""Finds the files that come with the harness beside its code: templates, CRDs, schema, profiles, Go, tests.

In a clone they stand where their users know them, at the top of the repository; a wheel carries the same folders
inside the package.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package `harness`."""

_BUNDLED = PACKAGE / "_data"   # pyproject.toml maps the folders there


def is_installed() -> bool:
    """Whether the harness is an installed package, in contrast to a clone."""
    return _BUNDLED.is_dir()


def find_resource(*parts: str) -> Path:
    """Return the path of a file or folder that comes with the harness: `find_resource("fixtures", "crs")`."""
    root = _BUNDLED if is_installed() else PACKAGE.parent
    return root.joinpath(*parts)
