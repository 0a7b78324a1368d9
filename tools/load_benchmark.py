"""How many objects a second are created by one plain client, and by Locust with one worker and more, by turns.

`python -m tools.load_benchmark --workers 1 --workers 2 --rounds 3` prints a line for each, and what kube-apiserver
took, which is the end of it on a small machine. No controller manager runs meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator

import psutil

from harness.clients.kube import Cluster, read_login
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.load.engine import Engine
from harness.load.loading import make_path
from harness.load.plan import NAME, LoadPlan, Template
from harness.sandbox.base import KUBE_APISERVER
from harness.sandbox.local.client.sandbox import LocalSandbox, start_local_sandbox
from harness.spec.contract import Contract
from harness.spec.model import JsonObject
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract

_KIND = "Project"
_END_S = 120.0
_MIDDLE = (0.3, 0.8)   # of the time in which something was answered


def main(arguments: list[str] | None = None) -> int:
    """Measure by turns, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m tools.load_benchmark", description=__doc__)
    parser.add_argument("--workers", type=int, action="append", default=[], metavar="N", help="repeatable")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of each measurement")
    options = parser.parse_args(arguments)
    contract = make_contract(load_profile("report-2026-03"))
    sandbox = start_local_sandbox(SandboxSettings(), keep=False, progress=SILENT)
    found: dict[str, list[tuple[float, float]]] = {}
    try:
        sandbox.stop_controllermgr()
        turns = itertools.product(range(options.rounds), [0, *(options.workers or [1, 2])])
        for number, (_, workers) in enumerate(turns):
            name = f"Locust, workers: {workers}" if workers else "one plain client"
            obj = _render(contract, f"round-{number}")
            Cluster(sandbox.kubeconfig).create_namespace(f"round-{number}")
            with _timing(sandbox) as spent:
                rate = (_load if workers else _create)(sandbox, obj, options.seconds, workers)
            found.setdefault(name, []).append((rate, spent[0]))
            print(f"{name}: {rate:.0f} creates/s, kube-apiserver {spent[0]:.2f} cores", flush=True)
    finally:
        sandbox.stop()
    first = None
    for name, values in found.items():
        rate = statistics.median(rate for rate, _ in values)
        first = first or rate
        low, high = min(rate for rate, _ in values), max(rate for rate, _ in values)
        cores = statistics.median(cores for _, cores in values)
        times = f"{rate / first:.1f} times, {cores:.2f} cores"
        print(f"{name}: {rate:.0f} creates/s ({low:.0f} to {high:.0f}), {times}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


def _render(contract: Contract, namespace: str) -> JsonObject:
    return Templates(cases=contract.cases).render(contract.get_case(_KIND), {"namespace": namespace})


@contextlib.contextmanager
def _timing(sandbox: LocalSandbox) -> Iterator[list[float]]:
    """Yield a list in which, afterwards, the cores are that kube-apiserver took on average."""
    process = psutil.Process(sandbox.component(KUBE_APISERVER).pid)
    before, began, spent = sum(process.cpu_times()[:2]), time.monotonic(), list[float]()
    yield spent
    spent.append((sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began))


def _create(sandbox: LocalSandbox, obj: JsonObject, seconds: float, _workers: int) -> float:
    cluster = Cluster(sandbox.kubeconfig)
    kind = make_contract(load_profile("report-2026-03")).get_case(_KIND).kind
    began = time.monotonic()
    for number in itertools.count(1):
        cluster.create(kind, {**obj, "metadata": {**obj["metadata"], "name": f"plain-{number}"}})
        spent = time.monotonic() - began
        if spent >= seconds:
            return number / spent
    raise AssertionError


def _load(sandbox: LocalSandbox, obj: JsonObject, seconds: float, workers: int) -> float:
    namespace = obj["metadata"]["namespace"]
    body = json.dumps({**obj, "metadata": {**obj["metadata"], "name": NAME}})
    template = Template(_KIND, "projects", body)
    plan = LoadPlan(make_path(namespace), (template,), duration_s=seconds, workers=workers)
    with contextlib.closing(Engine(plan, read_login(sandbox.kubeconfig))) as engine:
        wait_for(engine.has_ended, bool, timeout_s=seconds + _END_S)
        answered = sorted(write.answered_at for write in engine.writes.read() if write.done)
    first, last = answered[0], answered[-1]
    begin, end = (first + (last - first) * share for share in _MIDDLE)   # workers don't begin at one moment
    return sum(begin <= at < end for at in answered) / (end - begin)


if __name__ == "__main__":
    sys.exit(main())
