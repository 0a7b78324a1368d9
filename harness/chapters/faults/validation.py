"""What follows a round's fault: convergence, one last write per object, convergence again, and all that is left.

It waits and gathers; what it gathers is judged by `harness.chapters.faults.judgement` alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from harness.chapters.faults.environment import Environment
from harness.chapters.faults.errorlog import ErrorLog
from harness.chapters.faults.final_state import gather, list_objects
from harness.chapters.faults.final_writes import read_finally, read_versions, write_finally
from harness.chapters.faults.judgement import Convergence, Wait, trace
from harness.chapters.faults.load.sampler import Sampler
from harness.chapters.faults.round_record import Identities, Look, RoundRecord
from harness.clients.kube import Cluster, get_version
from harness.clients.mysql.tables import Tables
from harness.core.polling import wait_for
from harness.spec.model import JsonObject

_INTERVAL_S = 0.1


class Validation:
    """Gathers what a load, which has ended, and a fault left behind; writes it into the round's `record`."""

    def __init__(
        self, environment: Environment, cluster: Cluster, sampler: Sampler, errors: ErrorLog, record: RoundRecord
    ) -> None:
        self._environment = environment
        self._cluster = cluster
        self._sampler = sampler
        self._errors = errors
        self._record = record
        self._identities = Identities()

    def run(self) -> None:
        """Wait, write, wait again, and gather everything; HarnessError where the sandbox gave way."""
        kinds, record = self._environment.kinds, self._record
        with contextlib.closing(Tables(self._environment.sandbox.mysql)) as tables:
            objects = read_finally(self._cluster, kinds, record.namespace)
            first = self._wait(tables, objects, after_final_writes=False)
            written = write_finally(
                self._cluster,
                kinds,
                record.namespace,
                mark=f"s{record.seed}",
                leave_alone=record.immutable,
                touched={each.name for each in first.pending},
            )
            record.final_writes, record.first_final = written.objects, written.first_version
            self._wait(tables, written.objects, after_final_writes=True)
            follower = self._sampler.end()
            record.samples = follower.list_samples()
            record.sampler_looks, record.failed_looks = self._sampler.looks, self._sampler.failed_looks
            record.troubles = dict(self._errors.troubles)
            uids: dict[str, list[str]] = {}
            for each in trace(record).records.values():
                uids.setdefault(each.kind, []).append(each.uid)
            record.final = gather(self._cluster, tables, kinds, record.namespace, uids)

    def _wait(
        self, tables: Tables, objects: Mapping[str, JsonObject], *, after_final_writes: bool
    ) -> Convergence:
        """Look until all has converged that will, or the time is up; every look goes into the record."""
        record = self._record
        settling = record.settled_finally if after_final_writes else record.settled
        settling.targets = {uid: get_version(obj) for uid, obj in objects.items()}
        settling.began_at = time.monotonic()
        wait = Wait(record, self._environment.is_explained, after_final_writes=after_final_writes)

        def look() -> Look:
            settling.looks.append(self._look(tables))
            return settling.looks[-1]

        wait_for(
            look, wait.is_over, timeout_s=wait.allowed_s, interval_s=_INTERVAL_S, max_interval_s=2 * _INTERVAL_S
        )
        return wait.conclude()

    def _look(self, tables: Tables) -> Look:
        kinds, namespace = self._environment.kinds, self._record.namespace
        self._errors.read()
        objects = self._identities.reduce(list_objects(self._cluster, kinds, namespace))
        rows = read_versions(tables, kinds, namespace)
        return Look(time.monotonic(), objects, rows, dict(self._errors.troubles))
