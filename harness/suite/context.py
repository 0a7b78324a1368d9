"""What everything that runs in one sandbox needs to know of the run: where it is, what is expected, how to send.

It knows no chapter. What a chapter makes and remembers is the chapter's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.record import Latency
from harness.core.settings import Examples, Timeouts
from harness.sandbox.base import CONTROLLERMGR, Sandbox
from harness.sandbox.log_coverage import LimitsLog, LogCoverage, get_log_coverage
from harness.spec.contract import Contract
from harness.spec.features import FINALIZER
from harness.spec.manifest import add_labels
from harness.spec.model import Case, JsonObject
from harness.spec.read import LogLines
from harness.spec.templates import Templates
from harness.subject.log import RECONCILED, RECONCILED_IMMUTABLE
from harness.subject.registration import Registration, await_registration
from harness.subject.steps import Sync
from harness.subject.subject import Surroundings
from harness.suite.expectations import Expectations
from harness.suite.observation import describe_contradiction, observe

_IN_VAIN = 2   # rows of a kind that are awaited before it counts as one that has none


class RunContext:
    """One run in one sandbox.

    `cases` are the ones that were selected, of the `contract`'s. `take_namespace` creates a namespace that nothing
    else uses. `labels` are what every object of the run carries. `api_server` is the address of Michelangelo's API
    server, '' where there is none. `format_soak_command` returns the command that repeats a round of faults.
    `keep` puts a text into a file beside the report and returns its path from there, '' where there is no report.
    """

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        cluster: Cluster,
        database: Database,
        contract: Contract,
        cases: Sequence[Case],
        expectations: Expectations,
        profile: str,
        templates: Templates,
        take_namespace: Callable[[], str],
        timeouts: Timeouts | None = None,
        examples: Examples = Examples(),  # noqa: B008  it is frozen
        labels: Mapping[str, str] | None = None,
        api_server: str = "",
        format_soak_command: Callable[[Sequence[Case], Sequence[str], int, float], str] | None = None,
        keep: Callable[[str, str], str] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.cluster = cluster
        self.database = database
        self.contract = contract
        self.cases = tuple(cases)
        self.expectations = expectations
        self.profile = profile
        self.take_namespace = take_namespace
        self.timeouts = timeouts or Timeouts()
        self.examples = examples
        self.labels = dict(labels or {})
        self.api_server = api_server
        self.format_soak_command = format_soak_command or (lambda *_: "")
        self.keep = keep or (lambda *_: "")
        self.surroundings = Surroundings(sandbox, cluster, database)
        self.first_start = sandbox.log_cursor(CONTROLLERMGR).run   # of this run, in a kept sandbox
        self.latencies: list[Latency] = []   # how long writes took to reach MySQL, as far as that was measured
        self.contradictions: dict[str, str] = {}   # what was seen of the version and not expected, by feature
        self._templates = templates
        self._given_up: set[str] = set()   # kinds without any row

    @functools.cached_property
    def tables(self) -> dict[str, dict[str, str]]:
        """Every table of the database with its columns and their types, as they were when first asked for."""
        return self.database.get_columns()

    @functools.cached_property
    def namespace(self) -> str:
        """The run's first namespace, which the report names."""
        return self.take_namespace()

    @functools.cached_property
    def registration(self) -> Registration:
        """Which controllers are registered; awaited when first asked for."""
        return self.await_registration()

    def await_registration(self) -> Registration:
        """Wait until the present run of the controller manager has registered what it registers."""
        return await_registration(
            self.sandbox, self.contract.names, self.timeouts.registration_s, self.contract.setup_lines
        )

    def render(self, case: Case, namespace: str, **variables: object) -> JsonObject:
        """Return the case's object for that namespace, with the labels that every object of the run carries."""
        return add_labels(self._templates.render(case, {"namespace": namespace, **variables}), self.labels)

    def notice(self, sync: Sync) -> None:
        """Take down what an object that was sent straight to Kubernetes shows of the version, and nobody expected.

        Who adds the finalizer is judged as it is seen from then on. How rows are found can't change within a run.
        """
        if sync.obj is None:
            return
        for fact in observe(self.contract, sync.write.subject.sent, sync.obj):
            if fact.name not in self.contradictions:
                self.contradictions[fact.name] = describe_contradiction(self.contract, fact)
            if fact.name == FINALIZER:
                self.contract = self.contract.correct(fact)
                self.expectations = self.expectations.fit(self.contract)

    def is_immutable(self, case: Case) -> bool:
        """Whether the case's objects leave Kubernetes once they are in MySQL."""
        return self.contract.is_immutable(case.name)

    def require_controller(self, case: Case) -> None:
        """Raise NotRun where the case's kind has no registered Ingester controller (section 1.3)."""
        if case.name in self.registration.missing:
            raise NotRun(f"1.3: {self.registration.headline}")

    def require_rows(self, case: Case) -> None:
        """Raise as `require_controller` does, and NotRun where rows of the kind are no longer waited for."""
        self.require_controller(case)
        if not self.expects_rows(case):
            raise NotRun(f"no row of {case.name} has come, of {_IN_VAIN} that were awaited: more would be in vain")

    def expects_rows(self, case: Case) -> bool:
        """Whether rows of the kind are worth waiting for: no longer where some were awaited, and none has come."""
        if case.name in self._given_up or case.name in self.registration.missing:
            return False
        subjects = [s for s in self.surroundings.subjects if s.case.name == case.name and s.waits]
        waits = [came for subject in subjects for came in subject.waits]
        is_silent = len(waits) >= _IN_VAIN and not any(waits)
        if is_silent and not any(s.read_rows() for s in subjects):   # what is slow is not lost
            self._given_up.add(case.name)
        return case.name not in self._given_up

    def require_log(self) -> None:
        """Raise NotApplicable where the controller manager's log can't be read."""
        if reason := self.explain_missing_log():
            raise NotApplicable(reason)

    def explain_missing_log(self) -> str:
        """Return why the controller manager's log says nothing of this run; empty where it does."""
        if get_log_coverage(self.sandbox) is not LogCoverage.NONE:
            return ""
        return self.sandbox.log_limit if isinstance(self.sandbox, LimitsLog) else "there is no log"

    def get_expected_messages(self, case: Case) -> tuple[str, ...]:
        """Return the log lines that a reconcile of the case's kind writes."""
        lines = self.contract.log_lines or LogLines(RECONCILED, RECONCILED_IMMUTABLE, "the seed report")
        return lines.retired if self.is_immutable(case) else lines.synced
