"""Promises of `harness.provision.checkout.binaries`, with a made-up `go`."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.provision.assets.cache import Cache
from harness.provision.checkout.binaries import Binaries, build_binaries, build_covered
from harness.provision.checkout.checkout import find_checkout
from tests.unit.provision.checkout.conftest import CRD_OBJECTS, STORAGE, Edit, Git, read_sources

GO = r"""
if [ "$1" = env ]; then
  [ "$2" = GOVERSION ] && echo "go@VERSION@" || { echo "@HOME@"; echo "@HOME@"; }
  exit
fi
eval last=\${$#}
if [ "$1" = list ]; then echo m/storage; echo "m/$last"; exit; fi
echo "$*" >> "@HOME@/calls"
echo m/storage >&2
grep -q broken storage/mysql/mysql.go && { echo "storage/mysql/mysql.go:3:1: syntax error" >&2; exit 1; }
while [ "$1" != -o ]; do shift; done
out="$2"; shift 2
case "$1" in -cover) shift 3;; esac
[ "$1" = -overlay ] && { cp "$2" "@HOME@/overlay.json"; shift 2; }
for package in "$@"; do
  name="${package##*/}"
  grep -q broken "cmd/$name/main.go" && { echo "cmd/$name/main.go:3:6: undefined: broken" >&2; exit 1; }
  [ -d "$out" ] && file="$out/$name" || file="$out"
  cat storage/mysql/mysql.go "cmd/$name/main.go" > "$file"
done
@ALSO@
"""


class Workshop:
    """The made-up `go`, what it was asked, and builds of the checkout with it."""

    def __init__(self, home: Path, root: Path) -> None:
        self.home = home
        self.root = root
        self.install()

    def install(self, version: str = "1.26.8", also: str = "") -> None:
        """Put a `go` of that version first on PATH; `also` is shell that it runs after each build."""
        text = GO.replace("@VERSION@", version).replace("@HOME@", str(self.home)).replace("@ALSO@", also)
        go = self.home / "go"
        go.write_text(f"#!/bin/sh\n{text}")
        go.chmod(0o755)

    def build(self) -> Binaries:
        """Build the checkout as it is."""
        checkout = find_checkout(str(self.root), Cache(), SILENT)
        return build_binaries(checkout, read_sources(self.root).crds, Cache(), SILENT)

    @property
    def calls(self) -> list[str]:
        """The builds that `go` was asked for."""
        file = self.home / "calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def workshop(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A machine with a made-up `go`."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PATH", str(home), prepend=":")
    return Workshop(home, root)


def test_both_programs_are_built(workshop: Workshop, git: Git) -> None:
    """Both programs come out of one build, with CRDs, digests and the toolchain, and the checkout stays clean."""
    found = workshop.build()
    assert found.apiserver is not None
    for path in (found.controllermgr, found.apiserver):
        assert found.sha256[path.name] == sha256(path.read_bytes()).hexdigest()
    assert len(list(found.crds.glob("*.yaml"))) == 13
    assert (found.go, found.apiserver_problem) == ("1.26.8 (PATH)", "")
    assert len(workshop.calls) == 1
    assert git("status", "--porcelain", "--ignored") == ""


def test_what_counts_is_another_program(workshop: Workshop) -> None:
    """A controller manager that counts what runs is built beside the usual one, once, and alone."""
    usual = workshop.build()
    checkout = find_checkout(str(workshop.root), Cache(), SILENT)
    counting = [build_covered(checkout, ("./storage/...",), Cache(), SILENT) for _ in range(2)]
    assert counting[0] == counting[1] != usual.controllermgr
    (_, call) = workshop.calls
    assert "-cover -covermode=set -coverpkg=./storage/..." in call
    assert call.endswith("./cmd/controllermgr")
    assert [path.name for path in counting[0].parent.iterdir() if path.name == "apiserver"] == []


def test_same_sources_are_built_once(workshop: Workshop, git: Git, edit: Edit) -> None:
    """Another commit with the same Go sources, and an edit that was taken back, need no build."""
    first = workshop.build()
    git("commit", "--quiet", "--allow-empty", "--message", "Nothing")
    edit(STORAGE, "true", "false")
    second = workshop.build()
    edit(STORAGE, "false", "true")
    assert (workshop.build(), len(workshop.calls)) == (first, 2)
    assert second.sha256["controllermgr"] != first.sha256["controllermgr"]


def test_another_toolchain_builds_anew(workshop: Workshop) -> None:
    """What a newer Go builds is another program."""
    workshop.build()
    workshop.install("1.27.0")
    assert (workshop.build().go, len(workshop.calls)) == ("1.27.0 (PATH)", 2)


def test_hand_written_files_are_overlaid(workshop: Workshop) -> None:
    """Go sees the hand-written file beside the generated ones without anything being copied."""
    workshop.build()
    overlay = json.loads((workshop.home / "overlay.json").read_text())
    place = workshop.root / "proto-go/api/v2/crd_objects.go"
    assert overlay == {"Replace": {str(place): str(workshop.root / CRD_OBJECTS)}}
    assert not place.exists()


def test_a_compile_error_is_quoted(workshop: Workshop, edit: Edit, git: Git, cache: Cache) -> None:
    """The error has the compiler's words, the folder and the commit; nothing is left in the cache."""
    edit(STORAGE, "var", "broken var")
    with pytest.raises(HarnessError) as caught:
        workshop.build()
    commit = git("rev-parse", "HEAD")[:8]
    assert caught.value.problem == (
        f"Michelangelo {commit} (main), with uncommitted changes does not build: go build failed in"
        f" {workshop.root}/go (exit code 1, Go 1.26.8 from PATH):\n    storage/mysql/mysql.go:3:1: syntax error"
    )
    assert "go build ./cmd/controllermgr" in caught.value.hint
    assert [path.name for path in cache.root.iterdir() if path.is_dir()] == []


def test_missing_modules_are_another_matter(workshop: Workshop) -> None:
    """Where modules can't be downloaded the ways out are about the network, not about the sources."""
    go = workshop.home / "go"
    listing = 'if [ "$1" = list ]; then'
    go.write_text(go.read_text().replace(listing, f'{listing} echo "dial tcp" >&2; exit 1;'))
    with pytest.raises(HarnessError, match="can't be downloaded") as caught:
        workshop.build()
    assert "Go's module proxy" in caught.value.hint


def test_a_broken_api_server_is_done_without(workshop: Workshop, edit: Edit) -> None:
    """Where the API server alone does not build, the controller manager is there, and why is said."""
    edit("go/cmd/apiserver/main.go", "func main() {}", "broken")
    found = workshop.build()
    assert (found.controllermgr.is_file(), found.apiserver) == (True, None)
    assert "cmd/apiserver/main.go:3:6: undefined: broken" in found.apiserver_problem
    assert (workshop.build(), len(workshop.calls)) == (found, 2)


def test_a_checkout_without_an_api_server_will_do(workshop: Workshop, git: Git) -> None:
    """Where the checkout has no API server at all, that is said in as many words."""
    git("rm", "-r", "--quiet", "go/cmd/apiserver")
    assert workshop.build().apiserver_problem == "the checkout has no go/cmd/apiserver"


def test_sources_that_change_meanwhile_are_refused(workshop: Workshop, cache: Cache) -> None:
    """A file that is saved during the build leads to no entry under the digest of another content."""
    workshop.install(also="echo >> storage/mysql/mysql.go")
    with pytest.raises(HarnessError, match="changed while it was built"):
        workshop.build()
    assert not list(cache.root.glob("michelangelo-*[0-9a-f]"))


def test_old_builds_are_forgotten(workshop: Workshop, cache: Cache, edit: Edit) -> None:
    """Edit after edit, the cache keeps the last eight builds, counted by their last use."""
    first = workshop.build()
    for number in range(9):
        edit(STORAGE, "package mysql\n", f"package mysql\n// {number}\n")
        workshop.build()
        Cache().root.joinpath(first.controllermgr.parent.name).touch()   # as a use does
    builds = [path for path in cache.root.glob("michelangelo-*") if path.is_dir()]
    assert (len(builds), first.controllermgr.is_file()) == (8, True)
