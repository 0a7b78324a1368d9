"""Promises of `harness.provision.checkout.evidence`: the profile follows from what the code says."""

from __future__ import annotations

from typing import Any

import pytest

from harness.provision.checkout.evidence import choose_profile
from harness.provision.checkout.golines import GoModule
from harness.spec.definitions import KindDefinition, read_definitions
from harness.spec.features import Fact
from harness.spec.kinds import collect_cases
from harness.spec.naming import Naming, name_table
from harness.spec.profiles import load_profile
from harness.spec.read import NamedKinds, ReadContract, ReadKind

KINDS = tuple(case.name for case in collect_cases())


def _read(*immutable: str, features: tuple[str, ...] = (), **values: Any) -> ReadContract:
    facts = {name: Fact(name, value, "x.go") for name, value in (word.split("=") for word in features)}
    return ReadContract(immutable=NamedKinds(immutable, "x.go"), features=facts, **values)


@pytest.mark.parametrize(
    ("immutable", "version", "profile", "reason"),
    [
        (
            ("Model",), "0.19.2", "upstream-main",
            "immutable kinds: Model; controller-runtime 0.19.2 recovers panics",
        ),
        (
            ("Model", "CachedOutput"), "0.20.0", "upstream-main",
            "immutable kinds: Model; controller-runtime 0.20.0 recovers panics",
        ),
        (
            (), "0.18.1", "report-2026-03",
            "immutable kinds: none; controller-runtime 0.18.1 does not recover panics",
        ),
    ],
)  # fmt: skip
def test_the_profile_that_fits_is_chosen(
    immutable: tuple[str, ...], version: str, profile: str, reason: str
) -> None:
    """Immutable kinds of the contract and recovered panics decide, and are the reason that is given."""
    found = choose_profile(_read(*immutable), GoModule("1.24", "", version))
    assert (found.profile, found.reason, found.contradictions) == (profile, reason, ())


def test_what_differs_from_the_choice_is_said() -> None:
    """Where no profile fits in all, the best one is chosen and the rest said; only panics are contradictions."""
    found = choose_profile(_read("Project", features=("finalizer=nobody",)), GoModule("1.24", "", "0.19.2"))
    assert (found.profile, found.contradictions) == ("upstream-main", ())
    assert found.differences == (
        "immutable kinds: Project, in profile upstream-main Model",
        "finalizer: nobody, in profile upstream-main api-server",
    )
    found = choose_profile(_read("Model"), GoModule("1.24", "", "0.18.0"), [load_profile("upstream-main")])
    assert found.contradictions == (
        "profile upstream-main expects the opposite of a controller manager that does not recover panics",
    )


def test_features_and_kinds_with_a_controller_decide() -> None:
    """An immutable kind counts once it has a controller, and so does what the Ingester does."""
    controllers = NamedKinds(("Model", "CachedOutput"), "x.go")
    features = ("finalizer=ingester", "deletion-delay=configurable")
    read = _read("Model", "CachedOutput", features=features, controllers=controllers)
    found = choose_profile(read, GoModule("1.24", "", "0.19.2"))
    assert (found.profile, found.differences) == ("pull-1117", ())
    assert found.reason == (
        "immutable kinds: CachedOutput, Model; finalizer: ingester; deletion-delay: configurable;"
        " controller-runtime 0.19.2 recovers panics"
    )


def test_tables_and_retained_kinds_are_evidence() -> None:
    """The naming of the tables and a short list of kinds tell a later version from an earlier one."""
    read = _read(
        "Model",
        kinds=(ReadKind("PipelineRun", "pipelineruns", "x.go"),),
        controllers=NamedKinds(("Model", "PipelineRun"), "x.go"),
        retained=NamedKinds(("PipelineRun",), "main.go:3"),
        tables=("pipeline_run",),
    )
    found = choose_profile(read, GoModule("1.24", "", "0.19.2"))
    assert (found.profile, found.differences) == ("later-2026", ())
    assert "retained kinds: PipelineRun" in found.reason


def test_unknown_panics_decide_nothing() -> None:
    """Without a version of controller-runtime the immutable kinds decide alone."""
    found = choose_profile(_read("Model"), GoModule("1.24", "", ""))
    assert (found.profile, found.contradictions) == ("upstream-main", ())
    assert found.reason.endswith("go.mod does not say whether panics are recovered")


def _define(*kinds: str, snake: bool = False) -> ReadContract:
    """Return what is read where there is no code: kinds and tables alone."""
    names = [name_table(kind, Naming.SNAKE if snake else Naming.LOWER) for kind in kinds]
    tables = {f"{name}{ending}": dict[str, str]() for name in names for ending in ("", "_labels", "_annotations")}
    definitions = [KindDefinition(kind, f"{kind.lower()}s", {}) for kind in kinds]
    return read_definitions(definitions, "discovery", tables, "information_schema")


@pytest.mark.parametrize(
    ("read", "profile", "reason"),
    [
        (_define(*KINDS), "upstream-main", "13 kinds with CRD and table; tables in lower case"),
        (_define(*KINDS, "CachedOutput"), "pull-1117", "14 kinds with CRD and table; tables in lower case"),
        (
            _define(*KINDS, "CachedOutput", "EvaluationReport", snake=True),
            "later-2026",
            "15 kinds with CRD and table; tables in snake case",
        ),
        (ReadContract(), "upstream-main", "nothing was read that decides"),
    ],
)
def test_kinds_and_tables_decide_where_no_code_is_read(read: ReadContract, profile: str, reason: str) -> None:
    """In a cluster, or of files, the profile is the one whose kinds and tables these are; else the usual one."""
    found = choose_profile(read, usual="upstream-main")
    assert (found.profile, found.explain()) == (profile, reason)


def test_an_unknown_kind_is_told_beside_the_choice() -> None:
    """A kind that no profile has changes no choice, and is said."""
    found = choose_profile(_define(*KINDS, "Notebook"), usual="upstream-main")
    assert found.profile == "upstream-main"
    assert "beyond profile upstream-main Notebook, without none" in found.explain()
