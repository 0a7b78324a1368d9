"""What chapter 5 asks the contract: features and lives change what is right, and each wrong behaviour is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest

from harness.chapters.contract import deletions
from harness.chapters.contract.claims import examine_claim
from harness.chapters.contract.issues import ISSUES
from harness.clients.kube import Version
from harness.core import codes
from harness.core.errors import CheckFailure
from harness.core.outcomes import NotApplicable
from harness.spec.annotations import INGESTER_FINALIZER
from tests.unit.chapters.contract.world import Contract

CLAIMING = {"finalizer": "ingester"}
DELETE_FIRST = {"deleting-annotation": "delete-first"}
ALL = ("5.1", "5.2", "5.5", "5.6", "5.7", "5.8", "5.10", "5.11", "5.13")


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "_USUALLY_S", 0.03)


@pytest.mark.parametrize("number", ALL)
def test_a_product_that_adds_its_finalizer_passes(number: str) -> None:
    """Objects have one more version, and what is deleted without a hand-given finalizer is soft-deleted."""
    assert Contract("orphans", features=CLAIMING).record(number).findings == []


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [
        ("5.7", "never claims", codes.ROW_LIVE),
        ("5.7", "keeps the row", codes.ROW_LIVE),
        ("5.7", "releases first", codes.ORDER),
        ("5.13", "never claims", codes.FINALIZER_MISSING),
        ("5.13", "claims again", codes.FINALIZER_KEPT),
        ("5.13", "claims with a label", codes.OBJECT_FIELD),
    ],
)
def test_a_finalizer_that_is_added_wrongly_is_found(number: str, fault: str, code: str) -> None:
    """An orphan is a wrong behaviour then, and no documented limit."""
    assert code in Contract("orphans", fault, features=CLAIMING).find(number)


def test_an_orphan_is_no_known_issue_where_the_ingester_adds_its_finalizer() -> None:
    """Whatever issues the profile lists."""
    with pytest.raises(CheckFailure, match="the row stays live"):
        Contract("orphans", "never claims", issues=ISSUES[:1], features=CLAIMING).conclude("5.7")


def test_a_finalizer_that_nobody_expected_is_judged_as_it_is_seen() -> None:
    """The version was read wrongly: the limits of one without are not expected of it, and the run says so."""
    contract = Contract("orphans", issues=ISSUES[:1], features=CLAIMING)
    contract.life.context.contract = dataclasses.replace(contract.life.context.contract, features={})
    contract.conclude("5.7")
    assert list(contract.life.context.contradictions) == ["finalizer"]


def test_a_key_that_nobody_expected_is_said_not_to_be_judged() -> None:
    """How rows are found can't change within a run."""
    contract = Contract()
    contract.life.context.contradictions["primary-key"] = "seen: given one"
    with pytest.raises(NotApplicable, match="not judged: seen: given one"):
        contract.record("5.15")


@pytest.mark.parametrize("number", ["5.13", "5.14", "5.15"])
def test_what_a_version_does_not_do_is_not_applicable(number: str) -> None:
    """The API server adds the finalizer, rows of mutable kinds are soft-deleted, and keys are uids."""
    with pytest.raises(NotApplicable):
        Contract().record(number)


def make_versions(*finalizers: list[str], **labels: Mapping[str, str]) -> list[Version]:
    """Return an object's versions, each with those finalizers."""
    metadata = [{"finalizers": names, "resourceVersion": str(n), **labels} for n, names in enumerate(finalizers)]
    return [Version(n, {"metadata": each, "spec": {}}) for n, each in enumerate(metadata)]


def test_a_finalizer_comes_once_and_for_good() -> None:
    """Beside those of others; one that goes again, or comes twice, is found at its version."""
    own = INGESTER_FINALIZER
    assert examine_claim(make_versions([], [own], [own, "other"], ["other", own])) == []
    assert examine_claim(make_versions([own])) == []
    assert [f.code for f in examine_claim(make_versions([], ["other"]))] == [codes.FINALIZER_MISSING]
    (gone,) = examine_claim(make_versions([], [own], []))
    assert (gone.code, gone.where) == (codes.FINALIZER_MISSING, "metadata.finalizers at 2")
    (twice,) = examine_claim(make_versions([], [own], [own, own]))
    assert (twice.code, twice.where) == (codes.FINALIZER_KEPT, "metadata.finalizers at 2")


@pytest.mark.parametrize("features", [{}, CLAIMING])
def test_a_retained_kind_keeps_its_row(features: Mapping[str, str]) -> None:
    """Its final state is written; another object of the name has a row beside it."""
    contract = Contract("ghost rows", kind="PipelineRun", features=features)
    for number in ("5.8", "5.10", "5.14"):
        assert contract.record(number).findings == [], number
    for number in ("5.6", "5.11", "5.12"):
        with pytest.raises(NotApplicable):
            contract.record(number)


def test_a_retained_row_without_finalizer_is_as_it_must_be() -> None:
    """Not a known limit, and nothing to judge either; where the Ingester adds its finalizer, it is judged."""
    with pytest.raises(NotApplicable, match="as it must"):
        Contract("orphans", kind="PipelineRun").record("5.7")
    assert Contract("orphans", kind="PipelineRun", features=CLAIMING).record("5.7").findings == []


@pytest.mark.parametrize(
    ("number", "fault", "code"),
    [
        ("5.14", "deletes what is retained", codes.ROW_DELETED),
        ("5.14", "forgets the final state", codes.ROW_BEHIND),
        ("5.14", "lets go early", codes.FINALIZER_MISSING),
        ("5.10", "deletes what is retained", codes.ROW_CHANGED),
    ],
)
def test_a_row_that_is_not_retained_is_found(number: str, fault: str, code: str) -> None:
    """Soft-deleted, without the final state, or let go of while others hold it."""
    assert code in Contract("ghost rows", fault, kind="PipelineRun").find(number)


def test_delete_first_is_seen_in_the_versions() -> None:
    """The object is deleted with its finalizer on, by the policy that it names."""
    assert Contract(features=DELETE_FIRST).record("5.8").findings == []
    assert Contract("ignores the policy", features=DELETE_FIRST).find("5.8") == {codes.OBJECT_FIELD}
    assert codes.ORDER in Contract("releases before it deletes", features=DELETE_FIRST).find("5.8")
