"""Promises of `harness.provision.checkout.preparation`: all that a run needs, from one word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.provision.checkout import preparation
from harness.provision.checkout.binaries import Binaries
from harness.provision.checkout.preparation import PreparedCheckout, prepare_checkout
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import MODULE, SCHEMA, STORAGE, Edit, Git

GENERATED = "proto-go/api/v2"


@pytest.fixture
def built(root: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What stands for a build; its fields can be changed."""
    values = SimpleNamespace(apiserver=root / "apiserver", apiserver_problem="", asked=0)

    def build(*_: object) -> Binaries:
        values.asked += 1
        sha256: Mapping[str, str] = {"controllermgr": "c0ffee"}
        if values.apiserver:
            sha256 = {**sha256, "apiserver": "7ea"}
        return Binaries(
            controllermgr=root / "controllermgr",
            apiserver=values.apiserver,
            apiserver_problem=values.apiserver_problem,
            crds=root / "crds",
            go="1.26.8 (PATH)",
            sha256=sha256,
            sources_digest="50da",
        )

    monkeypatch.setattr(preparation, "build_binaries", build)
    return values


def _prepare(root: Path) -> PreparedCheckout:
    return prepare_checkout(str(root), SILENT)


@pytest.mark.usefixtures("built")
def test_a_run_gets_all_that_it_needs(root: Path, git: Git) -> None:
    """Programs, CRDs, schema and profile come with pins that say exactly what is tested."""
    found = _prepare(root)
    assert (found.controllermgr, found.apiserver) == (root / "controllermgr", root / "apiserver")
    assert (found.crds, found.schema) == (root / "crds", root / SCHEMA)
    assert (found.profile, found.findings) == ("upstream-main", ())
    assert found.profile_reason == "immutable kinds: Model; controller-runtime 0.19.2 recovers panics"
    pins = dict(found.pins)
    assert all(len(pins.pop(name)) == 64 for name in ("CRDs SHA-256", "schema SHA-256"))
    assert pins == {
        "Michelangelo": str(root),
        "commit": git("rev-parse", "HEAD").strip(),
        "branch": "main",
        "subject": "All of it",
        "working tree": "clean",
        "Go": "1.26.8 (PATH); go.mod asks for go1.24.3",
        "controller-runtime": "0.19.2",
        "controller manager SHA-256": "c0ffee",
        "API server SHA-256": "7ea",
        "schema": SCHEMA,
        "Go sources SHA-256": "50da",
        "seen by the compiler in proto-go": "proto/api/v2/crd_objects.go",
    }


@pytest.mark.usefixtures("built")
def test_changes_are_pinned(root: Path, edit: Edit) -> None:
    """The report says how many files differ from the commit, and which, without a page of them."""
    edit(STORAGE, "true", "false")
    assert _prepare(root).pins["working tree"] == f"1 changed: {STORAGE}"
    for number in range(7):
        (root / f"new{number}").touch()
    assert _prepare(root).pins["working tree"].endswith("new3 and 3 more")


@pytest.mark.usefixtures("built")
def test_drift_is_found_before_the_run(root: Path, edit: Edit) -> None:
    """What the harness and the checkout disagree about is there before anything runs."""
    edit(MODULE, "v2.AllCRDObjects", "[]runtime.Object{}")
    assert [str(finding) for finding in _prepare(root).findings] == [
        f"error: 0 of the contract's 13 kinds are registered with the ingester; missing: all ({MODULE}:5)"
    ]


@pytest.mark.usefixtures("built")
def test_what_differs_from_the_profile_is_told_with_it(root: Path, edit: Edit) -> None:
    """Where no profile fits, what was read counts, and that is no warning."""
    edit(f"{GENERATED}/project.pb.go", "return false", "return true")
    found = _prepare(root)
    assert found.findings == ()
    assert found.profile_reason.endswith(
        "it fits best, and what was read counts: immutable kinds: Model, Project, in profile upstream-main Model"
    )
    assert found.read.immutable is not None
    assert found.read.immutable.names == ("Model", "Project")


def test_a_missing_api_server_is_a_finding(root: Path, built: SimpleNamespace) -> None:
    """Without its API server the checkout is tested with CRDs that are installed for it, and that is said."""
    built.apiserver, built.apiserver_problem = None, "undefined: x"
    found = _prepare(root)
    assert [str(finding) for finding in found.findings] == [
        "warning: The API server does not build, so that the sandbox installs the CRDs of its sources itself:"
        " undefined: x (go/cmd/apiserver)"
    ]
    assert found.pins["API server SHA-256"] == "not built"


def test_a_checkout_without_a_kind_ends_it_before_the_build(
    root: Path, built: SimpleNamespace, edit: Edit
) -> None:
    """Where no kind of the Ingester has a CRD, that is said before minutes are spent on building it."""
    for kind in CONTRACT.kinds:
        edit(f"{GENERATED}/{kind.table}.pb.go", f'YamlSchemas["{kind.name}"]', f'YamlSchemas["{kind.name}s"]')
    edit(SCHEMA, "`project`", "`projects`")
    with pytest.raises(HarnessError, match=r"\(main\), with uncommitted changes has no CRD of a kind"):
        _prepare(root)
    assert built.asked == 0
