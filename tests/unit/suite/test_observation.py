"""Promises of `harness.suite.observation`: what objects show goes before what was read, not before the user."""

from __future__ import annotations

from typing import Any

from harness.spec.annotations import INGESTER_FINALIZER, KEY_ANNOTATION
from harness.spec.contract import Contract
from harness.spec.features import Fact
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract
from harness.suite.observation import describe_contradiction, observe

CONTRACT = make_contract(load_profile("upstream-main"))


def _make(**metadata: Any) -> dict[str, Any]:
    return {"kind": "Model", "metadata": {"name": "m", **metadata}}


def _observe(
    seen: dict[str, Any], sent: dict[str, Any] | None = None, contract: Contract = CONTRACT
) -> list[Fact]:
    return observe(contract, _make() if sent is None else sent, seen)


def test_what_an_object_was_given_is_seen() -> None:
    """The finalizer and the key, each with the object that has it."""
    assert _observe(_make(finalizers=[INGESTER_FINALIZER], annotations={KEY_ANNOTATION: "u"})) == [
        Fact("finalizer", "ingester", "seen: Model m was given it"),
        Fact("primary-key", "annotation", "seen: Model m was given one"),
    ]


def test_what_it_brought_along_or_never_got_shows_nothing() -> None:
    """An object that was sent with both, or has neither, says nothing of the version."""
    both = _make(finalizers=[INGESTER_FINALIZER], annotations={KEY_ANNOTATION: "u"})
    assert _observe(both, both) == []
    assert _observe(_make(finalizers=["other"], annotations={"a": "b"})) == []


def test_what_is_expected_or_said_by_the_user_is_not_contradicted() -> None:
    """A version that is known to add the finalizer, and one of which the user says who does."""
    claimed = _make(finalizers=[INGESTER_FINALIZER])
    for overrides in ({"finalizer": "ingester"}, {"finalizer": "api-server"}):
        assert _observe(claimed, contract=make_contract(load_profile("upstream-main"), None, overrides)) == []


def test_a_contradiction_names_both_sides() -> None:
    """What was known with its source, and what was seen."""
    (fact,) = _observe(_make(finalizers=[INGESTER_FINALIZER]))
    assert describe_contradiction(CONTRACT, fact) == (
        "feature finalizer is api-server (not read: as in the seed report's version), "
        "but ingester was seen: Model m was given it"
    )
    assert CONTRACT.correct(fact).get_feature("finalizer") == "ingester"
    assert CONTRACT.correct(fact).find_fact("finalizer") == fact
