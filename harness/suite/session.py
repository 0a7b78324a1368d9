"""One run from settings to record: brings the sandbox up, hands out the `Run`, and writes down how it ended.

The record is filled from the start: every selected check stands in it as NOT RUN until it has a result, so
that whatever ends the run, what was gathered is kept and nothing missing looks green.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
import importlib.metadata
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import harness
from harness.chapters.api_server.run import ApiRun, connect, find_address
from harness.chapters.contract.lifecycle import Lifecycle
from harness.chapters.faults.run import FaultRun
from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.restarts.backfill import Backfill
from harness.chapters.restarts.gates import Gates
from harness.chapters.seed.run import Run
from harness.cli.reproduction import spell_round
from harness.clients.kube import Cluster, load_client
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.core.record import Component, IssueResult, IssueStatus, Record
from harness.core.settings import SandboxSettings, Timeouts
from harness.sandbox.base import BelongsToOthers, Sandbox, TimesItsStart
from harness.spec.bundle import render_crds, render_schema
from harness.spec.cases import CASES, get_prerequisites
from harness.spec.catalogue import KINDS
from harness.spec.model import Case
from harness.spec.profiles import Profile, load_profile
from harness.spec.templates import CRS_FOLDER, Templates
from harness.subject.clearing import clear
from harness.suite.conclusion import conclude
from harness.suite.target import Target, bring_up

NAMESPACE = "ingester-test"
"""The seed report's namespace; a sandbox that is used again gets a numbered one."""

_PACKAGES = ("pytest", "pytest-html", "kubernetes", "mysql-connector-python", "tenacity", "rich", "Jinja2")


@dataclass(frozen=True)
class RunSettings:
    """What a run tests and how patient it is."""

    target: Target = field(default_factory=Target)
    cases: tuple[Case, ...] = CASES
    keep_sandbox: bool = False
    allow_stale_known_issues: bool = False
    api_server: str = ""   # HOST:PORT; the local sandbox knows its own
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def has_apiserver(self) -> bool:
        """Whether Michelangelo's own API server is part of the run."""
        return bool(self.api_server) or self.target.sandbox.apiserver is not None

    @property
    def is_whole(self) -> bool:
        """Whether all cases are part of the run."""
        return len(self.cases) == len(CASES)

    def includes(self, kind: str) -> bool:
        """Whether the kind's case is part of the run."""
        return kind in {case.name for case in self.cases}


class Session:
    """A run in progress, and its record."""

    def __init__(self, settings: RunSettings, command: str, progress: Progress) -> None:
        self.settings = settings
        target = settings.target
        self.profile: Profile = load_profile(target.profile)
        self.record = Record(
            started_at=_now(),
            command=command,
            profile=self.profile.name,
            system_under_test=target.label or target.sandbox.controllermgr.label,
            harness_version=harness.__version__,
            environment={**target.pins, **_describe_environment()},
            warnings=list(target.findings),
            known_issues=[
                IssueResult(i.id, i.title, impact=i.impact, workaround=i.workaround, link=i.link)
                for i in self.profile.known_issues
            ],
        )
        self.access = ""   # how to reach the sandbox that was kept
        self._progress = progress
        self._started = time.monotonic()
        self._sandbox: Sandbox | None = None
        self._database: Database | None = None
        self._run: Run | None = None

    @property
    def run(self) -> Run:
        """The scenario's run; HarnessError before `start` has succeeded."""
        if self._run is None:
            raise HarnessError("the sandbox is not up")
        return self._run

    @functools.cached_property
    def api(self) -> ApiRun:
        """The scenario's run through Michelangelo's API server; nothing is sent before it is asked for."""
        run = self.run
        address = find_address(run.sandbox, self.settings.api_server)
        return connect(run, address, lambda: take_namespace(run.sandbox, run.cluster))

    @functools.cached_property
    def lifecycle(self) -> Lifecycle:
        """The objects of the contract's chapter; none is made before a check asks for it."""
        run = self.run
        return Lifecycle(run, self.settings.cases, lambda: take_namespace(run.sandbox, run.cluster))

    @functools.cached_property
    def inputs(self) -> Inputs:
        """The hostile input of the run; none is sent before a check asks for it."""
        run = self.run
        return Inputs(run, self.settings.cases, lambda: take_namespace(run.sandbox, run.cluster))

    @functools.cached_property
    def gates(self) -> Gates:
        """The chain of starts with other configurations; the first check that asks for it sets it going."""
        return Gates(self.lifecycle, Backfill(self.lifecycle))

    @functools.cached_property
    def faults(self) -> FaultRun:
        """The rounds of the chapter on faults; nothing is disturbed before a check asks for one."""
        run, settings = self.run, self.settings
        return FaultRun(
            run,
            settings.cases,
            lambda: take_namespace(run.sandbox, run.cluster),
            functools.partial(spell_round, settings.target),
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of the run."""
        started = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - started
            self.record.stages_s[name] = round(self.record.stages_s.get(name, 0.0) + spent, 3)

    def start(self, *, faults: bool = False) -> None:
        """Bring the sandbox up, one that can be disturbed where `faults` are part of the run.

        Raises HarnessError where that fails; `finish` is still due then.
        """
        target = self.settings.target
        if faults:
            target = dataclasses.replace(target, sandbox=dataclasses.replace(target.sandbox, faults=True))
        self.record.digests = _digest_inputs(target.sandbox if target.place is None else None)
        templates = Templates()
        for case in (*get_prerequisites(list(self.settings.cases)), *self.settings.cases):
            templates.render(case)   # a broken template must not cost a sandbox
        threading.Thread(target=load_client, name="load the client library", daemon=True).start()
        with self.stage("sandbox"):
            self._sandbox = sandbox = bring_up(
                target,
                keep=self.settings.keep_sandbox,
                progress=self._progress,
                on_reuse=remove_earlier_objects,
            )
        if isinstance(sandbox, TimesItsStart):
            self.record.stages_s |= {f"sandbox: {name}": round(s, 3) for name, s in sandbox.start_stages_s.items()}
        if isinstance(sandbox, BelongsToOthers):
            self.record.environment = {**sandbox.describe(), **self.record.environment}
            self.record.system_under_test = sandbox.describe_controllermgr()
        self.record.backend = sandbox.name
        cluster = Cluster(sandbox.kubeconfig)
        self._database = Database(sandbox.mysql)
        namespace = take_namespace(sandbox, cluster)
        self.record.namespace = namespace
        self._run = Run(
            sandbox=sandbox,
            cluster=cluster,
            database=self._database,
            templates=Templates(suffix=sandbox.run_id) if isinstance(sandbox, BelongsToOthers) else templates,
            profile=self.profile,
            namespace=namespace,
            bystander_namespace=take_namespace(sandbox, cluster),
            timeouts=self.settings.timeouts,
            allow_stale=self.settings.allow_stale_known_issues,
            labels=sandbox.labels if isinstance(sandbox, BelongsToOthers) else {},
        )

    def finish(self, *, exit_code: int, interrupted: bool) -> Record:
        """Complete the record. The sandbox is still up; `stop` is due next."""
        record = self.record
        record.finished_at = _now()
        record.duration_s = round(time.monotonic() - self._started, 3)
        record.exit_code = exit_code
        record.interrupted = interrupted
        if self._sandbox is not None:
            self._describe_sandbox(self._sandbox)
        if self._run is not None:
            record.latencies = list(self._run.latencies)
        if self._database is not None:
            self._count_rows(self._database)
        for check in record.checks:
            name = f"checks of {check.section}"
            record.stages_s[name] = round(record.stages_s.get(name, 0.0) + check.duration_s, 3)
        if isinstance(self._sandbox, BelongsToOthers):   # what stays must be in the report
            self._sandbox.stop()
            record.warnings += map(str, self._sandbox.leftovers)
        conclude(record, self.profile)
        return record

    def get_focus(self) -> Record:
        """Return the record without the kinds that are not part of the run: what a debugger wants to see."""
        return dataclasses.replace(
            self.record,
            cells=[cell for cell in self.record.cells if self.settings.includes(cell.kind)],
            known_issues=[result for result in self.record.known_issues if self._concerns(result)],
        )

    def _concerns(self, result: IssueResult) -> bool:
        """Whether a known issue is about the run's kinds, or of a later chapter and was looked for."""
        if result.sections:
            return result.status is not IssueStatus.NOT_CHECKED
        return any(i.id == result.id and self.settings.includes(i.kind) for i in self.profile.known_issues)

    def stop(self) -> None:
        """Let go of everything. Safe to call twice, and after a failed start."""
        if "api" in self.__dict__:
            self.api.close()
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._sandbox is not None:
            self._sandbox.stop()

    def _describe_sandbox(self, sandbox: Sandbox) -> None:
        """Write down the components; a sandbox that is gone by now is a warning, not the end of the report."""
        try:
            self.record.components = [
                Component(c.name, str(c.phase), c.restarts, c.reason, c.version, c.path, c.sha256)
                for c in sandbox.components()
            ]
            if self.settings.keep_sandbox:
                self.access = sandbox.describe_access()
        except HarnessError as error:
            self.record.warnings.append(f"the sandbox could not be described: {error.problem}")

    def _count_rows(self, database: Database) -> None:
        """Count this run's rows; a database that is gone by now is a warning as well."""
        try:
            self.record.row_counts = database.count_rows(self.record.namespace)
        except HarnessError as error:
            self.record.warnings.append(f"rows were not counted: {error.problem}")


def interrupt(signum: int, frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C, as a signal's handler: the report is written and the sandbox stops."""
    raise KeyboardInterrupt(f"signal {signum} at {frame.f_code.co_name if frame else '?'}")


def take_namespace(sandbox: Sandbox, cluster: Cluster) -> str:
    """Create a namespace that no run has used in this sandbox, and return its name."""
    if isinstance(sandbox, BelongsToOthers):
        return sandbox.take_namespace()
    number = len(sandbox.known_namespaces()) + 1
    while not cluster.create_namespace(name := NAMESPACE if number == 1 else f"{NAMESPACE}-{number}"):
        number += 1
    sandbox.remember_namespace(name)
    return name


def remove_earlier_objects(sandbox: Sandbox) -> None:
    """Remove the objects that earlier runs left in their namespaces; their rows stay."""
    clear(Cluster(sandbox.kubeconfig), KINDS, sandbox.known_namespaces())


def _describe_environment() -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {"Python": sys.version.split()[0], "platform": platform.platform(), **packages}


def _digest_inputs(settings: SandboxSettings | None) -> dict[str, str]:
    """Return the SHA-256 of what the run is made from: its templates, and CRDs and schema where it brings them."""
    templates = b"".join(path.read_bytes() for path in sorted(Path(CRS_FOLDER).glob("*.j2")))
    if settings is None:
        return {"templates": hashlib.sha256(templates).hexdigest()}
    if settings.crds is None:
        crds = repr(render_crds()).encode()
    else:
        crds = b"".join(path.read_bytes() for path in sorted(settings.crds.glob("*.y*ml")))
    schema = render_schema().encode() if settings.schema is None else settings.schema.read_bytes()
    inputs = {"CRDs": crds, "schema": schema, "templates": templates}
    return {name: hashlib.sha256(content).hexdigest() for name, content in inputs.items()}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
