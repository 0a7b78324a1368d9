"""How objects are sent, as kubectl does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.core.errors import HarnessError, Refusal
from harness.subject.sender import KubectlSender, Reply, attempt
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

KIND = CONTRACT.get_kind("Model")
OBJECT = {"metadata": {"namespace": "n", "name": "m"}, "spec": {"algorithm": "a"}}


def send(world: World, *, brief: bool = False) -> KubectlSender:
    """Return a sender to the world."""
    return KubectlSender(cast(Cluster, world), brief=brief)


def test_what_was_sent_and_answered_is_evidence() -> None:
    """The whole object, as data, and the version that it has."""
    world = World()
    before = time.monotonic()
    reply = send(world).create(KIND, OBJECT)
    assert reply.stored == world.get(KIND, "n", "m")
    assert before <= reply.at <= time.monotonic()
    assert reply.answered is None   # nobody in between
    request, answer = reply.evidence
    assert (request.kind, request.title, request.data) == ("request", "create models/m in n", OBJECT)
    assert (answer.kind, answer.title) == ("response", "accepted at resourceVersion 100")
    assert answer.data == reply.stored


def test_brief_evidence_has_the_version_alone() -> None:
    """Many objects of one kind need not each be quoted whole."""
    assert send(World(), brief=True).create(KIND, OBJECT).evidence[1].data is None


@pytest.mark.parametrize(
    ("request_", "title"),
    [
        (lambda sender: sender.create(KIND, OBJECT), "create models/m in n"),
        (lambda sender: sender.patch(KIND, "n", "m", {}), "patch models/m in n"),
        (lambda sender: sender.patch_status(KIND, "n", "m", {}), "patch status of models/m in n"),
    ],
)
def test_a_refusal_is_a_reply(request_: Callable[[KubectlSender], Reply], title: str) -> None:
    """With what was sent and the API server's words."""
    reply = request_(send(World(["refuses creation"])))
    assert isinstance(reply.stored, Refusal)
    assert reply.evidence[0].title == title
    assert reply.evidence[1].body == str(reply.stored)


def test_a_deletion_is_answered_by_nothing_or_a_refusal() -> None:
    """One that is gone already is deleted."""
    world = World()
    sender = send(world)
    sender.create(KIND, OBJECT)
    assert sender.delete(KIND, "n", "m") is None
    assert sender.delete(KIND, "n", "m") is None
    assert world.get(KIND, "n", "m") is None

    class Strict(World):
        def delete(self, *_: Any) -> bool:
            raise Refusal(403, "Forbidden", "no")

    refusal = send(Strict()).delete(KIND, "n", "m")
    assert refusal is not None
    assert refusal.status == 403


def test_whoever_does_not_answer_is_no_refusal() -> None:
    """That the API server is gone is raised: it says nothing about the request."""

    def fail() -> None:
        raise HarnessError("gone")

    with pytest.raises(HarnessError):
        attempt(fail)
