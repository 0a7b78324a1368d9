"""Promises of `harness.audit.recheck`: late is not lost, and what stays as it is for the grace is a finding."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.audit.classes import AuditClass
from harness.audit.classification import Policy
from harness.audit.recheck import Recheck, Resolution
from harness.audit.state import Suspect
from harness.core.errors import HarnessError, Refusal
from harness.spec.features import Life
from harness.spec.model import JsonObject
from tests.fakes.contract import CONTRACT
from tests.unit.audit.fakes import FakeSystem
from tests.unit.chapters.faults.builders import make_obj, make_row

KIND = CONTRACT.get_kind("Project")
GRACE_S = 0.05
POLICIES = {"Project": Policy(KIND, Life.MUTABLE)}


def suspect(obj: JsonObject, audit_class: AuditClass, *, known: bool = True) -> Suspect:
    """Return a suspect of that class, first seen long before."""
    metadata = obj["metadata"]
    return Suspect(
        kind="Project",
        key=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        version=int(metadata["resourceVersion"]),
        row_version=0,
        row_live=False,
        audit_class=audit_class,
        first_at=0.0 if known else None,
    )


@pytest.fixture
def system() -> FakeSystem:
    """A system with nothing in it."""
    return FakeSystem()


Look = Callable[..., list[Resolution]]


@pytest.fixture
def recheck(system: FakeSystem) -> Look:
    """Looks again at suspects, and returns what became of them; a failure is appended to `failures`."""

    def look(*suspects: Suspect, failures: list[str] | None = None) -> list[Resolution]:
        resolutions: list[Resolution] = []

        def fail(kind: str, error: HarnessError | Refusal) -> None:
            if failures is None:
                raise error
            failures.append(kind)

        Recheck(system.make_reader(), POLICIES, GRACE_S, resolutions.append, fail).run(suspects)
        return resolutions

    return look


def test_row_that_comes_within_the_grace_is_late(system: FakeSystem, recheck: Look) -> None:
    """A row that was missing and is there now was late, by no more than the time in between."""
    obj = make_obj()
    system.add(obj, make_row(obj))
    (resolution,) = recheck(suspect(obj, AuditClass.MISSING))
    assert resolution.judged.audit_class is AuditClass.LATE
    assert resolution.lag_s is not None


def test_row_that_never_comes_is_missing(system: FakeSystem, recheck: Look) -> None:
    """What stays missing for the whole grace is a finding."""
    obj = make_obj()
    system.add(obj, None)
    (resolution,) = recheck(suspect(obj, AuditClass.MISSING))
    assert (resolution.judged.audit_class, resolution.subject.key) == (AuditClass.MISSING, obj["metadata"]["uid"])


def test_row_that_follows_its_object_is_late_although_it_is_behind(system: FakeSystem, recheck: Look) -> None:
    """A row at a version newer than the one that was awaited is compared with its object at that very version."""
    awaited, between, now = (make_obj(version=version) for version in (10, 11, 12))
    system.add(now, make_row(between))
    system.versions[11] = between
    (resolution,) = recheck(suspect(awaited, AuditClass.BEHIND))
    assert resolution.judged.audit_class is AuditClass.LATE
    system.rows = {"uid-of-project-0": make_row(between, tier="9")}
    (resolution,) = recheck(suspect(awaited, AuditClass.BEHIND))
    assert resolution.judged.audit_class is AuditClass.DIFFERS


def test_row_that_stays_behind_is_a_finding_however_its_object_moves(system: FakeSystem, recheck: Look) -> None:
    """An object that is written to all the time excuses no row that stands still."""
    system.add(make_obj(version=20), make_row(make_obj(version=9)))
    system.versions[9] = make_obj(version=9)

    def move() -> None:
        version = int(system.objects[0]["metadata"]["resourceVersion"]) + 1
        system.objects[0] = make_obj(version=version)

    system.tick = move
    (resolution,) = recheck(suspect(make_obj(version=10), AuditClass.BEHIND))
    assert resolution.judged.audit_class is AuditClass.BEHIND


@pytest.mark.parametrize("then", [None, make_obj(version=8)])
def test_version_that_the_object_never_had_is_unknown(
    system: FakeSystem, recheck: Look, then: JsonObject | None
) -> None:
    """A version at which the object was not there, or at another one, is none of its own."""
    obj = make_obj(version=12)
    system.add(obj, make_row(make_obj(version=9)))
    system.versions[9] = then
    (resolution,) = recheck(suspect(obj, AuditClass.BEHIND))
    assert resolution.judged.audit_class is AuditClass.UNKNOWN_VERSION


def test_version_that_nobody_knows_any_more_is_behind(system: FakeSystem, recheck: Look) -> None:
    """Where the API server no longer has the row's version, the row is behind, and no more is claimed."""
    obj = make_obj(version=12)
    system.add(obj, make_row(make_obj(version=9)))
    (resolution,) = recheck(suspect(obj, AuditClass.BEHIND))
    assert resolution.judged.audit_class is AuditClass.BEHIND


def test_object_that_was_made_after_the_list_is_no_orphan(system: FakeSystem, recheck: Look) -> None:
    """A row whose object is there when it is looked for is equal, and was not late."""
    obj = make_obj()
    system.add(obj, make_row(obj))
    (resolution,) = recheck(suspect(obj, AuditClass.ORPHAN, known=False))
    assert (resolution.judged.audit_class, resolution.lag_s) == (AuditClass.EQUAL, None)


def test_orphan_is_seen_twice_with_the_grace_in_between(system: FakeSystem, recheck: Look) -> None:
    """A live row without an object is an orphan only after the grace, from when its object was looked for on."""
    row = make_row(make_obj())
    system.rows[row.uid] = row
    looks = []
    system.tick = lambda: looks.append(1)
    (resolution,) = recheck(suspect(make_obj(), AuditClass.ORPHAN, known=False))
    assert resolution.judged.audit_class is AuditClass.ORPHAN
    assert len(looks) > 1


def test_orphan_that_is_soft_deleted_meanwhile_is_none(system: FakeSystem, recheck: Look) -> None:
    """A deletion that was under way ends with a row that is right alone."""
    row = make_row(make_obj(), deleted=True)
    system.rows[row.uid] = row
    (resolution,) = recheck(suspect(make_obj(), AuditClass.ORPHAN, known=False))
    assert (resolution.judged.audit_class, resolution.lag_s) == (AuditClass.ALONE, None)


def test_what_is_gone_on_both_sides_is_late(system: FakeSystem, recheck: Look) -> None:
    """An object that was deleted before it had a row is no loss."""
    (resolution,) = recheck(suspect(make_obj(), AuditClass.MISSING))
    assert resolution.judged.audit_class is AuditClass.LATE


def test_what_changes_all_the_time_is_let_go_of(system: FakeSystem, recheck: Look) -> None:
    """What is never of one class for as long as the grace is under way, and ends as late."""
    obj = make_obj()
    system.add(obj, None)
    looks: list[int] = []

    def flip() -> None:
        looks.append(1)
        system.rows = {} if len(looks) % 2 else {"uid-of-project-0": make_row(make_obj(), deleted=True)}

    system.tick = flip
    (resolution,) = recheck(suspect(obj, AuditClass.AHEAD, known=False))
    assert resolution.judged.audit_class is AuditClass.LATE
    assert len(looks) > 1


def test_many_are_looked_at_when_their_rows_change(system: FakeSystem, recheck: Look) -> None:
    """Many suspects are resolved as few are, although not all of them are looked at each time."""
    objects = [make_obj(f"project-{number}", uid=f"{number:04d}") for number in range(300)]
    for obj in objects:
        system.add(obj, None)
    resolutions = recheck(*(suspect(obj, AuditClass.MISSING) for obj in objects))
    assert {each.judged.audit_class for each in resolutions} == {AuditClass.MISSING}
    assert len(resolutions) == 300


def test_what_cannot_be_read_fails_its_kind(system: FakeSystem, recheck: Look) -> None:
    """A kind whose rows can't be read any more is handed over with the error, and nothing is claimed of it."""

    def refuse() -> None:
        raise HarnessError("gone")

    system.tick = refuse
    failures: list[str] = []
    assert recheck(suspect(make_obj(), AuditClass.MISSING), failures=failures) == []
    assert failures == ["Project"]
