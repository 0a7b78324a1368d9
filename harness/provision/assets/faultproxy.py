"""Finds the fault proxy, which is Toxiproxy: the module `faultproxy/` is built into the cache, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.core.resources import find_resource
from harness.provision.assets.cache import Cache, Contents
from harness.provision.assets.command import run
from harness.provision.assets.gomodule import describe_build, read_module
from harness.provision.assets.host import get_host

_NAME = "faultproxy"
_MODULE = find_resource(_NAME)
_PACKAGE = "github.com/Shopify/toxiproxy/v2"
_WAYS_OUT = (
    "Faults between the controller manager and its servers need it. Way out: connect this machine once, so that"
    " pip's index and Go's module proxy answer"
)


@dataclass(frozen=True)
class FaultProxyFiles:
    """The executable, its version, where it came from in words, and its SHA-256."""

    path: Path
    version: str
    source: str
    sha256: str


def find_fault_proxy(progress: Progress, cache: Cache | None = None) -> FaultProxyFiles:
    """Return the executable, which is built first where the cache has none; `HarnessError` where it can't be."""
    cache = cache or Cache()
    module = read_module(_MODULE, ways_out=_WAYS_OUT)
    version = module.find_requirement(_PACKAGE)

    def complete(folder: Path, source: str) -> Mapping[str, str]:
        asked = run([folder / _NAME, "--version"], timeout_s=30)
        if version not in asked.stdout:
            raise HarnessError(f"{_NAME} --version failed:\n{asked.last_words()}", hint=_WAYS_OUT)
        return {"source": source, "version": version}

    recipe = describe_build(
        module, get_host(), cache, progress,
        name="build the fault proxy", program=_NAME, linker_flags=f"-X {_PACKAGE}.Version={version}",
        ways_out=_WAYS_OUT, complete=complete, load=_load,
    )  # fmt: skip
    return cache.obtain(recipe, progress)


def _load(contents: Contents) -> FaultProxyFiles:
    facts = contents.facts
    return FaultProxyFiles(contents.folder / _NAME, facts["version"], facts["source"], contents.sha256[_NAME])
