"""Which lines of a checkout's Ingester ran: what of it is counted, and Go's coverage profile made into files.

It counts what belongs to the promise that rows follow objects: the Ingester, the storage that it writes with, and
the program that puts them together (without whose own package Go counts nothing).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.core.record import FileCoverage
from harness.provision.assets import golang
from harness.provision.assets.cache import Cache

_COUNTED = ("cmd/controllermgr", "components/ingester", "storage")
"""Folders of the Go module."""
_BLOCK = re.compile(
    r"(?P<path>\S+):(?P<first>\d+)\.\d+,(?P<last>\d+)\.\d+ (?P<statements>\d+) (?P<count>\d+)"
)
_WAYS_OUT = "Way out: leave --cover out"


def list_packages(root: Path) -> tuple[str, ...]:
    """Return the packages of the checkout that are counted, as Go's patterns."""
    return tuple(f"./{name}/..." for name in _COUNTED if (root / "go" / name).is_dir())


def read_coverage(
    root: Path, counters: Path, progress: Progress, cache: Cache | None = None
) -> list[FileCoverage]:
    """Return how much of each file ran, by what programs built from the checkout in `root` left in `counters`.

    Raises HarnessError where they left nothing: they were killed, each of them, or can't be read.
    """
    if not any(counters.glob("covcounters.*")):
        raise HarnessError("no controller manager came to its end, which is when it writes what ran")
    toolchain = golang.find_toolchain(root / "go", cache or Cache(), progress, ways_out=_WAYS_OUT)
    with tempfile.TemporaryDirectory() as workspace:
        return parse_profile(golang.read_counters(toolchain, counters, Path(workspace)))


def parse_profile(text: str) -> list[FileCoverage]:
    """Return how much of each file ran, by Go's coverage profile: a line per block of statements, by path.

    A block that stands in several lines ran where one of them says so. Paths are without what all have in common.
    """
    files: dict[str, dict[tuple[int, int, int], bool]] = {}
    for match in _BLOCK.finditer(text):
        block = int(match["first"]), int(match["last"]), int(match["statements"])
        blocks = files.setdefault(match["path"], {})
        blocks[block] = blocks.get(block, False) or match["count"] != "0"
    common = os.path.commonpath([PurePosixPath(path).parent for path in files]) if files else ""
    return [
        FileCoverage(
            path=os.path.relpath(path, common),
            statements=sum(statements for _, _, statements in blocks),
            ran=sum(statements for (_, _, statements), ran in blocks.items() if ran),
            never=_spell_ranges((first, last) for (first, last, _), ran in blocks.items() if not ran),
        )
        for path, blocks in sorted(files.items())
    ]


def _spell_ranges(ranges: Iterable[tuple[int, int]]) -> list[str]:
    """Return ranges of lines in their order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return [f"{first}-{last}" if first < last else str(first) for first, last in joined]
