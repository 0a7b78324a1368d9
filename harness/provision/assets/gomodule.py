"""A Go module of this project that is built into the cache: its files and the target decide which build it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.core.digest import get_digest
from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets import golang
from harness.provision.assets.cache import Cache, Contents, Recipe
from harness.provision.assets.host import Host

_T = TypeVar("_T")


@dataclass(frozen=True)
class GoModule:
    """A module's folder, and its files by name as they were read."""

    folder: Path
    files: Mapping[str, bytes]

    def find_requirement(self, package: str) -> str:
        """Return the version of `package` that go.mod requires; `HarnessError` where it requires none."""
        found = re.search(rf"^\s*{re.escape(package)} v(\S+)", self.files["go.mod"].decode(), re.MULTILINE)
        if not found:
            raise HarnessError(f"{self.folder / 'go.mod'} does not require {package}", hint="Restore it with git")
        return found[1]


def read_module(folder: Path, *, ways_out: str) -> GoModule:
    """Return the module in `folder`; `HarnessError`, which names the missing file, where it can't be read."""
    sources = sorted([folder / "go.mod", folder / "go.sum", *folder.glob("*.go")])
    try:
        return GoModule(folder, {path.name: path.read_bytes() for path in sources})
    except OSError as error:
        raise HarnessError(
            f"The Go module {folder} can't be read ({error.strerror}: {Path(str(error.filename)).name})",
            hint=f"It is part of the project's checkout; install that with `pip install -e .`. {ways_out}",
        ) from error


def describe_build(
    module: GoModule, host: Host, cache: Cache, progress: Progress,
    *, name: str, program: str, linker_flags: str, ways_out: str,
    complete: Callable[[Path, str], Mapping[str, str]], load: Callable[[Contents], _T],
) -> Recipe[_T]:  # fmt: skip
    """Return the recipe of an entry with the module's executable, called `program`.

    `name` says in the progress what is built. `complete` gets the new folder and where the program is from, in
    words, adds what is missing there and returns the facts worth keeping; `load` is the recipe's.
    """
    entry = module.folder.name

    def compile_module(folder: Path, workspace: Path) -> Mapping[str, str]:
        toolchain = golang.find_toolchain(module.folder, cache, progress, ways_out=ways_out)
        golang.build(
            toolchain, module.folder, folder / program, workspace, progress,
            name=name, linker_flags=linker_flags, ways_out=ways_out,
        )  # fmt: skip
        return complete(folder, f"built from {entry}/ with Go {toolchain.version}")

    flat = [part for file, content in module.files.items() for part in (file, content)]
    return Recipe(entry, get_digest(str(host), linker_flags, *flat), compile_module, load)
