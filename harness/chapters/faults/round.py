"""One round: load, a fault in the middle of it, its end, rest, and the judgement of what is left.

A round that proved nothing, since the fault did not strike or the load was not there, is `Invalid`. Whatever
happens, the fault is healed and the load ended.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.chapters.faults import checkers
from harness.chapters.faults.admin import Admin
from harness.chapters.faults.backoff import Allowance, allow, get_retry_delay_s
from harness.chapters.faults.checkers import Story
from harness.chapters.faults.ending import Ending, gather, list_objects
from harness.chapters.faults.errorlog import ErrorLog
from harness.chapters.faults.ledger import Life, Outcome, describe, trace_lives
from harness.chapters.faults.plan import Verb
from harness.chapters.faults.rest import (
    FinalWrites,
    Open,
    Rest,
    await_rest,
    find_open,
    read_finally,
    read_versions,
    write_finally,
)
from harness.chapters.faults.sampler import Follower, Sampler
from harness.chapters.faults.scene import Scene, Stroke
from harness.chapters.faults.tables import Tables
from harness.chapters.faults.terms import Place, Report
from harness.chapters.faults.workload import Load, Workload
from harness.clients.kube import get_version
from harness.core.errors import HarnessError
from harness.core.outcomes import Invalid
from harness.core.polling import hold, wait_for
from harness.sandbox.base import CONTROLLERMGR
from harness.sandbox.local.supervisor.controllermgr import LONGEST_DELAY_S
from harness.spec.model import JsonObject

FEWEST_ACKNOWLEDGED = 30
LOWEST_RATE = 8.0          # acknowledged operations a second, before the fault
_LOAD_S = 1.5              # at least, before the fault
_LOAD_TIMEOUT_S = 10.0
_AFTERWARDS_S = 2.0        # within which the load goes on after the fault
_NEEDED = (Verb.CREATE, Verb.PATCH, Verb.RELABEL, Verb.DELETE)


class Round:
    """One round in a namespace that nothing else uses; the strokes stand for `outage_s`.

    With `retry_s` every retry has to come within that time, and is waited for; without it what the back-off puts
    off for long is nudged instead.
    """

    def __init__(
        self, place: Place, load: Load, strokes: Sequence[Stroke], outage_s: float, *, retry_s: float = 0.0
    ) -> None:
        self.report = Report()
        self._place = place
        self._load = load
        self._strokes = strokes
        self._outage_s = outage_s
        self._retry_s = retry_s
        self._cluster = place.open_cluster()
        self._admin = Admin(place.sandbox.mysql)
        self._workload = Workload(load, place.open_cluster)
        self._sampler = Sampler(place.sandbox.mysql, place.kinds, load.namespace, load.seed)
        self._errors = ErrorLog(place.sandbox, load.namespace)
        self._scene = Scene(
            place.sandbox, self._cluster, self._admin, load.namespace, place.kinds, self._workload.ledger,
            self._sampler.follower,
        )  # fmt: skip

    def conduct(self) -> Report:
        """Carry the round out; Invalid where it proves nothing, HarnessError where the sandbox gave way."""
        with contextlib.ExitStack() as stack:
            for each in (self._admin, self._sampler, self._workload, self._cluster):
                stack.callback(each.close)
            restarts = self._place.sandbox.component(CONTROLLERMGR).restarts
            with self._loading():
                struck_at = self._await_load()
                with self._struck():
                    outage_ended_at = time.monotonic()
                healed_at = time.monotonic()
                self._await_operations(healed_at)
            restarts = self._place.sandbox.component(CONTROLLERMGR).restarts - restarts
            crashed = restarts > sum(stroke.restarts for stroke in self._strokes)
            self._require_operations(struck_at, healed_at)
            self._note_load(struck_at, outage_ended_at, healed_at)
            outage_s = healed_at - struck_at
            allowance = allow(
                outage_s,
                restart_s=LONGEST_DELAY_S if crashed else 0.0,
                breaks_watches=any(stroke.breaks_watches for stroke in self._strokes),
                objects_of_a_kind=self._load.clients,
                margin_s=self._place.margin_s,
                retry_s=self._retry_s,
            )
            self._settle(struck_at, healed_at, allowance)
        return self.report

    @contextlib.contextmanager
    def _loading(self) -> Iterator[None]:
        """Have the load and the sampler at work."""
        self._sampler.start()
        self._workload.start()
        try:
            yield
        finally:
            self._workload.end()

    def _await_load(self) -> float:
        """Wait until the load is there; return when that was. Invalid where it does not come."""
        ledger, started = self._workload.ledger, self._workload.started_at

        def measure() -> tuple[int, float, set[Verb]]:
            now = time.monotonic()
            number = ledger.count(Outcome.ACKNOWLEDGED)
            return number, number / max(now - started, 0.001), set(ledger.count_verbs())

        def suffices(seen: tuple[int, float, set[Verb]]) -> bool:
            number, rate, verbs = seen
            return (
                time.monotonic() - started >= _LOAD_S
                and number >= FEWEST_ACKNOWLEDGED
                and rate >= LOWEST_RATE
                and verbs.issuperset(_NEEDED)
            )

        wait = wait_for(measure, suffices, timeout_s=_LOAD_TIMEOUT_S, interval_s=0.05)
        number, rate, verbs = wait.value
        if not wait.satisfied:
            missing = ", ".join(verb for verb in _NEEDED if verb not in verbs)
            raise Invalid(
                f"the load was not there: {number} operations acknowledged, {rate:.1f}/s, before the fault; needed"
                f" are {FEWEST_ACKNOWLEDGED} at {LOWEST_RATE:g}/s" + (f"; none of {missing}" if missing else "")
            )
        self.report.facts["load before"] = f"{number} acknowledged, {rate:.0f}/s"
        return time.monotonic()

    @contextlib.contextmanager
    def _struck(self) -> Iterator[None]:
        """Strike, prove it, let it stand, and heal it; the body runs just before that."""
        scene = self._scene
        scene.since = self._place.sandbox.log_cursor(CONTROLLERMGR)
        started = time.monotonic()
        with contextlib.ExitStack() as healing:
            proofs = []
            for stroke in self._strokes:
                healing.callback(stroke.heal, scene)
                stroke.strike(scene)
                proofs.append(stroke.prove(scene))
            self.report.facts["struck"] = "; ".join(_shorten(proof) for proof in proofs)
            self.report.notes += [("the fault struck", proof) for proof in proofs]
            lasting = [stroke for stroke in self._strokes if not stroke.settles_itself]
            left_s = self._outage_s - (time.monotonic() - started)
            if lasting and left_s > 0:
                stood = hold(
                    lambda: all(stroke.stands(scene) for stroke in lasting), bool, for_s=left_s, interval_s=0.25
                )
                if not stood.satisfied:
                    raise Invalid(f"the fault was over after {stood.duration_s:.1f} s of {left_s:.1f} s")
            if len(self._strokes) == 1:   # of two, the other one may be what holds everything up
                self.report.findings += self._strokes[0].examine(scene)
            yield

    def _await_operations(self, healed_at: float) -> None:
        """Let the load go on until each client has had an answer again, if they get any."""
        ledger = self._workload.ledger
        wait_for(
            lambda: {
                entry.operation.client
                for entry in ledger.entries
                if entry.outcome is Outcome.ACKNOWLEDGED and entry.answered_at > healed_at
            },
            lambda clients: len(clients) == self._load.clients,
            timeout_s=_AFTERWARDS_S,
            interval_s=0.05,
        )

    def _require_operations(self, struck_at: float, healed_at: float) -> None:
        """Raise Invalid where the load did not go on during the fault."""
        during = [e for e in self._workload.ledger.entries if struck_at <= e.sent_at < healed_at]
        sent = [entry for entry in during if entry.outcome is not Outcome.SKIPPED]
        if not sent:
            raise Invalid("the load was not there: no operation was sent while the fault held")

    def _note_load(self, struck_at: float, outage_ended_at: float, healed_at: float) -> None:
        """Write down how much was asked for, and how far the rows were behind when the fault was healed."""
        ledger, report = self._workload.ledger, self.report
        elapsed_s = time.monotonic() - self._workload.started_at
        outcomes = Counter(entry.outcome for entry in ledger.entries)
        acknowledged = outcomes[Outcome.ACKNOWLEDGED]
        others = [f"{n} {outcome}" for outcome, n in outcomes.items() if outcome is not Outcome.ACKNOWLEDGED]
        counts = [f"{acknowledged} acknowledged, {acknowledged / elapsed_s:.0f}/s", ", ".join(others)]
        report.facts["operations"] = "; ".join(filter(None, counts))
        during = ledger.count(Outcome.ACKNOWLEDGED, since=struck_at, until=healed_at)
        report.facts["during the fault"] = f"{during} acknowledged"
        healing_s = healed_at - outage_ended_at
        report.facts["outage"] = f"{outage_ended_at - struck_at:.1f} s, healed in {healing_s:.1f} s"
        report.facts["seed"] = str(self._load.seed)

    def _settle(self, struck_at: float, healed_at: float, allowance: Allowance) -> None:
        """Wait for rest, write finally, wait for rest again, gather everything, and judge it.

        What has not come to rest by itself is a finding that the final writes would cover up.
        """
        place, load = self._place, self._load
        with contextlib.closing(Tables(place.sandbox.mysql)) as tables:

            def wait(
                story: Story, targets: dict[str, int], allowed_s: float, is_excused: Callable[[Open], bool]
            ) -> Rest:
                def look() -> list[Open]:
                    self._errors.read()
                    found = list_objects(self._cluster, place.kinds, load.namespace)
                    rows = read_versions(tables, place.kinds, load.namespace)
                    return find_open(story, found, rows, targets)

                return await_rest(look, allowed_s=allowed_s, is_excused=is_excused)

            objects = read_finally(self._cluster, place.kinds, load.namespace)
            story = self._tell(FinalWrites(), struck_at, healed_at)
            spent_s = time.monotonic() - healed_at
            left_s = max(0.0, allowance.seconds - spent_s)
            rest = wait(
                story,
                _list_versions(objects),
                left_s,
                lambda each: place.is_explained(each.finding) or self._is_put_off(each, allowance),
            )
            deferred = {
                each.name for each in rest.open if self._is_put_off(each, allowance) or self._is_not_due(each)
            }
            left_open = [self._complete(each) for each in rest.open if each.name not in deferred]
            self._note_rest(left_open, deferred, spent_s + rest.waited_s, allowance)
            final = write_finally(
                self._cluster,
                place.kinds,
                load.namespace,
                mark=f"s{load.seed}",
                leave_alone=load.immutable,
                nudged=deferred | {each.name for each in left_open},
            )
            story = self._tell(final, struck_at, healed_at)
            targets = _list_versions(final.objects)
            last = wait(story, targets, allowance.margin_s, lambda each: place.is_explained(each.finding))
            self._note_final(final, last)
            follower = self._sampler.end()
            ending = gather(self._cluster, tables, place.kinds, load.namespace, _list_uids(story))
        self._judge(story, ending, follower)

    def _tell(self, final: FinalWrites, struck_at: float, healed_at: float) -> Story:
        """Return what happened, the final writes included."""
        report = self.report
        report.entries = self._workload.ledger.entries
        report.lives = trace_lives(report.entries)
        newest = max((life.acknowledged for life in report.lives.values()), default=0)
        for uid, obj in final.objects.items():
            life = report.lives.setdefault(uid, Life(obj["kind"], obj["metadata"]["name"], uid))
            life.versions[get_version(obj)] = obj
        uncertain = {
            entry.operation.name
            for entry in report.entries
            if entry.operation.verb is Verb.CREATE and entry.outcome is Outcome.UNCERTAIN
        }
        return Story(
            report.lives, self._load.immutable, struck_at, healed_at, newest, final.first_version,
            frozenset(uncertain), self._errors.errors,
        )  # fmt: skip

    def _is_not_due(self, each: Open) -> bool:
        """Whether the object has failed again after the fault, so that its next retry has time yet."""
        return 0.0 <= self._errors.get_silence_s(each.name) < self._retry_s

    def _is_put_off(self, each: Open, allowance: Allowance) -> bool:
        """Whether the documented back-off may leave the object alone for longer than is waited for, or almost."""
        return not self._retry_s and get_retry_delay_s(self._errors.failures[each.name]) > 0.8 * allowance.seconds

    def _complete(self, each: Open) -> Open:
        """Return it with how often the Ingester has tried in vain."""
        failures = self._errors.describe_failures(each.name)
        actual = f"{each.finding.actual}; {failures}" if failures else each.finding.actual
        return replace(each, finding=replace(each.finding, actual=actual))

    def _note_rest(
        self, left_open: Sequence[Open], deferred: Collection[str], converged_s: float, allowance: Allowance
    ) -> None:
        word = f"all but {len(left_open)} after " if left_open else ""
        self.report.facts["converged"] = f"{word}{converged_s:.1f} s (allowed {allowance.seconds:.0f} s)"
        self.report.notes.append(("allowed by the documented back-off", str(allowance)))
        if deferred:
            longest_s = max(get_retry_delay_s(self._errors.failures[name]) for name in deferred)
            self.report.facts["nudged"] = f"{len(deferred)}, whose next retry may take {longest_s:.0f} s"
        if left_open:
            self.report.findings += [each.finding for each in left_open]
            self.report.notes.append(("not at rest", "\n".join(str(each.finding) for each in left_open)))

    def _note_final(self, final: FinalWrites, rest: Rest) -> None:
        self.report.findings += [each.finding for each in rest.open]
        self.report.facts["final writes"] = f"{len(final.objects)}, at rest after {rest.waited_s:.1f} s"

    def _judge(self, story: Story, ending: Ending, follower: Follower) -> None:
        """Collect the findings; HarnessError where Kubernetes itself lost what it had acknowledged."""
        report = self.report
        lost = checkers.find_lost_writes(story, ending)
        if lost:
            raise HarnessError(f"Kubernetes lost writes that it had acknowledged: {checkers.summarise(lost)}")
        report.findings = list(dict.fromkeys(report.findings + checkers.check_all(story, ending, follower)))
        report.facts["checked"] = (
            f"{len(story.lives)} objects, {sum(map(len, ending.rows.values()))} rows, {self._sampler.looks} looks"
            f" ({self._sampler.failed_looks} in vain), {len(follower.samples)} whole rows sampled"
        )
        for finding in report.findings[:5]:
            uid = next((uid for uid in report.lives if f"({uid[:8]})" in finding.where), "")
            if uid:
                report.notes.append((f"operations on {finding.where}", describe(report.entries, uid)))


def _list_versions(objects: Mapping[str, JsonObject]) -> dict[str, int]:
    return {uid: get_version(obj) for uid, obj in objects.items()}


def _list_uids(story: Story) -> dict[str, list[str]]:
    uids: dict[str, list[str]] = {}
    for life in story.lives.values():
        uids.setdefault(life.kind, []).append(life.uid)
    return uids


def _shorten(text: str, width: int = 140) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= width else f"{line[:width]}…"
