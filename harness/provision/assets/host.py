"""What this machine is: the pair of operating system and processor, in Go's words.

Refuses machines for which no executables are known.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from harness.core.errors import HarnessError

_SYSTEMS = {"linux": "linux", "darwin": "darwin"}
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Host:
    """An operating system ('linux', 'darwin') and a processor ('amd64', 'arm64')."""

    system: str
    processor: str

    def __str__(self) -> str:
        return f"{self.system}/{self.processor}"


def get_host() -> Host:
    """Return what this machine is; `HarnessError` where it is neither Linux nor macOS, on x86-64 or arm64."""
    try:
        return Host(_SYSTEMS[sys.platform], _PROCESSORS[platform.machine().lower()])
    except KeyError as error:
        raise HarnessError(
            f"The local sandbox can't run on {sys.platform} with a {platform.machine()} processor",
            hint="It runs on Linux and macOS, on x86-64 and arm64",
        ) from error
