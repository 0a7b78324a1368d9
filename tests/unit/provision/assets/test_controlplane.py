"""Promises of `harness.provision.assets.controlplane`: the order of its sources, and what it refuses."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.core.progress import SILENT, Progress
from harness.provision.assets import controlplane
from harness.provision.assets.cache import Cache
from harness.provision.assets.controlplane import ControlPlane, find_control_plane, find_kube_controller_manager
from harness.provision.assets.gomodule import GoModule, read_module
from harness.provision.assets.host import Host

HOST = Host("linux", "amd64")
WriteProgram = Callable[[str, str], Path]
ETCD = "echo 'etcd Version: 3.6.8'; echo 'Git SHA: x'"
KUBE_APISERVER = "echo Kubernetes v1.36.2"
BUILT = """#!/bin/sh
echo built >> "{log}"
case "$0" in */etcd) echo "etcd Version: 3.6.8";; *) echo "Kubernetes v1.36.3";; esac
"""
GO = """
[ "$1" = env ] && [ "$2" = GOVERSION ] && echo go1.26.8
[ "$1" = list ] && echo controlplane
[ "$1" = build ] && {{ echo build >> "{log}"; cp "{program}" "$7"; }}
exit 0
"""


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlplane, "get_host", lambda: HOST)
    monkeypatch.setattr(controlplane, "_ARCHIVE_URL", "http://127.0.0.1:1/nobody")


def _make_archive(**programs: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, script in programs.items():
            data = f"#!/bin/sh\n{script}\n".encode()
            member = tarfile.TarInfo(f"controller-tools/envtest/{name.replace('_', '-')}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


ARCHIVE = _make_archive(etcd=ETCD, kube_apiserver=KUBE_APISERVER, kubectl="echo no")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that were asked of a server on loopback, which has the archive."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(ARCHIVE)))
            self.end_headers()
            self.wfile.write(ARCHIVE)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        monkeypatch.setattr(controlplane, "_ARCHIVE_URL", f"http://127.0.0.1:{listener.server_address[1]}/download")
        monkeypatch.setitem(controlplane._ARCHIVE_SHA512, HOST, hashlib.sha512(ARCHIVE).hexdigest())
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield asked
        listener.shutdown()
        thread.join()


@pytest.fixture
def builds(tmp_path: Path, write_program: WriteProgram) -> Path:
    """A log of the builds of a made-up `go`, whose product names itself as what it is called."""
    log, program = tmp_path / "builds", tmp_path / "program"
    program.write_text(BUILT.format(log=tmp_path / "runs"))
    program.chmod(0o755)
    write_program("go", GO.format(log=log, program=program))
    return log


def test_given_folder_comes_first(
    tmp_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KUBEBUILDER_ASSETS is used before anything on PATH."""
    folder = tmp_path / "given"
    folder.mkdir()
    etcd = write_program("etcd", ETCD).rename(folder / "etcd")
    kube_apiserver = write_program("kube-apiserver", KUBE_APISERVER).rename(folder / "kube-apiserver")
    write_program("etcd", "exit 1")
    write_program("kube-apiserver", "exit 1")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
    found = find_control_plane(SILENT)
    assert found == ControlPlane(etcd, kube_apiserver, "KUBEBUILDER_ASSETS", "3.6.8", "1.36.2")


@pytest.mark.parametrize("missing", ["etcd", "kube-apiserver"])
def test_useless_given_folder_is_refused(
    bin_folder: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """A KUBEBUILDER_ASSETS without one of the executables is an error of the user's settings that names it."""
    write_program("etcd", ETCD)
    write_program("kube-apiserver", KUBE_APISERVER)
    (bin_folder / missing).chmod(0o644)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(bin_folder))
    with pytest.raises(SettingsError) as caught:
        find_control_plane(SILENT)
    assert caught.value.problem == f"KUBEBUILDER_ASSETS: there is no executable {missing} in {str(bin_folder)!r}"


def test_path_comes_before_the_network(write_program: WriteProgram, requests: list[str]) -> None:
    """Executables on PATH are used, and nothing is downloaded."""
    etcd, kube_apiserver = write_program("etcd", ETCD), write_program("kube-apiserver", KUBE_APISERVER)
    assert find_control_plane(SILENT) == ControlPlane(etcd, kube_apiserver, "PATH", "3.6.8", "1.36.2")
    assert requests == []


def test_broken_executable_is_quoted(write_program: WriteProgram) -> None:
    """An executable that does not tell its version is an error that quotes it."""
    etcd = write_program("etcd", "echo 'Exec format error' >&2; exit 126")
    write_program("kube-apiserver", KUBE_APISERVER)
    with pytest.raises(HarnessError) as caught:
        find_control_plane(SILENT)
    assert caught.value.problem == f"{etcd} --version failed (exit code 126):\n    Exec format error"


def test_half_on_path_is_not_enough(write_program: WriteProgram, requests: list[str]) -> None:
    """An etcd on PATH is not combined with a kube-apiserver from elsewhere: the archive gives both."""
    write_program("etcd", ETCD)
    found = find_control_plane(SILENT)
    folder = next(Cache().root.glob("envtest-*[0-9a-f]"))
    assert (found.etcd, found.kube_apiserver) == (folder / "etcd", folder / "kube-apiserver")
    assert (found.source, found.etcd_version, found.kube_apiserver_version) == (
        "official envtest archive 1.36.2", "3.6.8", "1.36.2",
    )  # fmt: skip
    assert requests == ["/download/envtest-v1.36.2/envtest-v1.36.2-linux-amd64.tar.gz"]
    assert sorted(path.name for path in folder.iterdir()) == ["etcd", "kube-apiserver", "manifest.json"]


def test_archive_is_downloaded_once(requests: list[str]) -> None:
    """The second run takes the archive's executables from the cache, with the SHA-256 that it knows of them."""
    first = find_control_plane(SILENT)
    assert find_control_plane(SILENT) == first
    assert len(requests) == 1
    assert first.etcd_sha256 == hashlib.sha256(first.etcd.read_bytes()).hexdigest()
    assert first.kube_apiserver_sha256 == hashlib.sha256(first.kube_apiserver.read_bytes()).hexdigest()


def test_damaged_executable_is_replaced(requests: list[str], progress: Progress, events: list[str]) -> None:
    """A damaged executable in the cache is named and replaced."""
    first = find_control_plane(SILENT)
    first.etcd.write_text("#!")
    assert find_control_plane(progress) == first
    assert len(requests) == 2
    assert f"damaged: The cached file {first.etcd} is damaged (2 bytes instead of" in events[1]


def test_wrong_checksum_is_told_and_not_used(
    requests: list[str], builds: Path, monkeypatch: pytest.MonkeyPatch, progress: Progress, events: list[str]
) -> None:
    """An archive with another SHA-512 is never unpacked: progress says so, and controlplane/ is built."""
    monkeypatch.setitem(controlplane._ARCHIVE_SHA512, HOST, "0" * 128)
    found = find_control_plane(progress)
    assert found.source == "built from controlplane/ with Go 1.26.8"
    note = next(event for event in events if event.startswith("end official etcd and kube-apiserver: "))
    assert "is not the file it should be, and was not used" in note
    assert note.endswith("; using controlplane/ instead")
    assert list(Cache().root.glob("envtest-*/etcd")) == []


def test_unreachable_archive_is_built_instead(
    builds: Path, progress: Progress, events: list[str]
) -> None:
    """Where the archive can't be reached, controlplane/ is built, once; afterwards nothing is tried again."""
    first = find_control_plane(progress)
    assert (first.etcd_version, first.kube_apiserver_version) == ("3.6.8", "1.36.3")
    assert first.etcd.name == "etcd"
    assert first.kube_apiserver.samefile(first.etcd)
    events.clear()
    assert find_control_plane(progress) == first
    assert builds.read_text() == "build\n"
    assert events == []


def test_controller_manager_of_kubernetes_is_built_where_nobody_has_it(
    builds: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It comes with the build of controlplane/; one on PATH goes before, one in KUBEBUILDER_ASSETS before all."""
    built = find_kube_controller_manager(SILENT)
    assert built.samefile(find_control_plane(SILENT).kube_apiserver)
    assert builds.read_text() == "build\n"
    on_path = write_program(built.name, "exit 0")
    assert find_kube_controller_manager(SILENT) == on_path
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert find_kube_controller_manager(SILENT) == on_path
    given = tmp_path / built.name
    given.symlink_to(on_path)
    assert find_kube_controller_manager(SILENT) == given


def test_offline_goes_straight_to_the_build(
    requests: list[str], builds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INGESTER_ACCEPTANCE_OFFLINE asks nobody for the archive."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    assert find_control_plane(SILENT).source == "built from controlplane/ with Go 1.26.8"
    assert requests == []


def test_nothing_reachable_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with nothing and without network the error lists what can be done."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    with pytest.raises(HarnessError) as caught:
        find_control_plane(SILENT)
    for way_out in ("KUBEBUILDER_ASSETS", "PATH", "connect this machine once"):
        assert way_out in caught.value.hint


def test_archive_without_a_server_is_not_used(
    requests: list[str], builds: Path, monkeypatch: pytest.MonkeyPatch, progress: Progress, events: list[str]
) -> None:
    """An archive that lacks an executable leads to the build too, and progress says what it lacks."""
    archive = _make_archive(etcd=ETCD)
    monkeypatch.setitem(globals(), "ARCHIVE", archive)
    monkeypatch.setitem(controlplane._ARCHIVE_SHA512, HOST, hashlib.sha512(archive).hexdigest())
    assert find_control_plane(progress).source == "built from controlplane/ with Go 1.26.8"
    assert any("envtest-v1.36.2-linux-amd64.tar.gz holds no kube-apiserver" in event for event in events)


def test_changed_module_is_built_again(builds: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A change to any file of controlplane/ leads to another build."""
    monkeypatch.setenv("INGESTER_ACCEPTANCE_OFFLINE", "1")
    copy = tmp_path / "controlplane"
    copy.mkdir()
    for name in ("go.mod", "go.sum", "main.go"):
        (copy / name).write_bytes((controlplane._MODULE / name).read_bytes())
    monkeypatch.setattr(controlplane, "_MODULE", copy)
    first = find_control_plane(SILENT)
    (copy / "main.go").write_text("package main // changed\n")
    assert find_control_plane(SILENT).etcd.parent != first.etcd.parent
    assert builds.read_text() == "build\nbuild\n"


def test_missing_module_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without controlplane/ is an error that names the folder and the way out."""
    monkeypatch.setattr(controlplane, "_MODULE", tmp_path / "controlplane")
    with pytest.raises(HarnessError, match=f"The Go module {tmp_path}/controlplane can't be read") as caught:
        find_control_plane(SILENT)
    assert "pip install -e ." in caught.value.hint


def test_build_carries_the_release() -> None:
    """The build tells the version of Kubernetes that the project's go.mod requires."""
    module = GoModule(Path("controlplane"), {"go.mod": b"require (\n\tk8s.io/kubernetes v1.36.3\n)"})
    package = "k8s.io/component-base/version"
    assert controlplane._stamp_version(module) == (
        f"-X {package}.gitVersion=v1.36.3 -X {package}.gitMajor=1 -X {package}.gitMinor=36"
    )
    ours = read_module(controlplane._MODULE, ways_out="")
    assert "gitVersion=v1." in controlplane._stamp_version(ours)


def test_module_without_its_requirement_is_named() -> None:
    """A go.mod that lacks what the build is for is an error that names file and requirement."""
    with pytest.raises(HarnessError, match=r"controlplane/go\.mod does not require k8s\.io/kubernetes"):
        controlplane._stamp_version(GoModule(Path("controlplane"), {"go.mod": b"module controlplane"}))
