"""`harness.chapters.faults.timeline`: load, fault and lag over time, as the record has them."""

from __future__ import annotations

from harness.chapters.faults.load.history import Outcome
from harness.chapters.faults.load.plan import Verb
from harness.chapters.faults.load.sampler import Sighting
from harness.chapters.faults.round_record import RoundRecord
from harness.chapters.faults.timeline import list_waits, make_timeline
from harness.clients.mysql.tables import RowVersion
from tests.unit.chapters.faults.builders import make_event, make_obj, make_round


def test_rates_count_answers_by_what_became_of_them() -> None:
    """Each operation counts in the step of its answer; the fault's band and the load's end are in their places."""
    timeline = make_timeline(make_round())
    assert timeline is not None
    step_s = timeline["step_s"]
    done, undone = timeline["rates"].values()
    assert (step_s, sum(done) * step_s, sum(undone) * step_s) == (0.5, 2, 1)
    assert (done[2], done[18], undone[19]) == (2.0, 2.0, 2.0)
    assert timeline["bands"] == [{"text": "mysql is stopped for a while", "from_s": 8.0, "to_s": 10.0}]
    assert timeline["marks"] == [{"text": "the load ends", "at_s": 9.5}, {"text": "last writes", "at_s": 23.0}]


def test_lag_grows_until_the_row_is_there() -> None:
    """A write that is not in its row is late by all the time since its answer, and by none once it was seen."""
    timeline = make_timeline(make_round())
    assert timeline is not None
    lag_s = timeline["lag_s"]
    assert (lag_s[17], lag_s[18], lag_s[20], lag_s[25], lag_s[26]) == (0.0, 0.5, 1.5, 3.9, 0.0)


def test_a_row_that_never_comes_is_late_until_the_end() -> None:
    """What was not seen by the end is late until then."""
    assert max(make_timeline(make_round(converges=False))["lag_s"]) == 14.5  # type: ignore[index]


def test_deletions_are_waited_for_as_well() -> None:
    """A deletion is late until its row is soft-deleted, and what never had a row need not get one."""
    row = {"uid-of-project-0": RowVersion("project-0", 10, live=False)}
    record = RoundRecord(
        events=[
            make_event(Verb.CREATE, make_obj(), at=1.0),
            make_event(Verb.DELETE, uid="uid-of-project-0", at=2.0),
            make_event(Verb.CREATE, make_obj("other"), name="other", at=2.0),
            make_event(Verb.DELETE, uid="uid-of-other", name="other", at=2.5),
            make_event(Verb.PATCH, uid="uid-of-project-0", outcome=Outcome.REFUSED, at=2.6),
        ],
        sightings=[Sighting(3.0, "Project", row)],
    )
    assert list(list_waits(record)) == [(1.0, 3.0), (2.0, 3.0)]
    record.retained = frozenset({"Project"})
    assert list(list_waits(record)) == [(1.0, 3.0)]


def test_without_a_load_there_is_no_timeline() -> None:
    """A round that never began has nothing to show."""
    assert make_timeline(RoundRecord()) is None
