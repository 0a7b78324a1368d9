"""A run in a made-up world, as chapters see it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import cast

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.known_issue import KnownIssue
from harness.core.settings import Timeouts
from harness.spec.contract import Contract
from harness.spec.templates import Templates
from harness.suite.context import RunContext
from harness.suite.expectations import Expectations
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

IMPATIENT = Timeouts(
    sync_s=0.05, log_s=0.05, registration_s=0.05, issue_s=0.05, hold_s=0.02, latency_s=0.01, settle_s=0.01
)


def make_context(
    world: World,
    *,
    kinds: Sequence[str] = CONTRACT.names,
    issues: Sequence[KnownIssue] = (),
    timeouts: Timeouts = IMPATIENT,
    labels: Mapping[str, str] | None = None,
    suffix: str = "",
    registered: Sequence[str] = CONTRACT.names,
) -> RunContext:
    """Return the context of a run with these kinds, whose profile has these known issues."""
    world.sandbox.register(registered)
    contract = Contract(
        CONTRACT.cases,
        frozenset(world.immutable_kinds),
        frozenset(world.retained_kinds),
        features=world.features,
    )
    numbers = itertools.count(1)
    return RunContext(
        sandbox=world.sandbox,
        cluster=cast(Cluster, world),
        database=cast(Database, world),
        contract=contract,
        cases=[case for case in contract.cases if case.name in kinds],
        expectations=Expectations(tuple(issues)),
        profile="made-up",
        templates=Templates(suffix=suffix, cases=contract.cases),
        take_namespace=lambda: f"there-{next(numbers)}",
        timeouts=timeouts,
        labels=labels,
    )
