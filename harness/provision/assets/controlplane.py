"""Finds etcd and kube-apiserver: given, on PATH, cached, downloaded or built, in this order.

What the user provides is used as it is. Else the official archive is tried, quickly and once, and where
it can't be had the module `controlplane/` is built. Refuses an archive with a wrong checksum, out loud.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.digest import get_digest
from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import SILENT, Progress
from harness.core.resources import find_resource
from harness.provision.assets import golang
from harness.provision.assets.cache import OFFLINE_VARIABLE, Cache, Contents, Recipe, is_offline
from harness.provision.assets.command import run
from harness.provision.assets.gomodule import GoModule, describe_build, read_module
from harness.provision.assets.host import Host, get_host
from harness.provision.assets.stage import note

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
ETCD = "etcd"
KUBE_APISERVER = "kube-apiserver"
KUBE_CONTROLLER_MANAGER = "kube-controller-manager"
WAYS_OUT = (
    f"Ways out: set {ASSETS_VARIABLE} to a folder with {ETCD} and {KUBE_APISERVER}, or put both on PATH, or"
    " connect this machine once, so that pip's index and Go's module proxy answer"
)

_MODULE = find_resource("controlplane")
_ARCHIVE_VERSION = "1.36.2"
_ARCHIVE_URL = "https://github.com/kubernetes-sigs/controller-tools/releases/download"
_ARCHIVE_SHA512 = {
    Host("linux", "amd64"): "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
                            "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08",
    Host("linux", "arm64"): "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae2818"
                            "1afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac",
    Host("darwin", "amd64"): "b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbe"
                             "f8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514",
    Host("darwin", "arm64"): "9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916"
                             "e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce",
}  # fmt: skip


@dataclass(frozen=True)
class ControlPlane:
    """The two executables, where they came from in words, their versions, and their SHA-256 where known."""

    etcd: Path
    kube_apiserver: Path
    source: str
    etcd_version: str
    kube_apiserver_version: str
    etcd_sha256: str = ""
    kube_apiserver_sha256: str = ""


def find_control_plane(progress: Progress, cache: Cache | None = None) -> ControlPlane:
    """Return the executables, which are downloaded or built into the cache where this machine has none.

    Raises `SettingsError` for a useless KUBEBUILDER_ASSETS, `HarnessError` where they can't be had.
    """
    installed = _find_installed()
    if installed is not None:
        return installed
    cache = cache or Cache()
    archive, module = _describe_archive(get_host(), progress), _describe_module(get_host(), cache, progress)
    if cache.holds(archive) or not cache.holds(module):
        try:
            return cache.obtain(archive, progress)
        except HarnessError as error:
            note(progress, "official etcd and kube-apiserver", f"{error.problem}; using controlplane/ instead")
    return cache.obtain(module, progress)


def find_ready_control_plane(cache: Cache | None = None) -> ControlPlane | None:
    """Return the executables where this machine or the cache has them, else None: nothing is fetched or built.

    Raises `SettingsError` for a useless KUBEBUILDER_ASSETS, `HarnessError` where what there is does not work.
    """
    installed = _find_installed()
    if installed is not None:
        return installed
    cache = cache or Cache()
    host = get_host()
    return cache.find(_describe_archive(host, SILENT)) or cache.find(_describe_module(host, cache, SILENT))


def find_kube_controller_manager(progress: Progress, cache: Cache | None = None) -> Path:
    """Return Kubernetes' controller manager: beside the servers that are given, on PATH, else built.

    Only what removes things with their owner or namespace needs it, so that it is no part of `ControlPlane`, and
    the official archive has none. Raises HarnessError where it can't be had.
    """
    given = Path(os.environ.get(ASSETS_VARIABLE) or "").expanduser().absolute() / KUBE_CONTROLLER_MANAGER
    if os.environ.get(ASSETS_VARIABLE) and os.access(given, os.X_OK):
        return given
    if on_path := shutil.which(KUBE_CONTROLLER_MANAGER):
        return Path(on_path)
    cache = cache or Cache()
    return cache.obtain(_describe_module(get_host(), cache, progress), progress).kube_apiserver.with_name(
        KUBE_CONTROLLER_MANAGER
    )


def find_toolchain_on_path() -> golang.Toolchain | None:
    """Return `go` on PATH where it can build `controlplane/`, else None."""
    return golang.find_installed_toolchain(_MODULE)


def _find_installed() -> ControlPlane | None:
    given = os.environ.get(ASSETS_VARIABLE)
    if given:
        return _open_given(Path(given).expanduser().absolute())
    etcd, kube_apiserver = shutil.which(ETCD), shutil.which(KUBE_APISERVER)
    if etcd and kube_apiserver:
        return _ask_versions(Path(etcd), Path(kube_apiserver), "PATH")
    return None


def _open_given(folder: Path) -> ControlPlane:
    for name in (ETCD, KUBE_APISERVER):
        if not os.access(folder / name, os.X_OK) or (folder / name).is_dir():
            raise SettingsError(
                f"{ASSETS_VARIABLE}: there is no executable {name} in {str(folder)!r}",
                hint=f"It must name a folder with {ETCD} and {KUBE_APISERVER}; without it, they are searched on"
                " PATH, downloaded or built",
            )
    return _ask_versions(folder / ETCD, folder / KUBE_APISERVER, ASSETS_VARIABLE)


def _ask_versions(etcd: Path, kube_apiserver: Path, source: str) -> ControlPlane:
    return ControlPlane(
        etcd, kube_apiserver, source,
        _ask_version(etcd, r"etcd Version: v?(\S+)"), _ask_version(kube_apiserver, r"Kubernetes v?(\S+)"),
    )  # fmt: skip


def _ask_version(program: Path, pattern: str) -> str:
    finished = run([program, "--version"], timeout_s=30)
    found = re.search(pattern, finished.stdout)
    if finished.exit_code != 0 or not found:
        raise HarnessError(
            f"{program} --version failed (exit code {finished.exit_code}):\n{finished.last_words()}",
            hint=f"Is it made for this machine? {WAYS_OUT}",
        )
    return found[1]


def _load(contents: Contents) -> ControlPlane:
    facts = contents.facts
    return ControlPlane(
        contents.folder / ETCD, contents.folder / KUBE_APISERVER, facts["source"],
        facts["etcd_version"], facts["kube_apiserver_version"],
        contents.sha256[ETCD], contents.sha256[KUBE_APISERVER],
    )  # fmt: skip


def _get_facts(folder: Path, source: str) -> dict[str, str]:
    made = _ask_versions(folder / ETCD, folder / KUBE_APISERVER, source)
    return {
        "source": source,
        "etcd_version": made.etcd_version,
        "kube_apiserver_version": made.kube_apiserver_version,
    }


def _describe_archive(host: Host, progress: Progress) -> Recipe[ControlPlane]:
    sha512 = _ARCHIVE_SHA512[host]
    name = f"envtest-v{_ARCHIVE_VERSION}"
    file_name = f"{name}-{host.system}-{host.processor}.tar.gz"

    def fetch(folder: Path, workspace: Path) -> Mapping[str, str]:
        if is_offline():
            raise HarnessError(f"{OFFLINE_VARIABLE} forbids to download {file_name}", hint=WAYS_OUT)
        archive = workspace / file_name
        from harness.provision.assets.download import download  # noqa: PLC0415  `requests` takes long

        download(
            f"{_ARCHIVE_URL}/{name}/{file_name}", archive, sha512=sha512, progress=progress,
            name=f"download etcd and kube-apiserver {_ARCHIVE_VERSION}",
        )  # fmt: skip
        _unpack(archive, folder)
        return _get_facts(folder, f"official envtest archive {_ARCHIVE_VERSION}")

    return Recipe("envtest", get_digest(sha512), fetch, _load)


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name).name
            content = members.extractfile(member) if name in (ETCD, KUBE_APISERVER) else None
            if content is not None:
                with content, (folder / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
                (folder / name).chmod(0o755)
    for name in (ETCD, KUBE_APISERVER):
        if not (folder / name).is_file():
            raise HarnessError(f"{archive.name} holds no {name}", hint=WAYS_OUT)


def _describe_module(host: Host, cache: Cache, progress: Progress) -> Recipe[ControlPlane]:
    module = read_module(_MODULE, ways_out=WAYS_OUT)

    def complete(folder: Path, source: str) -> Mapping[str, str]:
        for name in (ETCD, KUBE_CONTROLLER_MANAGER):
            (folder / name).hardlink_to(folder / KUBE_APISERVER)  # it serves as what it is called
        return _get_facts(folder, source)

    return describe_build(
        module, host, cache, progress,
        name="build etcd and kube-apiserver", program=KUBE_APISERVER, linker_flags=_stamp_version(module),
        ways_out=WAYS_OUT, complete=complete, load=_load,
    )  # fmt: skip


def _stamp_version(module: GoModule) -> str:
    """Return the linker flags by which the build answers /version with the release that go.mod names."""
    release = module.find_requirement("k8s.io/kubernetes")
    major, minor, *_ = release.split(".")
    package = "k8s.io/component-base/version"
    return f"-X {package}.gitVersion=v{release} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
