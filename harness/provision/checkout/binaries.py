"""Builds a checkout's controller manager and API server into the cache, keyed by the content of its sources.

Nothing is written to the checkout: Go gets its hand-written files in their places by an overlay, and go.mod as
read-only. Refuses sources that change while they are built.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.digest import get_digest
from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets import golang
from harness.provision.assets.cache import Cache, Contents, Recipe
from harness.provision.assets.host import get_host
from harness.provision.checkout.checkout import APISERVER_PACKAGE, Checkout
from harness.provision.checkout.crds import CheckoutCrds
from harness.provision.checkout.sources import digest_sources, map_overlay

CONTROLLERMGR, APISERVER = "controllermgr", "apiserver"

_ENTRY, _COVERED = "michelangelo", "michelangelo-covered"
_KEPT, _COVERED_KEPT = 8, 2   # builds in the cache; each takes 190 MB
_RECIPE = "1"   # to be changed with how the entry is made
_WAYS_OUT = (
    "Ways out: install the Go that the checkout's go.mod asks for, let Go's module proxy answer, or build the"
    " controller manager elsewhere and name it with --controllermgr"
)
_HOW_TO_REPRODUCE = "To see all of it: `go build ./cmd/controllermgr` there; `git status` shows what is changed"


@dataclass(frozen=True)
class Binaries:
    """What was built. `apiserver` is None where it alone does not build; `apiserver_problem` says why.

    `sha256` is by program, `crds` a folder of YAML, `go` the toolchain in words.
    """

    controllermgr: Path
    apiserver: Path | None
    apiserver_problem: str
    crds: Path
    go: str
    sha256: Mapping[str, str]
    sources_digest: str


def build_binaries(checkout: Checkout, crds: CheckoutCrds, cache: Cache, progress: Progress) -> Binaries:
    """Return the checkout's programs, which are built where sources of this content have not been built before.

    Raises `HarnessError`, which quotes the compiler and names folder and commit, where the controller manager
    can't be built.
    """
    module = checkout.path / "go"
    sources_digest = digest_sources(checkout.path)
    installed = golang.find_installed_toolchain(module)
    key = get_digest(
        _RECIPE, str(get_host()), sources_digest, crds.digest, installed.version if installed else "the wheel"
    )

    def build(folder: Path, workspace: Path) -> Mapping[str, str]:
        toolchain = golang.find_toolchain(module, cache, progress, ways_out=_WAYS_OUT)
        try:
            problem = _compile(checkout, toolchain, folder, workspace, progress)
        except HarnessError:
            shutil.rmtree(workspace, ignore_errors=True)   # the next attempt has other sources, another entry
            raise
        if digest_sources(checkout.path) != sources_digest:
            raise HarnessError(f"{checkout.path} changed while it was built", hint="Run it again")
        (folder / "crds").mkdir()
        crds.write(folder / "crds")
        return {"go": f"{toolchain.version} ({toolchain.source})", "apiserver_problem": problem}

    def load(contents: Contents) -> Binaries:
        apiserver = contents.folder / APISERVER
        return Binaries(
            controllermgr=contents.folder / CONTROLLERMGR,
            apiserver=apiserver if APISERVER in contents.sha256 else None,
            apiserver_problem=contents.facts["apiserver_problem"],
            crds=contents.folder / "crds",
            go=contents.facts["go"],
            sha256={name: contents.sha256[name] for name in (CONTROLLERMGR, APISERVER) if name in contents.sha256},
            sources_digest=sources_digest,
        )

    found = cache.obtain(Recipe(_ENTRY, key, build, load), progress)
    cache.forget(_ENTRY, but=_KEPT)
    return found


def build_covered(checkout: Checkout, packages: Sequence[str], cache: Cache, progress: Progress) -> Path:
    """Return the checkout's controller manager, built so that it counts which statements of `packages` run.

    These are folders as Go's patterns name them. Raises as `build_binaries` does.
    """
    module = checkout.path / "go"
    sources_digest = digest_sources(checkout.path)
    key = get_digest(_RECIPE, str(get_host()), sources_digest, *packages)

    def build(folder: Path, workspace: Path) -> Mapping[str, str]:
        toolchain = golang.find_toolchain(module, cache, progress, ways_out=_WAYS_OUT)
        golang.build(
            toolchain, module, folder / CONTROLLERMGR, workspace, progress,
            name=f"build {CONTROLLERMGR}, which counts what runs", linker_flags="", ways_out=_WAYS_OUT,
            overlay=_write_overlay(checkout.path, workspace), packages=[f"./cmd/{CONTROLLERMGR}"],
            covered=packages,
        )  # fmt: skip
        if digest_sources(checkout.path) != sources_digest:
            raise HarnessError(f"{checkout.path} changed while it was built", hint="Run it again")
        return {}

    found = cache.obtain(Recipe(_COVERED, key, build, lambda contents: contents.folder / CONTROLLERMGR), progress)
    cache.forget(_COVERED, but=_COVERED_KEPT)
    return found


def _compile(
    checkout: Checkout, toolchain: golang.Toolchain, folder: Path, workspace: Path, progress: Progress
) -> str:
    """Build both programs into `folder`; return why the API server can't be, empty where it could."""
    overlay = _write_overlay(checkout.path, workspace)

    def compile_packages(*names: str) -> None:
        golang.build(
            toolchain, checkout.path / "go", folder, workspace, progress,
            name=f"build {' and '.join(names)}", linker_flags="", ways_out=_WAYS_OUT, overlay=overlay,
            packages=[f"./cmd/{name}" for name in names],
        )  # fmt: skip

    if not (checkout.path / APISERVER_PACKAGE).is_dir():
        problem = f"the checkout has no {APISERVER_PACKAGE}"
    else:
        try:
            compile_packages(CONTROLLERMGR, APISERVER)
        except HarnessError as error:
            problem = error.problem
        else:
            return ""
    try:
        compile_packages(CONTROLLERMGR)
    except HarnessError as error:
        raise HarnessError(
            f"{checkout.label} does not build: {error.problem}",
            hint=error.hint if error.hint == _WAYS_OUT else _HOW_TO_REPRODUCE,
        ) from error
    (folder / APISERVER).unlink(missing_ok=True)
    return problem


def _write_overlay(root: Path, workspace: Path) -> Path | None:
    replaced = {str(place): str(path) for place, path in map_overlay(root).items()}
    if not replaced:
        return None
    file = workspace / "overlay.json"
    file.write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
    return file
