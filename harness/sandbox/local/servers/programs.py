"""The environment of Michelangelo's own programs, and the time zone that they run in.

A program that writes the times of its host's zone is right by chance on a host in UTC, as most are. So their
zone is neither UTC nor a whole hour off, and it is a file of our own, since a bare machine knows no zone by name.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path

from harness.sandbox.local.wire.folder import SandboxFolder

ZONE, OFFSET_S = "HARNESS", 5 * 3600 + 45 * 60
"""The abbreviation of the zone, and its seconds east of UTC."""


def make_environment(folder: SandboxFolder, config: Path, kubeconfig: Path) -> Mapping[str, str]:
    """Return the environment of a program with this CONFIG_DIR and cluster; its time zone's file is made."""
    if not folder.zone.exists():
        folder.zone.write_bytes(make_zone(ZONE, OFFSET_S))
    return {**os.environ, "CONFIG_DIR": str(config), "KUBECONFIG": str(kubeconfig), "TZ": f":{folder.zone}"}


def make_zone(abbreviation: str, offset_s: int) -> bytes:
    """Return a TZif file (RFC 8536, version 2) of a zone that never changes, `offset_s` seconds east of UTC."""
    name = abbreviation.encode("ascii") + b"\0"
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, len(name))   # no leap second, no transition: one type of local time
    header = b"TZif" + b"2" + bytes(15) + counts
    block = struct.pack(">lBB", offset_s, 0, 0) + name   # not daylight saving; its name begins at 0
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    posix = f"<{abbreviation}>{'-' if offset_s > 0 else '+'}{hours}:{minutes:02}"   # POSIX counts to the west
    return header + block + header + block + f"\n{posix}\n".encode("ascii")
