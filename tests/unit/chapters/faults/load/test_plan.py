"""`harness.chapters.faults.load.plan`: what the clients are going to do."""

from __future__ import annotations

from itertools import islice

import pytest

from harness.chapters.faults.load.plan import LIFE, REST, Operation, Verb, make_plan
from tests.fakes.contract import CONTRACT

KIND_NAMES = CONTRACT.names


def plan(seed: int = 7, client: int = 0, number: int = 400, kinds: list[str] | None = None) -> list[Operation]:
    """Return the first operations of a plan."""
    cases = CONTRACT.select(kinds or [])
    return list(islice(make_plan(seed, client, cases, immutable=frozenset({"Model"})), number))


def test_one_seed_makes_one_plan() -> None:
    """The same seed makes the same operations, bodies included."""
    assert plan() == plan()


@pytest.mark.parametrize(("seed", "client"), [(8, 0), (7, 1)])
def test_another_seed_or_client_makes_another_plan(seed: int, client: int) -> None:
    """Neither two seeds nor two clients have one plan."""
    assert plan(seed, client) != plan()


def test_clients_have_objects_of_their_own() -> None:
    """No two clients ever address one object."""
    names = [{operation.name for operation in plan(client=client)} for client in (0, 1)]
    assert names[0] & names[1] == set()


def test_every_verb_and_kind_has_its_turn() -> None:
    """The plan does everything to all kinds, but to immutable ones only the creation."""
    done = {(operation.kind, operation.verb) for operation in plan(number=2000)}
    expected = {(kind, verb) for kind in KIND_NAMES for verb in Verb if kind != "Model"}
    assert done == expected | {("Model", Verb.CREATE)}


def test_an_object_is_created_before_anything_else_and_not_twice() -> None:
    """Each object's operations begin with its creation, and it is created again only after its deletion."""
    alive: set[str] = set()
    for operation in plan():
        if operation.verb is Verb.CREATE:
            assert operation.name not in alive
            alive.add(operation.name)
        else:
            assert operation.name in alive
            alive -= {operation.name} if operation.verb is Verb.DELETE else set()


def test_lives_and_rests_have_a_length() -> None:
    """A created object is left alone by deletions for a while, and a deleted one by creations."""
    last: dict[str, Operation] = {}
    for operation in plan():
        before = last.get(operation.name)
        if operation.verb is Verb.DELETE and before is not None:
            assert operation.number - before.number >= LIFE
        if operation.verb is Verb.CREATE and before is not None:
            assert operation.number - before.number >= REST
        if operation.verb in (Verb.CREATE, Verb.DELETE):
            last[operation.name] = operation


def test_objects_of_an_immutable_kind_have_names_of_their_own() -> None:
    """An immutable object's name is never used again, since its row stays."""
    names = [operation.name for operation in plan() if operation.kind == "Model"]
    assert len(names) == len(set(names)) > 1


def test_labels_are_added_changed_and_removed() -> None:
    """Relabelling sets labels as well as removing those that are there."""
    values = [
        value
        for operation in plan()
        if operation.verb is Verb.RELABEL
        for value in operation.body["metadata"]["labels"].values()
    ]
    assert None in values
    assert len({value for value in values if value}) > 10


def test_no_two_patches_of_an_object_say_the_same() -> None:
    """Each patch changes the object, so that its version must move."""
    bodies = [
        (operation.name, repr(operation.body))
        for operation in plan(kinds=["Project", "TriggerRun", "Deployment"])
        if operation.verb is Verb.PATCH
    ]
    assert len(bodies) == len(set(bodies))


def test_one_kind_alone_can_be_planned() -> None:
    """A plan of a single kind never runs out of operations."""
    assert len(plan(kinds=["Cluster"], number=100)) == 100


def test_an_operation_can_be_read() -> None:
    """An operation in words names its client, its number and its object."""
    operation = Operation(1, 7, Verb.RELABEL, "Project", "project-1")
    assert str(operation) == "client 1, operation 7: relabel Project project-1"
