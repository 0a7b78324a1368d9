"""One run from settings to record: brings the sandbox up, carries checks out, and writes down how it ended.

The record is filled from the start: every selected check stands in it as NOT RUN until it has a result, so
that whatever ends the run, what was gathered is kept and nothing missing looks green.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import itertools
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import harness
from harness.clients.kube import Cluster, load_client
from harness.clients.mysql import Database, explain_settings
from harness.core.errors import CheckFailure, HarnessError, Refusal
from harness.core.moment import get_moment
from harness.core.outcomes import Known, NotApplicable, Outcome, noting_outcome
from harness.core.progress import Progress
from harness.core.record import Check, Component, IssueResult, IssueStatus, KindContents, Record, Status
from harness.core.settings import Examples, SandboxSettings, Timeouts
from harness.provision.checkout.coverage import read_coverage
from harness.provision.crds import list_files
from harness.sandbox.base import BelongsToOthers, OffersApiServer, Sandbox, TimesItsStart
from harness.sandbox.capabilities import CollectsCoverage
from harness.sandbox.local.client.ahead import SandboxAhead
from harness.sandbox.redaction import Redaction
from harness.spec.bundle import render_crds, render_schema
from harness.spec.contract import Contract
from harness.spec.features import FEATURES
from harness.spec.model import Case
from harness.spec.profiles import load_profile
from harness.spec.templates import CRS_FOLDER, Templates
from harness.spec.versions import NO_CRD, make_contract
from harness.subject.clearing import clear
from harness.suite.chapter import Chapter, Section, Selection, Topic
from harness.suite.conclusion import conclude_issues, find_synced_section, summarise
from harness.suite.context import RunContext
from harness.suite.description import describe_basis, describe_contract
from harness.suite.expectations import Expectations, resolve
from harness.suite.judge import conclude
from harness.suite.kept_files import LOGS, KeptFiles
from harness.suite.recorder import Recorder
from harness.suite.target import Target, bring_up
from harness.suite.user_objects import UserObject
from harness.suite.watch import SandboxWatch

SEED = "report-2026-03"
"""The profile of the seed report's version, which every contract is compared with."""

NAMESPACE = "ingester-test"
"""The seed report's namespace; a sandbox that is used again gets a numbered one."""

_PACKAGES = ("pytest", "pytest-html", "kubernetes", "mysql-connector-python", "tenacity", "rich", "Jinja2")


@dataclass(frozen=True)
class RunSettings:
    """What a run tests and how long it waits. `words` name the kinds that were selected; none: all.

    `objects` are those that the user brings; `stale_tolerated` is why a known issue may not show ('': it must).
    """

    target: Target = field(default_factory=Target)
    words: tuple[str, ...] = ()
    keep_sandbox: bool = False
    stale_tolerated: str = ""
    objects: tuple[UserObject, ...] = ()
    examples: Examples = field(default_factory=Examples)
    api_server: str = ""   # HOST:PORT; the local sandbox knows its own
    timeouts: Timeouts = field(default_factory=Timeouts)
    verdict_s: float = 0.0   # how long a run goes on that has failed; 0: to its end
    format_soak_command: Callable[[Sequence[Case], Sequence[str], int, float], str] | None = None

    @property
    def has_apiserver(self) -> bool:
        """Whether Michelangelo's own API server is part of the run."""
        return bool(self.api_server) or self.target.sandbox.apiserver is not None


@runtime_checkable
class Closes(Protocol):
    """A chapter's state that has to be closed."""

    def close(self) -> None:
        """Let go of what it holds."""


class Session:
    """A run in progress, and its record. SettingsError where the settings do not fit the version's contract.

    A sandbox that was started `ahead` is the session's, once there is one: it is used, or ended.
    """

    def __init__(
        self,
        settings: RunSettings,
        chapters: Sequence[Chapter],
        command: str,
        progress: Progress,
        ahead: SandboxAhead | None = None,
    ) -> None:
        self.settings = settings
        self.chapters = tuple(chapters)
        target = settings.target
        self.profile = load_profile(target.profile)
        self._expected: Contract = target.make_contract()
        self._issues = resolve(self.profile, chapters, self._expected)
        self._context: RunContext | None = None
        self.cases = self.contract.select(settings.words)
        self.record = Record(
            started_at=get_moment(),
            command=command,
            profile=self.profile.name,
            system_under_test=target.label or target.sandbox.controllermgr.label,
            harness_version=harness.__version__,
            environment={**target.pins, **_describe_environment(), **_describe_timeouts(settings.timeouts)},
            warnings=[*target.findings, *_warn_of_contract(self.contract)],
            kinds=[KindContents(kind.name, list(kind.tables)) for kind in self.contract.kinds],
            contract=describe_contract(self.contract, make_contract(load_profile(SEED))),
        )
        self.access = ""   # how to reach the sandbox that was kept
        self._progress = progress
        self._ahead = ahead
        self._started = time.monotonic() if ahead is None else ahead.began
        self._sandbox: Sandbox | None = None
        self._database: Database | None = None
        self._files: KeptFiles | None = None
        self._states: dict[str, Any] = {}

    @property
    def contract(self) -> Contract:
        """The version's contract, as it is known by now."""
        return self._expected if self._context is None else self._context.contract

    @property
    def expectations(self) -> Expectations:
        """The known issues of a version with that contract."""
        return self._issues if self._context is None else self._context.expectations

    @property
    def is_whole(self) -> bool:
        """Whether all kinds are part of the run."""
        return len(self.cases) == len(self.contract.cases)

    @property
    def selection(self) -> Selection:
        """What sections list their topics from."""
        return Selection(self.cases, self.expectations, self.settings.objects)

    @property
    def context(self) -> RunContext:
        """What chapters know of the run; HarnessError before `start` has succeeded."""
        if self._context is None:
            raise HarnessError("the sandbox is not up")
        return self._context

    def keep_files_in(self, folder: Path) -> None:
        """Keep beside the record what its evidence was taken from; without a folder nothing is kept."""
        self._files = KeptFiles(folder)

    def _keep(self, name: str, text: str) -> str:
        """Keep a text, as `RunContext.keep` says."""
        if self._files is None or self._sandbox is None:
            return ""
        try:
            return self._files.write(name, text, Redaction(self._sandbox.mysql))
        except OSError as error:
            self.record.warnings.append(f"{name} could not be kept: {error}")
            return ""

    def _keep_logs(self, sandbox: Sandbox) -> None:
        """Keep the components' logs; what can't be had is a warning, not the end of the report."""
        if self._files is None:
            return
        try:
            self.record.environment[LOGS] = ", ".join(self._files.keep_logs(sandbox)) or "none"
        except (HarnessError, OSError) as error:
            self.record.warnings.append(f"the components' logs could not be kept: {error}")

    def get_state(self, chapter: Chapter) -> Any:
        """Return what the chapter remembers; made when it is first asked for, as is that of one it stands on."""
        if chapter.key not in self._states:
            stands_on = [each for each in self.chapters if each.key == chapter.stands_on]
            self._states[chapter.key] = chapter.open(self.context, *map(self.get_state, stands_on))
        return self._states[chapter.key]

    def add_check(self, section: Section, topic: Topic, reproduce: str = "") -> Check:
        """Return a check's place in the record, as NOT RUN; which checks the record has, `select` says."""
        return Check(
            section=topic.section or section.number,
            title=topic.title or section.title,
            kind=topic.kind,
            topic=topic.name if topic.kind is None or topic.name != topic.kind.lower() else "",
            detail="not reached",
            reproduce=reproduce,
        )

    def select(self, checks: Sequence[Check]) -> None:
        """Enter the selected checks into the record, and its table of contents."""
        self.record.checks = list(checks)
        self.record.chapters = [chapter.describe() for chapter in self.chapters]

    def list_checks(self, chapters: Sequence[Chapter]) -> Iterator[tuple[Chapter, Section, Topic, Check]]:
        """Yield each check of these chapters that the run's settings allow, in the report's order, as NOT RUN."""
        for chapter in chapters:
            for section in chapter.sections:
                if not section.needs_apiserver or self.settings.has_apiserver:
                    for topic in section.topics(self.selection):
                        yield chapter, section, topic, self.add_check(section, topic)

    def note(self, chapter: Chapter, section: Section, topic: Topic, check: Check) -> None:
        """Carry one check out, as `carry_out` does; how it ended stands in the check alone."""
        with contextlib.suppress(Outcome, CheckFailure, HarnessError, Refusal), noting_outcome(check):
            self.carry_out(chapter, section, topic, check)

    def carry_out(self, chapter: Chapter, section: Section, topic: Topic, check: Check) -> None:
        """Carry one check out and conclude it: returns where it passed, else raises how it ended."""
        recorder = Recorder()
        if unknown := self.contract.explain_unknown(dict.fromkeys((*chapter.features, *section.features))):
            raise NotApplicable(f"could not be judged: {unknown}, which no check knows")
        try:
            section.check(self.get_state(chapter), topic.value, recorder)
        except (Outcome, HarnessError, Refusal):
            if recorder.findings:   # what was found to be wrong stands, whatever came after it
                with contextlib.suppress(Known):   # an issue that has not shown so far may have, later
                    self._conclude(check, recorder, section, expects_issues=False)
            raise
        else:
            self._conclude(check, recorder, section, expects_issues=section.expects_issues)
        finally:
            recorder.write_to(check)

    def _conclude(self, check: Check, recorder: Recorder, section: Section, *, expects_issues: bool) -> None:
        conclude(
            check,
            recorder,
            self.expectations,
            expects_issues=expects_issues,
            stale_tolerated=self.settings.stale_tolerated,
            basis=describe_basis(self.contract, section.features, check.kind),
        )

    @contextlib.contextmanager
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
        wanted = dataclasses.replace(
            target.sandbox, faults=faults or target.sandbox.faults, kinds=self.contract.served_kinds
        )
        target = dataclasses.replace(target, sandbox=wanted)
        local = target.sandbox if target.place is None else None
        self.record.digests = _digest_inputs(local, self.contract)
        templates = Templates(cases=self.contract.cases)
        for case in (*self.contract.get_prerequisites(self.cases), *self.cases):
            templates.render(case)   # a broken template must not cost a sandbox
        threading.Thread(target=load_client, name="load the client library", daemon=True).start()
        head_start_s = 0.0 if self._ahead is None else time.monotonic() - self._ahead.began
        with self.stage("sandbox"):
            self._sandbox = sandbox = bring_up(
                target,
                keep=self.settings.keep_sandbox,
                progress=self._progress,
                on_reuse=self._remove_earlier_objects,
                ahead=self._ahead,
            )
        if self._ahead is not None:
            self.record.stages_s["sandbox: head start"] = round(head_start_s, 3)
        if isinstance(sandbox, TimesItsStart):
            self.record.stages_s |= {f"sandbox: {name}": round(s, 3) for name, s in sandbox.start_stages_s.items()}
        if isinstance(sandbox, BelongsToOthers):
            self.record.environment = {**sandbox.describe(), **self.record.environment}
            self.record.system_under_test = sandbox.describe_controllermgr()
        self.record.backend = sandbox.name
        cluster = Cluster(sandbox.kubeconfig)
        self._database = Database(sandbox.mysql)
        settings = self._database.get_settings()
        self.record.environment |= {f"MySQL {name}": value for name, value in sorted(settings.items())}
        self.record.warnings += explain_settings(settings, is_replica=self._database.is_replica)
        guest = sandbox if isinstance(sandbox, BelongsToOthers) else None
        if guest is not None:
            templates = Templates(suffix=guest.run_id, cases=self.contract.cases)
        self._context = RunContext(
            sandbox=sandbox,
            cluster=cluster,
            database=self._database,
            contract=self.contract,
            cases=self.cases,
            expectations=self.expectations,
            profile=self.profile.name,
            templates=templates,
            take_namespace=lambda: take_namespace(sandbox, cluster, self._has_rows),
            timeouts=self.settings.timeouts,
            examples=self.settings.examples,
            labels=guest.labels if guest else {},
            api_server=_find_api_server(sandbox, self.settings.api_server),
            format_soak_command=self.settings.format_soak_command,
            keep=self._keep,
        )
        self.record.namespace = self._context.namespace

    def watch(self, tell: Callable[[str], None]) -> SandboxWatch:
        """Watch whether the sandbox stays up, from now on; `tell` hears, on another thread, how it ended."""
        if self._sandbox is None:
            raise HarnessError("the sandbox is not up")
        return SandboxWatch(self._sandbox, tell)

    def finish(self, *, exit_code: int, interrupted: bool) -> Record:
        """Complete the record. The sandbox is still up; `stop` is due next."""
        record = self.record
        record.finished_at = get_moment()
        record.duration_s = round(time.monotonic() - self._started, 3)
        record.exit_code = exit_code
        record.interrupted = interrupted
        if self._sandbox is not None:
            self._describe_sandbox(self._sandbox)
            self._keep_logs(self._sandbox)
        if self._context is not None:
            record.latencies = list(self._context.latencies)
            record.warnings += self._context.contradictions.values()
            if self.contract is not self._expected:   # what was seen has corrected it
                record.contract = describe_contract(self.contract, make_contract(load_profile(SEED)))
        if self._database is not None:
            cut_short = any(check.status is Status.NOT_RUN for check in record.checks)
            self._count_rows(self._database, anew=cut_short)
        if self.settings.target.covered:
            self._collect_coverage()
        for check in record.checks:
            name = f"checks of {check.section}"
            record.stages_s[name] = round(record.stages_s.get(name, 0.0) + check.duration_s, 3)
        if isinstance(self._sandbox, BelongsToOthers):   # what stays must be in the report
            self._sandbox.stop()
            record.warnings += map(str, self._sandbox.leftovers)
        record.known_issues = conclude_issues(self.expectations, record.checks)
        sections = [section for chapter in self.chapters for section in chapter.sections]
        record.headline = record.headline or summarise(record, find_synced_section(sections))
        if self._sandbox is not None:   # what a component wrote as its last words, say
            self.record = Redaction(self._sandbox.mysql).clean_all(record)
        return self.record

    def get_focus(self) -> Record:
        """Return the record without the kinds that are not part of the run: what a debugger wants to see."""
        names = {case.name for case in self.cases}
        return dataclasses.replace(
            self.record,
            kinds=[kind for kind in self.record.kinds if kind.name in names],
            known_issues=[result for result in self.record.known_issues if self._concerns(result, names)],
        )

    def _concerns(self, result: IssueResult, names: set[str]) -> bool:
        """Whether a known issue was looked for, or is about the run's kinds."""
        issue = next(issue for issue in self.expectations.issues if issue.id == result.id)
        looked_for = result.status is not IssueStatus.NOT_CHECKED
        return looked_for or (bool(issue.kinds) and not names.isdisjoint(issue.kinds))

    def stop(self) -> None:
        """Let go of everything, whatever can't be closed. Safe to call twice, and after a failed start."""
        with contextlib.ExitStack() as last_first:
            if self._ahead is not None:
                last_first.callback(self._ahead.end)
            if self._sandbox is not None:
                last_first.callback(self._sandbox.stop)
            if self._database is not None:
                last_first.callback(self._database.close)
                self._database = None
            for state in self._states.values():
                if isinstance(state, Closes):
                    last_first.callback(state.close)
            self._states.clear()

    def _remove_earlier_objects(self, sandbox: Sandbox) -> None:
        """Remove the objects that earlier runs left in their namespaces; their rows stay."""
        clear(Cluster(sandbox.kubeconfig), self.contract.kinds, sandbox.known_namespaces())

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

    def _collect_coverage(self) -> None:
        """Write down what of the Ingester ran; counters that can't be had are a warning too."""
        target, sandbox = self.settings.target, self._sandbox
        if target.checkout is None or not isinstance(sandbox, CollectsCoverage):
            return
        try:
            with self.stage("coverage"):
                counters = sandbox.collect_coverage()
                self.record.coverage = read_coverage(target.checkout, counters, self._progress)
        except HarnessError as error:
            self.record.warnings.append(f"what ran of the Ingester is not known: {error.problem}")

    def _has_rows(self, namespace: str) -> bool:
        """Whether a run in another sandbox has left rows of the namespace in a database that both have used."""
        sandbox = self.settings.target.sandbox
        if sandbox is None or sandbox.mysql is None or self._database is None:
            return False
        return any(self._database.count_rows(self.contract.kinds, namespace).values())

    def _count_rows(self, database: Database, *, anew: bool) -> None:
        """Count this run's rows; a database that is gone by now is a warning as well.

        Of a connection whose use was cut short nobody knows which answer comes next: it is made `anew`.
        """
        try:
            if anew:
                database.reconnect()
            self.record.row_counts = database.count_rows(self.contract.kinds, self.record.namespace)
        except HarnessError as error:
            self.record.warnings.append(f"rows were not counted: {error.problem}")


def _warn_of_contract(contract: Contract) -> list[str]:
    """Return what of the contract no check can judge: it must not look as if it had been."""
    warnings = []
    if unknown := contract.explain_unknown(FEATURES):
        warnings.append(f"{unknown}: what stands on that could not be judged, and is no pass")
    warnings += [f"{fact.name}: {fact.value}" for fact in contract.facts if NO_CRD in fact.value]
    others = {name: value for name, value in contract.features.items() if name not in FEATURES}
    warnings += [f"feature {name} is {value!r}: no check knows it" for name, value in others.items()]
    if primary := ", ".join(sorted(contract.mysql_primary_kinds)):
        warnings.append(f"{primary}: MySQL-primary, so that there is nothing to watch, and no check is for them")
    return warnings


def take_namespace(sandbox: Sandbox, cluster: Cluster, has_rows: Callable[[str], bool]) -> str:
    """Create a namespace that no run has used in this sandbox, nor left rows of, and return its name."""
    if isinstance(sandbox, BelongsToOthers):
        return sandbox.take_namespace()
    numbers = itertools.count(len(sandbox.known_namespaces()) + 1)
    names = (NAMESPACE if number == 1 else f"{NAMESPACE}-{number}" for number in numbers)
    name = next(name for name in names if not has_rows(name) and cluster.create_namespace(name))
    sandbox.remember_namespace(name)
    return name


def _find_api_server(sandbox: Sandbox, given: str) -> str:
    """Return the address of Michelangelo's API server: the `given` one, else the sandbox's own, '' for none."""
    return given or (sandbox.apiserver_address if isinstance(sandbox, OffersApiServer) else "")


def _describe_timeouts(timeouts: Timeouts) -> dict[str, str]:
    """Return those that are not the usual ones, which a reader would else take for granted."""
    usual = dataclasses.asdict(Timeouts())
    return {
        f"timeout {name.removesuffix('_s')}": f"{value:g} s"
        for name, value in dataclasses.asdict(timeouts).items()
        if value != usual[name]
    }


def _describe_environment() -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {"Python": sys.version.split()[0], "platform": platform.platform(), **packages}


def _digest_inputs(settings: SandboxSettings | None, contract: Contract) -> dict[str, str]:
    """Return the SHA-256 of what the run is made from: its templates, and CRDs and schema where it brings them."""
    templates = b"".join(path.read_bytes() for path in sorted(Path(CRS_FOLDER).glob("*.j2")))
    if settings is None:
        return {"templates": hashlib.sha256(templates).hexdigest()}
    if settings.crds is None:
        crds = repr(render_crds(contract.cases)).encode()
    else:
        crds = b"".join(path.read_bytes() for path in list_files(settings.crds))
    schema = render_schema(contract.kinds).encode() if settings.schema is None else settings.schema.read_bytes()
    inputs = {"CRDs": crds, "schema": schema, "templates": templates}
    return {name: hashlib.sha256(content).hexdigest() for name, content in inputs.items()}
