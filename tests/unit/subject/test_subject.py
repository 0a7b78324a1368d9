"""One object under test: what was sent, what was answered, and what is remembered of it."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import Refusal
from harness.core.outcomes import NotRun
from harness.sandbox.base import LogCursor
from harness.spec.annotations import INGESTER_FINALIZER
from harness.spec.model import JsonObject
from harness.spec.templates import Templates
from harness.subject.sender import KubectlSender
from harness.subject.subject import Subject, Surroundings
from tests.fakes.contract import CONTRACT
from tests.fakes.world import FIRST, World

PROJECT = CONTRACT.get_case("Project")
LABEL = {"metadata": {"labels": {"a": "b"}}}


def make_object(**metadata: Any) -> JsonObject:
    """Return a Project."""
    obj = Templates(cases=CONTRACT.cases).render(PROJECT, {"namespace": "there", "name": "p"})
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def surround(world: World) -> Surroundings:
    """Return where the world's objects live."""
    return Surroundings(world.sandbox, cast(Cluster, world), cast(Database, world))


def make_subject(world: World, **metadata: Any) -> Subject:
    """Return a Project that was sent."""
    return Subject(surround(world), PROJECT, make_object(**metadata))


def test_an_accepted_object_is_remembered() -> None:
    """Its answer, its creation as its last write, and the evidence of both."""
    subject = make_subject(World())
    assert subject.accepted
    assert subject.require_accepted("1.4") is subject
    assert (subject.uid, subject.namespace, subject.name, str(subject)) == ("u1", "there", "p", "Project p")
    assert subject.created is subject.last
    assert (subject.created.version, subject.created.uid) == (FIRST, "u1")
    assert subject.read() == subject.answer
    assert [item.title for item in subject.evidence] == [
        "create projects/p in there",
        f"accepted at resourceVersion {FIRST}",
    ]


def test_a_refusal_is_a_value() -> None:
    """Nothing is raised: that an object is refused is for a check to judge."""
    subject = make_subject(World(["refuses creation"]))
    assert isinstance(subject.answer, Refusal)
    assert not subject.accepted
    assert subject.creation is None
    assert [item.title for item in subject.evidence][1] == "refused: 400 INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "use",
    [
        lambda subject: subject.uid,
        lambda subject: subject.last,
        lambda subject: subject.created,
        lambda subject: subject.history,
        lambda subject: subject.read(),
        lambda subject: subject.read_row(),
        lambda subject: subject.restart_clock(),
        lambda subject: subject.release(),
        lambda subject: subject.require_accepted(),
    ],
)
def test_whatever_stands_on_a_refused_object_does_not_run(use: Any) -> None:
    """It says nothing about the product beyond the refusal, which it quotes."""
    with pytest.raises(NotRun, match=r"not accepted: 400 INVALID_ARGUMENT: no"):
        use(make_subject(World(["refuses creation"])))


def test_the_section_that_says_why_is_named() -> None:
    """A reader finds the refusal there."""
    with pytest.raises(NotRun, match=r"^1\.4: the CR was not accepted"):
        make_subject(World(["refuses creation"])).require_accepted("1.4")


def test_a_patch_becomes_the_last_write() -> None:
    """With its version, its time and the log from then on; the evidence stays with the object."""
    world = World()
    subject = make_subject(world)
    before, lines = time.monotonic(), len(world.sandbox.lines)
    stored = subject.patch(LABEL)
    assert subject.last.obj == stored
    assert (subject.last.version, subject.last.cursor) == (FIRST + 1, LogCursor(0, lines))
    assert subject.last.at >= before
    assert subject.created.version == FIRST
    assert len(subject.evidence) == 4
    assert [version.number for version in subject.history.versions] == [FIRST, FIRST + 1]


def test_a_status_is_patched_by_itself() -> None:
    """Through the subresource, as a controller does."""
    subject = make_subject(World())
    assert subject.patch({"status": {"errorMessage": "e"}}, status=True)["status"] == {"errorMessage": "e"}
    assert subject.evidence[2].title == "patch status of projects/p in there"


def test_a_refused_patch_changes_nothing() -> None:
    """The last write that was accepted is still awaited, and the refusal is in the evidence."""
    world = World()
    subject = make_subject(world)
    world.remove(PROJECT.kind, "there", "p")
    with pytest.raises(Refusal):
        subject.patch(LABEL)
    assert subject.last is subject.created
    assert subject.evidence[-1].title == "refused: 404 NotFound"


def test_a_patch_that_may_fail_is_a_reply() -> None:
    """Its evidence is for the caller to keep; where it is accepted it is the last write as well."""
    world = World()
    subject = make_subject(world)
    reply = subject.try_patch(LABEL)
    assert subject.last.obj == reply.stored
    assert len(subject.evidence) == 2
    world.remove(PROJECT.kind, "there", "p")
    assert isinstance(subject.try_patch(LABEL).stored, Refusal)
    assert subject.last.obj == reply.stored


def test_a_write_of_somebody_else_is_noted() -> None:
    """Such as many clients' at once: it is the last from then on, and one of the object's versions."""
    world = World()
    subject = make_subject(world)
    answer = world.patch(PROJECT.kind, "there", "p", LABEL)
    subject.note_write(answer)
    assert (subject.last.version, subject.last.cursor) == (FIRST + 1, subject.created.cursor)
    assert subject.history.find(FIRST + 1) == answer


def test_the_clock_starts_anew() -> None:
    """Where the Ingester could not write before, its time is counted from now on; the write is the same."""
    subject = make_subject(World())
    at = subject.last.at
    subject.restart_clock()
    assert subject.last.at > at
    assert subject.last.version == FIRST
    assert subject.created.at == at


def test_a_deletion_is_asked_for() -> None:
    """It goes into the evidence; one that was gone already is deleted."""
    world = World()
    subject = make_subject(world)
    subject.delete()
    assert subject.read() is None
    subject.delete()
    assert subject.evidence[-1].title == "delete projects/p"


def test_a_refused_deletion_is_raised() -> None:
    """With the API server's words."""

    class Strict(KubectlSender):
        def delete(self, *_: object) -> Refusal:
            return Refusal(403, "Forbidden", "no")

    world = World()
    subject = Subject(surround(world), PROJECT, make_object(), Strict(cast(Cluster, world)))
    with pytest.raises(Refusal, match="403 Forbidden: no"):
        subject.delete()


def test_an_object_is_let_go_of() -> None:
    """Whatever holds it: a deletion that the product never ends is no burden for those who come after."""
    world = World(["keeps the finalizer"])
    subject = make_subject(world, finalizers=[INGESTER_FINALIZER, "others/finalizer"])
    subject.delete()
    assert subject.read() is not None
    subject.release()
    assert subject.read() is None
    requests = len(world.requests)
    subject.release()
    assert len(world.requests) == requests


def test_its_row_is_its_own() -> None:
    """Rows of the same name that another object had are not taken for it."""
    world = World()
    first = make_subject(world)
    first.delete()
    second = make_subject(world)
    assert [row.uid for row in second.read_rows()] == ["u1", "u2"]
    row = second.read_row()
    assert row is not None
    assert row.uid == "u2"
    assert first.read() is None   # another object has its name


def test_when_it_was_created_is_known() -> None:
    """How often the controller manager had been restarted by then, and the end of its log."""
    world = World()
    world.sandbox.restarts = 2
    world.sandbox.say("before")
    subject = make_subject(world)
    assert (subject.restarts, subject.cursor) == (2, LogCursor(0, 1))
