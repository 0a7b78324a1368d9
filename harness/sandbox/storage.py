"""Where sandboxes keep things on this machine: a root that is this user's alone, files that nobody else can read.

Refuses a root that others could have prepared.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from harness.core.errors import HarnessError

ROOT_VARIABLE = "INGESTER_ACCEPTANCE_SANDBOXES"

_LONGEST_ROOT = 70          # the path of a Unix socket may have 103 characters on macOS, 107 on Linux


def get_root() -> Path:
    """Return the folder of all sandboxes of this user, which is made where absent.

    It is INGESTER_ACCEPTANCE_SANDBOXES, or one in the folder for temporary files. Raises `HarnessError`
    where it is not this user's alone.
    """
    chosen = os.environ.get(ROOT_VARIABLE)
    name = f"ingester-acceptance-{os.getuid()}"
    root = Path(chosen).expanduser().absolute() if chosen else Path(tempfile.gettempdir()).resolve() / name
    if len(os.fsencode(root)) > _LONGEST_ROOT:
        if chosen:
            raise HarnessError(
                f"{ROOT_VARIABLE}: {chosen!r} is longer than {_LONGEST_ROOT} characters",
                hint="Sockets live below it, whose paths are limited; choose a shorter one",
            )
        root = Path("/tmp") / name  # noqa: S108  checked below like any other
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = root.lstat()
    except OSError as error:
        raise HarnessError(
            f"The folder for sandboxes {root} can't be made ({error.strerror})",
            hint=f"Choose another with the environment variable {ROOT_VARIABLE}",
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise HarnessError(
            f"The folder for sandboxes {root} is not yours alone",
            hint=f"Remove it, or choose another with the environment variable {ROOT_VARIABLE}",
        )
    return root


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
