"""`harness.chapters.faults.round`: a round that proves nothing is invalid, and leaves nothing behind."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from harness.chapters.faults import round as rounds
from harness.chapters.faults.environment import Environment
from harness.chapters.faults.injections.base import Injection, InjectionContext, require_proof
from harness.chapters.faults.load.workload import Load
from harness.chapters.faults.round import Round
from harness.core.errors import Refusal
from harness.core.outcomes import Invalid
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import ComponentStatus, Phase
from harness.spec.model import JsonObject, Kind
from tests.fakes.contract import CONTRACT
from tests.fakes.growing_log import GrowingLog
from tests.unit.chapters.faults.builders import make_obj


class FakeCluster:
    """An API server that takes everything, or nothing."""

    versions = itertools.count(1)

    def __init__(self, *, refuses: bool = False) -> None:
        self._refuses = refuses

    def _answer(self, name: str) -> JsonObject:
        if self._refuses:
            raise Refusal(403, "Forbidden", "no")
        return make_obj(name, next(self.versions))

    def create(self, _kind: Kind, obj: JsonObject) -> JsonObject:
        """Take the object."""
        return self._answer(obj["metadata"]["name"])

    def patch(self, _kind: Kind, _namespace: str, name: str, _patch: Mapping[str, Any]) -> JsonObject:
        """Take the patch."""
        return self._answer(name)

    def delete(self, _kind: Kind, _namespace: str, name: str) -> bool:
        """Take the deletion."""
        return bool(self._answer(name))

    def close(self) -> None:
        """Do nothing."""

    def get(self, _kind: Kind, _namespace: str, name: str) -> JsonObject | None:
        """Return an object."""
        return self._answer(name)


class FakeSandbox(GrowingLog):
    """A sandbox without servers: its MySQL can't be reached, its log is empty."""

    name = "fake"
    mysql = MySQLEndpoint("127.0.0.1", 1, "nobody", "none", "")

    def component(self, name: str) -> ComponentStatus:
        """Return a component that runs."""
        return ComponentStatus(name, Phase.RUNNING)


class FakeInjection(Injection):
    """An injection that shows, and holds, as told."""

    def __init__(self, *, shows: bool = True, holds: bool = True) -> None:
        self.actions: list[str] = []
        self._shows = shows
        self._holds = holds

    def inject(self, _context: InjectionContext) -> None:
        """Note it."""
        self.actions.append("injected")

    def prove(self, _context: InjectionContext) -> str:
        """Return a proof, if it shows."""
        return require_proof("seen" if self._shows else "", "nothing was seen")

    def is_active(self, _context: InjectionContext) -> bool:
        """Whether it holds."""
        return self._holds

    def recover(self, _context: InjectionContext) -> None:
        """Note it."""
        self.actions.append("recovered")


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rounds take a fraction of their time."""
    for name, seconds in {"_LOAD_S": 0.05, "_LOAD_TIMEOUT_S": 0.4, "_AFTERWARDS_S": 0.05}.items():
        monkeypatch.setattr(rounds, name, seconds)


def run(
    injection: FakeInjection, *, refuses: bool = False, limit: int | None = None, outage_s: float = 0.1
) -> None:
    """Run a round of the injection."""
    environment = Environment(
        FakeSandbox(),  # type: ignore[arg-type]
        lambda: FakeCluster(refuses=refuses),  # type: ignore[arg-type, return-value]
        [CONTRACT.get_kind("Project")],
        lambda _: False,
    )
    cases = (CONTRACT.get_case("Project"),)
    load = Load(1, "load", cases, {"Project": make_obj()}, clients=2, rate=2000.0, limit=limit)
    Round(environment, load, [injection], outage_s).run()


def test_a_load_that_is_not_acknowledged_is_invalid() -> None:
    """Where the API server takes nothing, the fault is not even injected."""
    injection = FakeInjection()
    with pytest.raises(Invalid, match="the load was not there: 0 operations acknowledged"):
        run(injection, refuses=True)
    assert injection.actions == []


def test_a_fault_that_does_not_show_is_invalid_and_recovered_from() -> None:
    """An injection without a proof ends the round, after it was undone."""
    injection = FakeInjection(shows=False)
    with pytest.raises(Invalid, match="the fault was not injected: nothing was seen"):
        run(injection)
    assert injection.actions == ["injected", "recovered"]


def test_a_fault_that_is_over_too_early_is_invalid() -> None:
    """A fault that does not hold for its time proves nothing."""
    injection = FakeInjection(holds=False)
    with pytest.raises(Invalid, match="the fault was over"):
        run(injection)
    assert injection.actions == ["injected", "recovered"]


def test_a_load_that_ends_before_the_fault_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation during the fault proves nothing about it."""
    monkeypatch.setattr(rounds, "_LOAD_S", 0.3)
    with pytest.raises(Invalid, match="no operation was sent while the fault held"):
        run(FakeInjection(), limit=120, outage_s=0.2)


def test_an_invalid_round_leaves_no_thread_at_work() -> None:
    """Clients and sampler end with the round."""
    with pytest.raises(Invalid):
        run(FakeInjection(shows=False))
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("load client")]
