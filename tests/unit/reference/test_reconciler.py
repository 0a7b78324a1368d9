"""The five branches of a reconcile, and what an error leaves behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.reference.behaviour import Behaviour
from harness.reference.errors import ApiError, MissingRowError, NotFoundError, ReconcileError, StoreError
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row, RowBuilder
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.unit.reference.conftest import LogLines, make_object

KEY = Key("n", "a")
PROJECT = CONTRACT.get_kind("Project")
FINALIZER = "michelangelo/Ingester"
GOING = "2026-03-09T21:00:00Z"


@dataclass
class _World:
    """Kubernetes and MySQL in one: keeps `steps` in order, and fails the step that `failing` names."""

    obj: JsonObject | None
    failing: str = ""
    error: ReconcileError = field(default_factory=lambda: StoreError("MySQL is away"))
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def get(self, key: Key) -> JsonObject | None:
        return self.obj if key == KEY else None

    def replace(self, kind: Kind, obj: JsonObject) -> JsonObject:
        self._step("replace", kind.name, obj["metadata"]["resourceVersion"], obj["metadata"].get("finalizers"))
        return obj

    def patch(self, kind: Kind, key: Key, patch: JsonObject) -> JsonObject:
        self._step("patch", kind.name, key, patch)
        return patch

    def delete(self, kind: Kind, key: Key, uid: str, propagation: str = "") -> None:
        self._step("delete", kind.name, key, uid, *([propagation] if propagation else []))

    def upsert(self, kind: Kind, row: Row) -> None:
        self._step("upsert", kind.table, row.uid)
        self.rows.append(row)

    def soft_delete(self, kind: Kind, namespace: str, name: str) -> None:
        self._step("soft_delete", kind.table, namespace, name)

    def _step(self, name: str, *values: Any) -> None:
        if name == self.failing:
            raise self.error
        self.steps.append((name, *values))


def _reconcile(world: _World, kept: LogLines, kind: Kind = PROJECT, **options: Any) -> float | None:
    return Reconciler(
        kind,
        objects=world,
        api=world,
        store=world,
        rows=RowBuilder(),
        log=kept.log,
        **options,
    ).reconcile(KEY)


def test_object_that_is_gone_changes_nothing(kept: LogLines) -> None:
    """First branch: nothing is written anywhere."""
    world = _World(None)
    _reconcile(world, kept)
    assert (world.steps, kept.messages) == (
        [],
        ["Reconciling object", "Object not found, may have been deleted"],
    )


def test_deleted_object_with_the_finalizer_is_soft_deleted_and_then_let_go(kept: LogLines) -> None:
    """Second branch: first MySQL, then the finalizer, and other finalizers stay."""
    world = _World(make_object(deletionTimestamp=GOING, finalizers=["x/y", FINALIZER]))
    _reconcile(world, kept)
    assert world.steps == [("soft_delete", "project", "n", "a"), ("replace", "Project", "41", ["x/y"])]


@pytest.mark.parametrize("finalizers", [{}, {"finalizers": ["x/y"]}])
def test_deleted_object_without_the_finalizer_leaves_its_row_live(kept: LogLines, finalizers: Any) -> None:
    """Second branch: an object created without the finalizer becomes an orphan in MySQL."""
    world = _World(make_object(deletionTimestamp=GOING, **finalizers))
    _reconcile(world, kept)
    assert (world.steps, kept.messages[-1]) == ([], "Finalizer not present, nothing to do")


def test_deleting_annotation_deletes_everywhere(kept: LogLines) -> None:
    """Third branch: MySQL, the finalizer, Kubernetes, in this order."""
    annotations = {"michelangelo/Deleting": "true", "michelangelo/Immutable": "true"}
    world = _World(make_object(annotations=annotations, finalizers=[FINALIZER]))
    _reconcile(world, kept)
    assert world.steps == [
        ("soft_delete", "project", "n", "a"),
        ("replace", "Project", "41", []),
        ("delete", "Project", KEY, "uid-a"),
    ]


@pytest.mark.parametrize(
    ("annotations", "immutable"), [({"michelangelo/Immutable": "true"}, False), ({}, True)]
)
def test_immutable_object_lives_on_in_mysql_only(
    kept: LogLines, annotations: dict[str, str], immutable: bool
) -> None:
    """Fourth branch, by annotation and by kind: the row is written before the object is deleted."""
    world = _World(make_object(annotations=annotations, finalizers=[FINALIZER]))
    _reconcile(world, kept, immutable=immutable)
    assert world.steps == [
        ("upsert", "project", "uid-a"),
        ("replace", "Project", "41", []),
        ("delete", "Project", KEY, "uid-a"),
    ]


@pytest.mark.parametrize("name", ["michelangelo/Deleting", "michelangelo/Immutable"])
@pytest.mark.parametrize("value", ["True", "TRUE", "1", "false", ""])
def test_annotation_counts_only_if_it_is_true_to_the_letter(kept: LogLines, name: str, value: str) -> None:
    """Any other value is a normal object's."""
    world = _World(make_object(annotations={name: value}))
    _reconcile(world, kept)
    assert world.steps == [("upsert", "project", "uid-a")]


def test_other_object_is_written_and_keeps_its_finalizer(kept: LogLines) -> None:
    """Fifth branch: one upsert, with the three log lines of the report."""
    world = _World(make_object(finalizers=[FINALIZER]))
    _reconcile(world, kept)
    assert (world.steps, kept.messages) == (
        [("upsert", "project", "uid-a")],
        [
            "Reconciling object",
            "Syncing object to metadata storage",
            "Successfully synced object to metadata storage",
        ],
    )


def test_log_lines_name_the_kind_and_the_object(kept: LogLines) -> None:
    """A line can be found by its logger, its namespace and its name."""
    _reconcile(_World(make_object()), kept)
    found = [(line["logger"], line["namespace"], line["name"]) for line in kept.lines]
    assert found == [("ingester.Project", "n", "a")] * 3


def test_cached_object_is_not_changed(kept: LogLines) -> None:
    """The finalizer is removed from a copy: others read the same object."""
    obj = make_object(deletionTimestamp=GOING, finalizers=[FINALIZER])
    _reconcile(_World(obj), kept)
    assert obj["metadata"]["finalizers"] == [FINALIZER]


@pytest.mark.parametrize(
    ("metadata", "failing", "done"),
    [
        ({}, "upsert", []),
        ({"deletionTimestamp": GOING, "finalizers": [FINALIZER]}, "soft_delete", []),
        ({"deletionTimestamp": GOING, "finalizers": [FINALIZER]}, "replace", ["soft_delete"]),
        ({"annotations": {"michelangelo/Deleting": "true"}}, "soft_delete", []),
        ({"annotations": {"michelangelo/Deleting": "true"}}, "delete", ["soft_delete", "replace"]),
        ({"annotations": {"michelangelo/Immutable": "true"}}, "upsert", []),
        ({"annotations": {"michelangelo/Immutable": "true"}}, "replace", ["upsert"]),
    ],
)
def test_error_ends_the_reconcile_where_it_is(
    kept: LogLines, metadata: Any, failing: str, done: list[str]
) -> None:
    """No step is taken after one that failed; the error is logged and passed on to be retried."""
    world = _World(make_object(**metadata), failing)
    with pytest.raises(StoreError):
        _reconcile(world, kept)
    last = kept.lines[-1]
    assert ([step[0] for step in world.steps], last["level"], last["error"]) == (done, "error", "MySQL is away")


def test_outdated_object_is_not_deleted(kept: LogLines) -> None:
    """A change that MySQL hasn't seen saves an immutable object until the next reconcile."""
    world = _World(make_object(), "replace", ApiError("the object has been modified", 409))
    with pytest.raises(ApiError):
        _reconcile(world, kept, immutable=True)
    assert world.steps == [("upsert", "project", "uid-a")]


def test_object_that_was_gone_before_it_was_deleted_is_deleted(kept: LogLines) -> None:
    """Removing the last finalizer of a deleted object already ends it: that is no error."""
    world = _World(make_object(), "delete", NotFoundError("gone", 404))
    _reconcile(world, kept, immutable=True)
    assert kept.messages[-1] == "Successfully moved immutable object to metadata storage only"


@pytest.mark.parametrize(("failing", "expected"), [("", ["uid-a"]), ("upsert", [])])
def test_only_what_was_written_is_reported_as_synced(
    kept: LogLines, failing: str, expected: list[str]
) -> None:
    """Whoever waits for an object to be synced is told once MySQL holds it, and not before."""
    synced: list[str] = []
    with suppress(StoreError):
        _reconcile(
            _World(make_object(), failing), kept, on_synced=lambda obj: synced.append(obj["metadata"]["uid"])
        )
    assert synced == expected


CLAIMING = Behaviour(adds_finalizer=True)


def test_an_object_without_finalizer_is_given_it_first(kept: LogLines) -> None:
    """In a reconcile of its own; with the finalizer it is synced, and nothing is added."""
    world = _World(make_object())
    _reconcile(world, kept, behaviour=CLAIMING)
    assert [step[0] for step in world.steps] == ["replace"]
    assert world.steps[0][-1] == [FINALIZER]
    assert kept.messages == ["Reconciling object", "Adding ingester finalizer"]
    world = _World(make_object(finalizers=[FINALIZER]))
    _reconcile(world, kept, behaviour=CLAIMING)
    assert [step[0] for step in world.steps] == ["upsert"]


def test_a_missing_row_is_done_where_the_version_says_so(kept: LogLines) -> None:
    """The finalizer goes; MySQL's own trouble is still an error."""
    gone = make_object(deletionTimestamp=GOING, finalizers=[FINALIZER])
    tolerant = Behaviour(tolerates_missing_row=True)
    world = _World(gone, "soft_delete", MissingRowError("object not found or already deleted: n/a"))
    _reconcile(world, kept, behaviour=tolerant)
    assert [step[0] for step in world.steps] == ["replace"]
    for behaviour, error in ((tolerant, StoreError("away")), (Behaviour(), MissingRowError("none"))):
        with pytest.raises(StoreError):
            _reconcile(_World(gone, "soft_delete", error), kept, behaviour=behaviour)


def test_a_finalizer_is_merged_away_where_the_version_says_so(kept: LogLines) -> None:
    """The whole list is written, whatever the version is by then; an object that is gone is done with."""
    gone = make_object(deletionTimestamp=GOING, finalizers=["theirs", FINALIZER])
    merging = Behaviour(merges_finalizers=True)
    world = _World(gone)
    _reconcile(world, kept, behaviour=merging)
    assert world.steps[-1] == ("patch", "Project", KEY, {"metadata": {"finalizers": ["theirs"]}})
    _reconcile(_World(gone, "patch", NotFoundError("gone", 404)), kept, behaviour=merging)


def test_a_deletion_waits_for_its_delay(kept: LogLines) -> None:
    """Unless the object is marked; it comes back when the delay ends."""
    delayed = Behaviour(deletion_delay_s=3600.0)
    now = datetime.now(UTC).isoformat()
    world = _World(make_object(deletionTimestamp=now, finalizers=[FINALIZER]))
    again_s = _reconcile(world, kept, behaviour=delayed)
    assert again_s is not None
    assert 3590 < again_s <= 3600
    assert world.steps == []
    marked = {"michelangelo/Deleting": "true"}
    world = _World(make_object(deletionTimestamp=now, finalizers=[FINALIZER], annotations=marked))
    assert _reconcile(world, kept, behaviour=delayed) is None
    assert [step[0] for step in world.steps] == ["soft_delete", "replace"]


@pytest.mark.parametrize(
    ("others", "steps"), [([], ["upsert", "replace"]), (["drain"], ["upsert"])], ids=["alone", "drained"]
)
def test_a_retained_object_keeps_its_row(others: list[str], steps: list[str], kept: LogLines) -> None:
    """Its final state is written, and it is let go of once nobody else holds it."""
    world = _World(make_object(deletionTimestamp=GOING, finalizers=[FINALIZER, *others]))
    _reconcile(world, kept, behaviour=Behaviour(retains=True))
    assert [step[0] for step in world.steps] == steps


def test_delete_first_leaves_the_finalizer_to_the_next_reconcile(kept: LogLines) -> None:
    """Kubernetes' delete follows the soft delete, by the object's policy."""
    annotations = {"michelangelo/Deleting": "true", "michelangelo/DeletePropagation": "Foreground"}
    world = _World(make_object(annotations=annotations, finalizers=[FINALIZER]))
    _reconcile(world, kept, behaviour=Behaviour(deletes_first=True))
    assert [(step[0], step[-1]) for step in world.steps] == [("soft_delete", "a"), ("delete", "Foreground")]


def test_a_key_is_pinned_once(kept: LogLines) -> None:
    """To the uid, in a reconcile of its own; what is pinned is the row's key."""
    kind = replace(CONTRACT.get_kind("Project"), key_annotation="key")
    world = _World(make_object(uid="u1"))
    _reconcile(world, kept, kind=kind)
    assert [step[0] for step in world.steps] == ["replace"]
    world = _World(make_object(uid="u1", annotations={"key": "u0"}))
    _reconcile(world, kept, kind=kind)
    assert world.steps == [("upsert", "project", "u0")]
