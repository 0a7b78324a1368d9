"""Promises of `harness.spec.versions`: what was read goes before the profile, this before the kind's module."""

from __future__ import annotations

from typing import Any

from harness.spec.features import FEATURES, Fact, Life
from harness.spec.kinds import collect_cases
from harness.spec.model import IndexedColumn
from harness.spec.naming import KindTables
from harness.spec.profiles import Profile, load_profile
from harness.spec.read import NamedKinds, ReadContract, ReadKind
from harness.spec.versions import NOT_READ, make_contract

PROFILE = Profile("p", "p", ("Project", "Model"), frozenset({"Model"}), features={"finalizer": "ingester"})


def _kind(name: str, table: str = "", **values: Any) -> ReadKind:
    tables = KindTables(table) if table else None
    return ReadKind(name, f"{name.lower()}s", f"{name}.go", tables=tables, **values)


def _read(*kinds: ReadKind, controllers: tuple[str, ...] | None = None, **values: Any) -> ReadContract:
    tables = tuple(name for kind in kinds if kind.tables for name in kind.tables.all)
    listed = None if controllers is None else NamedKinds(controllers, "module.go:1")
    return ReadContract(kinds, listed, tables=tables, tables_source="schema.sql", **values)


def test_a_kind_that_nobody_wrote_down_is_a_case() -> None:
    """It has a controller, a CRD and tables, and so all that a check needs; it stands behind the known ones."""
    read = _read(
        _kind("Gadget", "gadget"), _kind("Project", "project"), _kind("Model", "model"),
        controllers=("Gadget", "Model", "Project"),
        immutable=NamedKinds(("Gadget",), "gadget.go"),
    )  # fmt: skip
    contract = make_contract(PROFILE, read)
    assert contract.names == ("Project", "Model", "Gadget")
    assert contract.find_case("gadgets").can_be_made
    assert contract.get_life("Gadget") is Life.IMMUTABLE
    assert contract.get_life("Model") is Life.MUTABLE   # the version's own list, not the profile's
    assert contract.find_fact("Gadget") == Fact(
        "Gadget", "gadget, gadget_labels, gadget_annotations", "Gadget.go; module.go:1; schema.sql"
    )


def test_an_expected_kind_without_its_controller_stays_expected() -> None:
    """That a controller is gone is what the harness is to find out, also where all of them are."""
    kinds = _kind("Project", "project"), _kind("Model", "model"), _kind("Gadget")
    assert make_contract(PROFILE, _read(*kinds, controllers=())).names == ("Project", "Model")
    contract = make_contract(PROFILE, _read(*kinds, controllers=("Project",)))
    assert contract.names == ("Project", "Model")
    assert Fact("Gadget", "not tested: a CRD and no controller, and no table", "Gadget.go") in contract.facts


def test_a_kind_without_a_crd_can_not_be_tested() -> None:
    """It is named, and no case, so that a registered one is unexpected."""
    contract = make_contract(PROFILE, _read(_kind("Project", "project"), controllers=("Project", "Ghost")))
    assert contract.names == ("Project",)
    assert contract.find_fact("Ghost") == Fact("Ghost", "not tested: a controller and no CRD", "module.go:1")
    assert contract.find_fact("Model") == Fact("Model", "not tested: no CRD in this version", "module.go:1")


def test_without_a_list_of_controllers_tables_say_which_kinds_there_are() -> None:
    """A CRD with tables is a kind of the Ingester, one without is not."""
    read = _read(_kind("Project", "project"), _kind("Model", "model"), _kind("Gadget", "gadget"), _kind("Other"))
    contract = make_contract(PROFILE, read)
    assert contract.names == ("Project", "Model", "Gadget")
    assert contract.find_fact("Other") == Fact("Other", "not tested: a CRD and no table", "Other.go")


def test_tables_follow_the_version() -> None:
    """Kinds have the tables that exist; one without has the name that the others' lead to, and it is missing."""
    read = _read(_kind("RayJob", "ray_job"), _kind("SparkJob"), controllers=("RayJob", "SparkJob"))
    contract = make_contract(Profile("p", "p", ("RayJob", "SparkJob")), read)
    assert contract.main_tables == ("ray_job", "spark_job")
    assert contract.absent_tables == {"spark_job", "spark_job_labels", "spark_job_annotations"}
    made = [kind.tables for kind in contract.served_kinds]
    assert made == [("ray_job", "ray_job_labels", "ray_job_annotations"), ()]
    assert contract.find_fact("table naming") == Fact("table naming", "snake case", "schema.sql")


def test_columns_follow_the_version() -> None:
    """Those that were read replace the module's, with the schema's types; one too narrow is to be found."""
    columns = (IndexedColumn("level", "spec.level"), IndexedColumn("tier", "spec.tier"))
    read = _read(
        _kind("Project", "project", columns=columns, sql_types={"level": "VARCHAR(64)", "tier": "VARCHAR(8)"}),
        _kind("Model", "model"),
    )
    contract = make_contract(PROFILE, read)
    assert [(c.name, c.sql_type) for c in contract.get_kind("Project").columns] == [
        ("level", "VARCHAR(64)"), ("tier", "VARCHAR(255)"),
    ]  # fmt: skip
    assert contract.get_kind("Model").columns == make_contract(PROFILE).get_kind("Model").columns


def test_a_feature_has_its_value_from_the_best_source() -> None:
    """An option goes before what was read, this before the profile; what nobody says is the seed report's."""
    read = ReadContract(
        features={
            "finalizer": Fact("finalizer", "api-server", "controller.go:3"),
            "missing-row": Fact("missing-row", "done", "mysql.go:9"),
        }
    )
    contract = make_contract(PROFILE, read, {"missing-row": "perhaps", "new": "x"})
    assert contract.get_feature("finalizer") == "api-server"
    assert contract.find_fact("missing-row") == Fact("missing-row", "perhaps", "--feature")
    assert contract.find_fact("primary-key") == Fact("primary-key", "uid", NOT_READ)
    assert contract.explain_unknown(FEATURES) == "feature missing-row is 'perhaps'"
    assert contract.features["new"] == "x"
    assert make_contract(PROFILE).get_feature("finalizer") == "ingester"


def test_mysql_primary_kinds_are_no_cases() -> None:
    """They are never in Kubernetes, so that nothing of them can be watched."""
    read = _read(
        _kind("Project", "project"), _kind("Metric", "metric"),
        controllers=("Project", "Metric"), mysql_primary=NamedKinds(("Metric",), "main.go:7"),
    )  # fmt: skip
    contract = make_contract(PROFILE, read)
    assert contract.names == ("Project",)
    assert contract.get_life("Metric") is Life.MYSQL_PRIMARY
    fact = contract.find_fact("Metric")
    assert fact is not None
    assert (fact.value, fact.source) == (
        "not tested: MySQL-primary, so that there is nothing to watch", "main.go:7",
    )  # fmt: skip


def test_a_table_of_no_kind_is_noted() -> None:
    """It is told, and no warning."""
    read = ReadContract(tables=("project", "gizmo", "gizmo_labels"), tables_source="schema.sql")
    notes = [fact for fact in make_contract(PROFILE, read).facts if fact.name == "note"]
    assert notes == [Fact("note", "the table gizmo belongs to no kind", "schema.sql")]


def test_later_profiles_have_kinds_of_which_only_the_name_is_known() -> None:
    """They play without anything being read: kinds, naming, lives and features are theirs."""
    pull, later = make_contract(load_profile("pull-1117")), make_contract(load_profile("later-2026"))
    assert pull.names == (*(case.name for case in collect_cases()), "CachedOutput")
    assert pull.get_life("CachedOutput") is Life.IMMUTABLE
    assert later.names[-2:] == ("CachedOutput", "EvaluationReport")
    assert later.get_kind("PipelineRun").table == "pipeline_run"
    assert later.get_life("TriggerRun") is Life.RETAINED
    assert later.mysql_primary_kinds == {"Metric"}
    assert later.explain_unknown(FEATURES) == pull.explain_unknown(FEATURES) == ""
