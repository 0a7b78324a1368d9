"""`harness.chapters.faults.load.sampler`: what a follower keeps, and a sampler that outlives its server."""

from __future__ import annotations

from harness.chapters.faults.load.sampler import Follower, Sampler
from harness.clients.mysql.tables import RowVersion
from harness.core.polling import wait_for
from harness.core.settings import MySQLEndpoint
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_obj, make_row

PROJECT = CONTRACT.get_kind("Project")
NOWHERE = MySQLEndpoint("127.0.0.1", 1, "nobody", "none", "")


def test_what_has_moved_is_known_once() -> None:
    """A follower tells which rows have changed since it was last asked."""
    follower = Follower()
    follower.observe(PROJECT, {"a": RowVersion("a", 1, live=True), "b": RowVersion("b", 1, live=True)})
    follower.take_moved()
    follower.observe(PROJECT, {"a": RowVersion("a", 2, live=True), "b": RowVersion("b", 1, live=True)})
    assert follower.take_moved() == [("Project", "a")]
    assert follower.take_moved() == []


def test_rows_are_kept_by_version() -> None:
    """Each version of a row that was seen whole is kept."""
    follower = Follower()
    for version in (1, 2, 2):
        follower.keep(PROJECT, make_row(make_obj(version=version)))
    assert sorted(follower.samples) == [("uid-of-project-0", 1), ("uid-of-project-0", 2)]


def test_a_server_that_is_away_is_no_finding() -> None:
    """A sampler without a server counts its failed looks and ends when history."""
    sampler = Sampler(NOWHERE, [PROJECT], "load", 1)
    sampler.start()
    assert wait_for(lambda: sampler.failed_looks, bool, timeout_s=5.0).satisfied
    assert sampler.end().findings == []
