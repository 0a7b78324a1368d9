"""Promises of `harness.suite.description`: the record tells the contract, its sources, and what the seed's was."""

from __future__ import annotations

from harness.core.record import ContractFact
from harness.spec.features import Fact
from harness.spec.model import IndexedColumn
from harness.spec.naming import KindTables
from harness.spec.profiles import load_profile
from harness.spec.read import NamedKinds, ReadContract, ReadKind
from harness.spec.versions import NOT_READ, make_contract
from harness.suite.description import describe_basis, describe_contract

SEED = make_contract(load_profile("report-2026-03"))


def _find(facts: list[ContractFact], name: str) -> ContractFact:
    return next(fact for fact in facts if fact.name == name)


def test_the_seed_s_own_version_differs_in_nothing() -> None:
    """Features come first, then each kind with its life and its table."""
    facts = describe_contract(SEED, SEED)
    assert [fact.seed for fact in facts if fact.seed] == []
    assert facts[0] == ContractFact("Features", "finalizer", "api-server", NOT_READ)
    model = ContractFact("Kinds", "Model", "mutable; table model", "profile report-2026-03")
    assert _find(facts, "Model") == model


def test_what_a_version_does_differently_is_beside_the_seed_s() -> None:
    """Another life, table, column or feature has the seed's value beside it, a new kind as well."""
    columns = (IndexedColumn("level", "spec.level"),)
    read = ReadContract(
        kinds=(
            ReadKind("Project", "projects", "project.go:3", tables=KindTables("project"), columns=columns),
            ReadKind("Gadget", "gadgets", "gadget.go:1", tables=KindTables("gadget", "_label")),
            ReadKind("Gizmo", "gizmos", "gizmo.go:1"),
        ),
        controllers=NamedKinds(("Project", "Gadget"), "module.go:1"),
        immutable=NamedKinds(("Gadget",), "gadget.go"),
        tables=("project", "project_labels", "project_annotations", "gadget", "gadget_label", "other"),
        tables_source="schema.sql",
        features={"finalizer": Fact("finalizer", "ingester", "controller.go:9")},
        notes=(Fact("note", "another schema", "schema.sql"),),
    )
    facts = describe_contract(make_contract(load_profile("report-2026-03"), read), SEED)
    assert facts[0] == ContractFact("Features", "finalizer", "ingester", "controller.go:9", "api-server")
    assert _find(facts, "Project").value == "mutable; table project; columns more: level, columns less: tier"
    assert _find(facts, "Project").seed == "mutable; table project"
    gadget = _find(facts, "Gadget")
    assert (gadget.value, gadget.seed) == (
        "immutable; table gadget, gadget_label, gadget_annotations; 1 of its tables are not made", "not there",
    )  # fmt: skip
    assert _find(facts, "Gizmo") == ContractFact(
        "Kinds that are not tested", "Gizmo", "not tested: a CRD and no controller, and no table", "gizmo.go:1"
    )
    model = _find(facts, "Model")
    assert (model.value, model.seed) == ("not tested: no CRD in this version", "mutable; table model")
    assert _find(facts, "controllers").value == "2: Gadget, Project"
    assert [fact.value for fact in facts if fact.group == "Notes"] == [
        "the table other belongs to no kind", "another schema",
    ]  # fmt: skip


def test_a_basis_has_features_and_life_with_their_sources() -> None:
    """What a check stands on is told with where it was read; one that stands on nothing has no basis."""
    expected = (
        "finalizer is api-server (not read: as in the seed report's version); Model is mutable "
        "(immutable kinds: profile report-2026-03; retained kinds: profile report-2026-03)"
    )
    assert describe_basis(SEED, ("finalizer",), "Model") == expected
    assert describe_basis(SEED, (), "Model") == ""
