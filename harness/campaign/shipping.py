"""What rounds need on whatever machine they are run: the servers' executables, and those of each version.

They are found or built once, where the campaign is started. Another machine gets them as archives, which it
unpacks into its own cache, each once by its digest; one that has them already unpacks nothing. An executable must
be one file.
"""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.core.digest import get_digest, get_sha256
from harness.core.progress import Progress
from harness.provision.assets.cache import Cache
from harness.provision.assets.controlplane import find_control_plane
from harness.provision.assets.faultproxy import find_fault_proxy
from harness.provision.assets.mysqld import find_mysql_server
from harness.suite.session import RunSettings

ENTRY = "campaign"
_KEPT_ENTRIES = 8   # of earlier campaigns' versions

_CONTROLLERMGR, _APISERVER, _CRDS, _SCHEMA, _PROFILE = "controllermgr", "apiserver", "crds", "schema", "profile"


@dataclass(frozen=True)
class Files:
    """The files of one version by their place in its archive; and a digest of all that its rounds depend on.

    They keep their names, which say what is in them.
    """

    paths: Mapping[str, Path]
    digest: str

    @property
    def entry(self) -> str:
        """The name that the archive has in a cache."""
        return f"{ENTRY}-{self.digest[:16]}"


def collect_files(settings: RunSettings, salt: str) -> Files:
    """Return the files that a version consists of; `salt` is what else tells it from others."""
    target, sandbox = settings.target, settings.target.sandbox
    profile = Path(target.profile)
    named = {
        _CONTROLLERMGR: sandbox.controllermgr.path,
        _APISERVER: sandbox.apiserver,
        _SCHEMA: sandbox.schema,
        _CRDS: sandbox.crds,
        _PROFILE: profile if profile.is_file() else None,   # one of the user's own
    }
    paths = {f"{place}/{path.name}": path for place, path in named.items() if path is not None}
    hashes = [f"{name} {path.name} {get_sha256(path)}" for name, path in sorted(_list_files(paths))]
    rest = (target.profile if not profile.is_file() else "", target.features, sandbox.base_yaml_overrides)
    return Files(paths, get_digest(salt, *hashes, repr(rest)))


def relocate(settings: RunSettings, files: Files, folder: Path) -> RunSettings:
    """Return the settings with the version's files in that folder, where its archive was unpacked."""
    target, sandbox = settings.target, settings.target.sandbox

    def find(place: str) -> Path | None:
        return next((folder / name for name in files.paths if name.startswith(f"{place}/")), None)

    controllermgr = dataclasses.replace(sandbox.controllermgr, path=find(_CONTROLLERMGR))
    profile = str(find(_PROFILE) or target.profile)
    sandbox = dataclasses.replace(
        sandbox,
        controllermgr=controllermgr,
        apiserver=find(_APISERVER),
        schema=find(_SCHEMA),
        crds=find(_CRDS),
        profile=profile,
    )
    return dataclasses.replace(settings, target=dataclasses.replace(target, sandbox=sandbox, profile=profile))


def find_servers(progress: Progress, *, mysql: bool) -> list[Path]:
    """Return the cache's entries with the servers of a sandbox, found or built; what is installed is in none.

    Without `mysql` the sandboxes need no server of their own.
    """
    control_plane = find_control_plane(progress)
    executables = [control_plane.etcd, control_plane.kube_apiserver, find_fault_proxy(progress).path]
    if mysql:
        executables.append(find_mysql_server(progress).server)
    root = Cache().root
    entries = [root / path.relative_to(root).parts[0] for path in executables if path.is_relative_to(root)]
    return list(dict.fromkeys(entries))


def pack(paths: Mapping[str, Path], mode: Literal["w", "w:gz"] = "w") -> bytes:
    """Return an archive of files and folders, each by its place in it; `mode` is of tarfile."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, path in paths.items():
            archive.add(path, arcname=name)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Unpack an archive of `pack` into the folder."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="tar")   # which keeps what may be executed


def forget_versions() -> None:
    """Remove versions of earlier campaigns from the cache of this machine."""
    Cache().forget(ENTRY, but=_KEPT_ENTRIES)


def _list_files(paths: Mapping[str, Path]) -> list[tuple[str, Path]]:
    """Return all files, those in folders as well, each with its place."""
    found = []
    for name, path in paths.items():
        below = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        found += [(name if each == path else f"{name}/{each.relative_to(path)}", each) for each in below]
    return found
