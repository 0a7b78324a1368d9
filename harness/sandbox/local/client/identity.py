"""Says exactly what a sandbox was asked for: digests of files and settings, cached where they cost time.

Two sandboxes with equal digests are interchangeable. The controller manager has a digest of its own, since
it alone can be replaced in a sandbox that is up.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import harness
from harness.core.digest import get_digest, get_sha256
from harness.core.errors import SettingsError
from harness.core.served_kind import ServedKind
from harness.core.settings import SandboxSettings
from harness.provision.assets.cache import Cache
from harness.sandbox.base import APISERVER, KUBE_APISERVER, MYSQL
from harness.sandbox.local.servers.baseyaml import check_overrides
from harness.sandbox.local.servers.crds import BUNDLED as BUNDLED_CRDS
from harness.sandbox.local.servers.crds import read_crds
from harness.sandbox.local.wire.plan import ControllerManagerPlan, Executable
from harness.spec.bundle import render_crds, render_schema
from harness.spec.contract import Contract
from harness.spec.model import JsonObject
from harness.spec.profiles import load_profile
from harness.spec.sql import extract_sql
from harness.spec.versions import make_contract

PORTS = (KUBE_APISERVER, MYSQL, APISERVER)   # the components whose ports can be chosen

_FORMAT = "5"   # to be changed with what supervisor and client say to each other
_REVISION = b"vcs.revision="   # what Go writes into a program that was built in a git repository
_REFERENCE = Path(harness.__file__).resolve().parent / "reference"


@dataclass(frozen=True)
class Request:
    """The settings with all that they name read, and what tells two of them apart."""

    settings: SandboxSettings
    kinds: tuple[ServedKind, ...]
    crds: list[JsonObject]
    schema: str
    controllermgr: ControllerManagerPlan
    apiserver: Executable | None
    digest: str
    ports: Mapping[str, int]

    @property
    def crds_source(self) -> str:
        """Where the CRDs are from, for errors."""
        return BUNDLED_CRDS if self.settings.crds is None else str(self.settings.crds)

    @property
    def schema_source(self) -> str:
        """Where the schema is from, for errors."""
        return "the bundled schema" if self.settings.schema is None else str(self.settings.schema)


def make_request(settings: SandboxSettings, ports: Mapping[str, int]) -> Request:
    """Read what the settings name; SettingsError where a file or a port is wrong."""
    for name in ports:
        if name not in PORTS:
            raise SettingsError.unknown("port", name, PORTS)
    check_overrides(settings.base_yaml_overrides)
    contract = make_contract(load_profile(settings.profile))
    kinds = settings.kinds or contract.served_kinds
    crds = _read_crds(settings.crds, contract, kinds)
    schema = _read_schema(settings.schema, contract)
    apiserver = None if settings.apiserver is None else identify(settings.apiserver)
    return Request(
        settings=settings,
        kinds=kinds,
        crds=crds,
        schema=schema,
        controllermgr=plan_controllermgr(settings),
        apiserver=apiserver and replace(apiserver, version=settings.controllermgr.version or apiserver.version),
        digest=_digest_sandbox(settings, kinds, crds, schema, apiserver, ports),
        ports=ports,
    )


def plan_controllermgr(settings: SandboxSettings, cache: Cache | None = None) -> ControllerManagerPlan:
    """Return how the controller manager is started and what it is; SettingsError where it can't be read."""
    wanted, played = settings.controllermgr, ""
    if wanted.path is not None:
        executable = identify(wanted.path, cache)
        executable = replace(executable, version=wanted.version or executable.version)
        command = (str(wanted.path), *wanted.arguments)
    else:
        sources = [path.read_bytes() for path in sorted(_REFERENCE.rglob("*.py"))]
        profile = load_profile(settings.profile)   # a user's own file may change under its name
        lives = [sorted(profile.immutable_kinds), sorted(profile.retained_kinds)]
        played = json.dumps([profile.kinds, lives, profile.issue_ids, profile.features, profile.naming])
        executable = Executable(str(_REFERENCE), f"profile {settings.profile}", get_digest(*sources))
        module = ("-m", "harness.reference", "--profile", settings.profile)
        command = (sys.executable, *module, *wanted.arguments)
    return ControllerManagerPlan(
        command=command,
        executable=executable,
        digest=get_digest(json.dumps(command), executable.sha256, wanted.version, played),
        expands_variables=wanted.path is not None,
    )


def identify(path: Path, cache: Cache | None = None) -> Executable:
    """Return an executable's SHA-256, and as its version the commit that a Go program was built from.

    Both are remembered in the cache by path, size and time: reading 110 MB costs half a second. Raises
    `SettingsError` where the file can't be read.
    """
    try:
        found = path.stat()
        key = get_digest(str(path), str(found.st_size), str(found.st_mtime_ns), str(found.st_ino))
        note = (cache or Cache()).root / "executables" / f"{key}.json"
        with suppress(OSError, ValueError, TypeError):
            return Executable(**json.loads(note.read_text(encoding="utf-8")))
        executable = Executable(str(path), _find_revision(path), get_sha256(path))
    except OSError as error:
        raise SettingsError(f"{path} can't be read ({error.strerror})") from error
    with suppress(OSError):   # a cache that can't be written costs time, nothing else
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(executable)), encoding="utf-8")
        part.replace(note)
    return executable


def _read_crds(folder: Path | None, contract: Contract, kinds: Sequence[ServedKind]) -> list[JsonObject]:
    if folder is None:
        return render_crds(contract.cases)
    return read_crds(folder, [kind.name for kind in kinds])


def _read_schema(path: Path | None, contract: Contract) -> str:
    if path is None:
        return render_schema(contract.kinds)
    try:
        return extract_sql(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--schema: {str(path)!r} can't be read: {error}") from error


def _digest_sandbox(
    settings: SandboxSettings,
    kinds: Sequence[ServedKind],
    crds: list[JsonObject],
    schema: str,
    apiserver: Executable | None,
    ports: Mapping[str, int],
) -> str:
    mysql = settings.mysql
    return get_digest(
        _FORMAT,
        harness.__version__,
        json.dumps([asdict(kind) for kind in kinds]),
        hashlib.sha256(json.dumps(crds, sort_keys=True, default=str).encode()).hexdigest(),
        schema,
        "" if mysql is None else json.dumps(asdict(mysql), sort_keys=True),
        json.dumps(dict(ports), sort_keys=True),
        "" if apiserver is None else apiserver.sha256,
        json.dumps(settings.base_yaml_overrides, default=str),
        "faults" if settings.faults else "",
        "notes writes" if settings.notes_writes else "",
    )


def _find_revision(path: Path) -> str:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return ""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            start = content.find(_REVISION)
            if start < 0:
                return ""
            start += len(_REVISION)
            return "commit " + content[start : start + 40].decode("ascii", "replace")
