"""What a controller manager says of itself: queues, retries and reconciles, as controller-runtime measures them.

Only the controllers of the Ingester are counted, by their names; where none is called so, all of them.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

INGESTER = "ingester"
_TIMEOUT_S = 2.0
_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open   # no proxy reaches what is here alone


@dataclass(frozen=True)
class ControllerMetrics:
    """The sums of all queues and controllers at one moment. `buckets` count reconciles by the seconds they took.

    `retries` and `reconciles` count from the process's start on; `errors` are reconciles that failed.
    """

    depth: float = 0.0
    retries: float = 0.0
    reconciles: float = 0.0
    errors: float = 0.0
    reconcile_s: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)

    def subtract(self, earlier: ControllerMetrics) -> ControllerMetrics:
        """Return what has been counted since; the depth is the present one."""
        if earlier.reconciles > self.reconciles:   # another process: it began to count anew
            earlier = ControllerMetrics()
        return ControllerMetrics(
            self.depth,
            self.retries - earlier.retries,
            self.reconciles - earlier.reconciles,
            self.errors - earlier.errors,
            self.reconcile_s - earlier.reconcile_s,
            {bound: number - earlier.buckets.get(bound, 0.0) for bound, number in self.buckets.items()},
        )

    def find_quantile_s(self, share: float) -> float | None:
        """Return the bound of the bucket in which that share of the reconciles ends; None of none."""
        total = max(self.buckets.values(), default=0.0)
        if not total:
            return None
        return next(bound for bound, number in sorted(self.buckets.items()) if number >= share * total)


def parse_metrics(text: str) -> ControllerMetrics:
    """Return what a page in Prometheus' text format says of the controllers; ValueError where it is none."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    ours = [sample for sample in samples if INGESTER in _name(sample).lower()]
    chosen = ours or samples
    buckets: dict[float, float] = {}
    for sample in _select(chosen, "controller_runtime_reconcile_time_seconds_bucket"):
        bound = float(sample.labels["le"])
        buckets[bound] = buckets.get(bound, 0.0) + sample.value
    return ControllerMetrics(
        _add(chosen, "workqueue_depth"),
        _add(chosen, "workqueue_retries_total"),
        _add(chosen, "controller_runtime_reconcile_time_seconds_count"),
        _add(chosen, "controller_runtime_reconcile_errors_total"),
        _add(chosen, "controller_runtime_reconcile_time_seconds_sum"),
        buckets,
    )


def scrape(url: str) -> ControllerMetrics | None:
    """Return what is served there; None where nothing is, or nothing that can be read."""
    try:
        with _OPEN(url, timeout=_TIMEOUT_S) as answer:
            return parse_metrics(answer.read().decode("utf-8", "replace"))
    except (OSError, ValueError):
        return None


def _name(sample: Sample) -> str:
    return sample.labels.get("controller") or sample.labels.get("name") or ""


def _select(samples: Iterable[Sample], name: str) -> Iterable[Sample]:
    return (sample for sample in samples if sample.name == name)


def _add(samples: Iterable[Sample], name: str) -> float:
    return sum(sample.value for sample in _select(samples, name))
