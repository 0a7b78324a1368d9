"""What objects show of the version, whatever was read or assumed of it. It judges nothing.

Only what nobody but the Ingester can have done counts, and only what a version does more than was expected: that
one which is expected to do something does it, is for the checks to say.
"""

from __future__ import annotations

from harness.spec.annotations import INGESTER_FINALIZER, KEY_ANNOTATION, get_finalizers
from harness.spec.contract import Contract
from harness.spec.features import ANNOTATION, FINALIZER, INGESTER, PRIMARY_KEY, Fact
from harness.spec.model import JsonObject
from harness.spec.versions import OPTION


def observe(contract: Contract, sent: JsonObject, seen: JsonObject) -> list[Fact]:
    """Return in what an object that was sent straight to Kubernetes, as it is `seen`, contradicts the contract.

    What the user says of the version is not contradicted.
    """
    name = f"{seen['kind']} {seen['metadata']['name']}" if "kind" in seen else str(seen["metadata"]["name"])
    facts = []
    if INGESTER_FINALIZER in get_finalizers(seen) and INGESTER_FINALIZER not in get_finalizers(sent):
        facts.append(Fact(FINALIZER, INGESTER, f"seen: {name} was given it"))
    if _has_key(seen) and not _has_key(sent):
        facts.append(Fact(PRIMARY_KEY, ANNOTATION, f"seen: {name} was given one"))
    return [fact for fact in facts if _differs(contract, fact)]


def describe_contradiction(before: Contract, fact: Fact) -> str:
    """Return what a fact that was seen contradicts, in a line; `before` is the contract that did not know it."""
    known = before.find_fact(fact.name)
    source = f" ({known.source})" if known is not None else ""
    return f"feature {fact.name} is {before.get_feature(fact.name)}{source}, but {fact.value} was {fact.source}"


def _has_key(obj: JsonObject) -> bool:
    return KEY_ANNOTATION in (obj["metadata"].get("annotations") or {})


def _differs(contract: Contract, fact: Fact) -> bool:
    known = contract.find_fact(fact.name)
    given = known is not None and known.source == OPTION
    return not given and contract.get_feature(fact.name) != fact.value
