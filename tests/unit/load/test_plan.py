"""What the clients of a load send: rates over time, names that no two give, changes of what is there alone."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness.load.plan import (
    LABEL,
    NAME,
    OLD_S,
    Client,
    LoadPlan,
    Request,
    Shape,
    Template,
    Verb,
    get_share,
    pad,
    parse_mix,
)
from tests.fakes.clock import FakeClock

BODY = json.dumps({"metadata": {"name": NAME}})
PROJECT = Template("Project", "projects", BODY)
MODEL = Template("Model", "models", BODY, changes=False, deleted=False)
RUN = Template("PipelineRun", "pipelineruns", BODY, deleted=False)
MIX = {"create": 40.0, "patch": 40.0, "delete": 20.0}


def make_plan(**changes: object) -> LoadPlan:
    """Return a plan of one kind."""
    return LoadPlan("/ns", **{"templates": (PROJECT,), "mix": MIX, **changes})  # type: ignore[arg-type]


def send(client: Client, number: int, clock: FakeClock | None = None) -> list[Request]:
    """Let the client send so many writes, each of which is done; with a clock half a second goes by for each."""
    sent = []
    for _ in range(number):
        sent.append(client.choose())
        client.note(sent[-1], done=True)
        if clock is not None:
            clock.sleep(0.5)
    return sent


@pytest.mark.parametrize(
    ("shape", "shares"),
    [
        (Shape.STEADY, [1.0] * 10),
        (Shape.RAMP, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (Shape.BURST, [1.0, 0.1, 0.1, 1.0, 0.1, 0.1, 0.1, 1.0, 0.1, 0.1]),
    ],
)
def test_shapes(shape: Shape, shares: list[float]) -> None:
    """A ramp climbs in ten steps, bursts are three, and both end as they are: no time has another share."""
    assert [get_share(shape, (step + 0.5) / 10) for step in range(10)] == pytest.approx(shares)
    assert get_share(shape, 7.0) == get_share(shape, 1.0) > 0


def test_clients_share_the_rate() -> None:
    """All clients together are due as many writes as the rate says, at each time; without one none has to wait."""
    plan = make_plan(shape=Shape.RAMP, rate=300.0, duration_s=10.0)
    assert plan.clients == 30
    assert plan.clients / plan.get_pause_s(0.5) == pytest.approx(30.0)
    assert plan.clients / plan.get_pause_s(9.5) == pytest.approx(300.0)
    assert (make_plan().get_rate(1.0), make_plan().get_pause_s(1.0)) == (None, 0.0)


@pytest.mark.parametrize(("rate", "workers", "clients"), [(1.0, 1, 1), (1.0, 3, 3), (1e6, 2, 64), (None, 2, 32)])
def test_there_are_as_many_clients_as_the_rate_needs(rate: float | None, workers: int, clients: int) -> None:
    """Each worker has one at the least, and all together are not more than the API server would like."""
    assert make_plan(rate=rate, workers=workers).clients == clients


def test_a_limit_is_divided_among_the_workers() -> None:
    """Quotas add up to the limit; without one there are none."""
    plan = make_plan(limit=10, workers=4)
    assert [plan.get_quota(worker) for worker in range(4)] == [3, 3, 2, 2]
    assert make_plan().get_quota(0) is None


def test_a_plan_is_read_as_it_was_written() -> None:
    """Locust's processes have the same plan as who wrote it."""
    plan = make_plan(templates=(PROJECT, MODEL), shape=Shape.BURST, rate=12.5, limit=7, workers=3)
    assert LoadPlan.from_json(plan.to_json()) == plan


def test_no_two_clients_give_the_same_name() -> None:
    """Names differ between workers, clients and writes, without anybody asking."""
    plan = make_plan(mix={"create": 1.0})
    names = [
        request.name
        for worker in range(3)
        for number in range(3)
        for request in send(Client(plan, worker, number), 20)
    ]
    assert len(set(names)) == len(names) == 180


def test_a_client_repeats_itself() -> None:
    """The same seed, worker and number send the same; another seed does not."""
    clocks = FakeClock(), FakeClock()
    one, two = (send(Client(make_plan(), 1, 2, clock.now), 60, clock) for clock in clocks)
    assert one == two
    assert send(Client(make_plan(seed=2), 1, 2, FakeClock().now), 60) != one


def test_the_mix_is_kept() -> None:
    """Shares of the writes are near to those that were asked for, once there are objects to change."""
    clock = FakeClock()
    verbs = Counter(request.verb for request in send(Client(make_plan(), 0, 0, clock.now), 2000, clock))
    assert verbs[Verb.CREATE] / 2000 == pytest.approx(0.4, abs=0.05)
    assert verbs[Verb.DELETE] / 2000 == pytest.approx(0.2, abs=0.05)


def test_what_is_changed_was_created_and_is_not_deleted() -> None:
    """No write addresses an object that is not there; none is deleted before it is old."""
    clock = FakeClock()
    client, made = Client(make_plan(), 0, 0, clock.now), dict[str, float]()
    for _ in range(500):
        (request,) = send(client, 1, clock)
        if request.verb is Verb.CREATE:
            assert request.name not in made
            assert (request.method, request.path) == ("POST", "/ns/projects")
            assert json.loads(request.body) == {"metadata": {"name": request.name}}
            made[request.name] = clock.now()
        else:
            assert request.path == f"/ns/projects/{request.name}"
            assert request.name in made
        if request.verb is Verb.DELETE:
            assert clock.now() - made.pop(request.name) >= OLD_S


def test_what_was_refused_is_not_changed() -> None:
    """An object whose creation was not done is left alone."""
    client = Client(make_plan(), 0, 0)
    for _ in range(50):
        request = client.choose()
        assert request.verb is Verb.CREATE
        client.note(request, done=False)


def test_kinds_keep_their_lives() -> None:
    """What leaves Kubernetes by itself is created alone, what outlives its deletion is not deleted."""
    clock = FakeClock()
    plan = make_plan(templates=(PROJECT, MODEL, RUN))
    sent = send(Client(plan, 0, 0, clock.now), 600, clock)
    done = {(plan.templates[request.template].kind, request.verb.value) for request in sent}
    assert done == {
        ("Project", "create"), ("Project", "patch"), ("Project", "delete"), ("Model", "create"),
        ("PipelineRun", "create"), ("PipelineRun", "patch"),
    }  # fmt: skip


def test_each_patch_changes_something() -> None:
    """No two patches of a client are the same: one that changes nothing makes no version."""
    clock = FakeClock()
    sent = send(Client(make_plan(), 0, 0, clock.now), 200, clock)
    bodies = [request.body for request in sent if request.verb is Verb.PATCH]
    assert len(bodies) == len(set(bodies)) > 50
    assert set(json.loads(bodies[0])["metadata"]["labels"]) == {LABEL}


def test_a_mix_is_parsed() -> None:
    """Shares by verb, in any order, with any sum."""
    assert parse_mix("delete=1, create=2.5") == {"delete": 1.0, "create": 2.5}


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("create", "'create' is no VERB=SHARE"),
        ("make=1", "'make=1' is no VERB=SHARE"),
        ("create=x", "could not convert"),
        ("create=-1", "'create=-1' is no share"),
        ("create=nan", "'create=nan' is no share"),
        ("patch=1", "nothing is created"),
        ("create=0,patch=1", "nothing is created"),
    ],
)
def test_a_wrong_mix_is_explained(word: str, problem: str) -> None:
    """What is wrong with it is said."""
    with pytest.raises(ValueError, match=problem):
        parse_mix(word)


def test_objects_are_padded() -> None:
    """They have so many more labels, and the size that was asked for, in annotations that MySQL can hold."""
    obj = {"metadata": {"name": NAME, "labels": {"a": "b"}}, "spec": {"x": 1}}
    padded = pad(obj, size=130_000, labels=3)
    metadata = padded["metadata"]
    assert len(metadata["labels"]) == 4
    assert 130_000 <= len(json.dumps(padded)) < 130_500
    assert max(map(len, metadata["annotations"].values())) < 65_535
    assert padded["spec"] == obj["spec"]


def test_what_is_large_enough_is_not_padded() -> None:
    """Without a size, or with a smaller one, an object stays as it is."""
    obj = {"metadata": {"name": NAME}}
    assert pad(obj, size=0, labels=0) == pad(obj, size=3, labels=0) == {"metadata": {"name": NAME, "labels": {}}}
