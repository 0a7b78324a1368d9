"""Which refusals show that the API guards MySQL from an input."""

from __future__ import annotations

import pytest

from harness.chapters.hostile_input.checks import require_proof
from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.judgement import Outcome, judge
from harness.chapters.hostile_input.places import NAME, Path
from harness.chapters.hostile_input.refusals import is_deserved
from harness.core.errors import Refusal
from harness.core.outcomes import Invalid

from .builders import make_refused, make_submission

LABEL: Path = ("metadata", "labels", "a/b")
TIER: Path = ("spec", "tier")
POLICY = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: spec.tier is not for you"


@pytest.mark.parametrize(
    ("path", "status", "message", "deserved"),
    [
        (LABEL, 422, 'Project "x" is invalid: metadata.labels: Invalid value: "é"', True),
        (TIER, 422, 'spec.tier: Invalid value: "string": spec.tier in body must be of type integer', True),
        (TIER, 400, 'strict decoding error: duplicate field "spec.tier"', True),
        (NAME, 422, 'Project "Upper" is invalid: metadata.name: Invalid value', True),
        (TIER, 422, 'Project "x" is invalid: metadata.name: Invalid value', False),
        (TIER, 422, POLICY, False),
        (TIER, 403, 'admission webhook "h" denied the request: spec.tier', False),
        (TIER, 403, "User u cannot create resource", False),
        (TIER, 401, "Unauthorized", False),
        (TIER, 409, "object is being deleted: spec.tier", False),
        (TIER, 429, "too many requests", False),
        (TIER, 500, "etcdserver: request is too large", False),
        (TIER, 500, "internal error about spec.tier", False),
        (TIER, 503, "the server is currently unable to handle the request", False),
    ],
)
def test_only_the_input_s_own_fault_is_deserved(path: Path, status: int, message: str, deserved: bool) -> None:
    """By the status and by what the message names."""
    given = Input("x", {path: "value"})
    assert is_deserved(given, {"spec": {}}, Refusal(status, "Reason", message)) is deserved


def test_what_is_large_may_be_too_large() -> None:
    """Whatever status a server has for it."""
    large = {"spec": {"description": "x" * (1 << 20)}}
    for refusal in (
        Refusal(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"),
        Refusal(500, "Internal Server Error", "etcdserver: request is too large"),
    ):
        assert is_deserved(Input("large", {TIER: 1}), large, refusal)


def test_nothing_is_deserved_by_the_plain_object() -> None:
    """It has nothing that could be refused."""
    for message in ("metadata.name: Invalid value", "strict decoding error"):
        assert not is_deserved(Input("plain", {}), {}, Refusal(422, "Invalid", message))
        assert not is_deserved(Input("plain", {}), {}, Refusal(400, "BadRequest", message))


def test_an_undeserved_refusal_proves_nothing() -> None:
    """However many inputs reached MySQL beside it; it is no fault of the Ingester's either."""
    barred = make_submission({TIER: 1}, answer=Refusal(401, "Unauthorized", "Unauthorized"), row=None, obj=None)
    judgement = judge(barred)
    assert (judgement.outcome, judgement.findings) == (Outcome.BARRED, ())
    with pytest.raises(Invalid, match="1 of 2 inputs were refused for nothing that is in them: quote: 401"):
        require_proof([judge(make_submission()), judgement])


def test_texts_that_are_all_refused_prove_nothing() -> None:
    """A schema that takes no text at all guards from nothing that was tried."""
    refused = judge(make_refused())
    with pytest.raises(Invalid, match="all 1 texts were refused"):
        require_proof([judge(make_submission()), refused])
    require_proof([judge(make_submission({TIER: "x"})), refused])


def test_where_all_must_be_accepted_no_refusal_will_do() -> None:
    """The good object beside a bad one has to get through."""
    with pytest.raises(Invalid):
        require_proof([judge(make_refused())], accepted=True)
