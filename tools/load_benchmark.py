"""How many objects a second are created by one plain client, and by Locust with one worker and more, by turns.

`python -m tools.load_benchmark --workers 1 --workers 2 --rounds 3` prints a line for each, with the processor time
of a create: kube-apiserver's, which is the end of it on a small machine, and the clients'. No controller manager
runs meanwhile. With `--stub` a server that answers at once stands in for it: then the workers are the end.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.clients.kube import Cluster, read_login
from harness.clients.login import Login
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.load.engine import Engine
from harness.load.loading import make_path
from harness.load.plan import NAME, LoadPlan, Template
from harness.load.writes import Write
from harness.sandbox.base import KUBE_APISERVER
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.sandbox.ports import LOOPBACK
from harness.spec.model import JsonObject
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract

_ROOT = Path(__file__).resolve().parent.parent
_KIND = "Project"
_END_S = 300.0
_MIDDLE = (0.3, 0.8)   # of the time in which something was answered: workers don't begin at one moment
_CONTRACT = make_contract(load_profile("report-2026-03"))


@dataclass(frozen=True)
class Server:
    """What answers: its process, how it is reached, and the kubeconfig where it has namespaces to be made."""

    process: psutil.Process
    login: Login
    kubeconfig: Path | None = None

    def prepare(self, namespace: str) -> JsonObject:
        """Return an object for the namespace, which is there then."""
        if self.kubeconfig is not None:
            Cluster(self.kubeconfig).create_namespace(namespace)
        return Templates(cases=_CONTRACT.cases).render(_CONTRACT.get_case(_KIND), {"namespace": namespace})


@dataclass(frozen=True)
class Turn:
    """Creates a second, and milliseconds of the processor for each: the server's, and the clients'."""

    rate: float
    server_ms: float
    client_ms: float

    def __str__(self) -> str:
        return (
            f"{self.rate:.0f} creates/s; for each {self.server_ms:.2f} ms of the server's processor time,"
            f" {self.client_ms:.2f} ms of the clients'"
        )


def main(arguments: list[str] | None = None) -> int:
    """Measure by turns, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m tools.load_benchmark", description=__doc__)
    parser.add_argument("--workers", type=int, action="append", default=[], metavar="N", help="repeatable")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of each measurement")
    parser.add_argument("--stub", action="store_true", help="against a server that answers at once")
    options = parser.parse_args(arguments)
    found: dict[str, list[Turn]] = {}
    with (_open_stub if options.stub else _open_sandbox)() as server:
        plain = [] if server.kubeconfig is None else [0]
        turns = itertools.product(range(options.rounds), [*plain, *(options.workers or [1, 2])])
        for number, (_, workers) in enumerate(turns):
            name = f"Locust, workers: {workers}" if workers else "one plain client"
            obj = server.prepare(f"round-{number}")
            turn = (_load if workers else _create)(server, obj, options.seconds, workers)
            found.setdefault(name, []).append(turn)
            print(f"{name}: {turn}", flush=True)
    print("medians:")
    first = _find_median(next(iter(found.values())))
    for name, values in found.items():
        median = _find_median(values)
        low, high = min(each.rate for each in values), max(each.rate for each in values)
        print(f"{name}: {median} ({low:.0f} to {high:.0f} creates/s), {median.rate / first.rate:.1f} times")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


def _find_median(turns: Sequence[Turn]) -> Turn:
    return Turn(*(statistics.median(getattr(each, name) for each in turns) for name in Turn.__dataclass_fields__))


@contextlib.contextmanager
def _open_sandbox() -> Iterator[Server]:
    sandbox = start_local_sandbox(SandboxSettings(), keep=False, progress=SILENT)
    try:
        sandbox.stop_controllermgr()
        process = psutil.Process(sandbox.component(KUBE_APISERVER).pid)
        yield Server(process, read_login(sandbox.kubeconfig), sandbox.kubeconfig)
    finally:
        sandbox.stop()


@contextlib.contextmanager
def _open_stub() -> Iterator[Server]:
    command = [sys.executable, "-m", "tools.load_stub"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        try:
            port = int(process.stdout.readline())
            yield Server(psutil.Process(process.pid), Login(f"http://{LOOPBACK}:{port}"))
        finally:
            process.terminate()


def _create(server: Server, obj: JsonObject, seconds: float, _workers: int) -> Turn:
    assert server.kubeconfig is not None  # noqa: S101  else there is no plain client
    cluster, kind = Cluster(server.kubeconfig), _CONTRACT.get_case(_KIND).kind
    began, own, others = time.monotonic(), time.process_time(), _read_cpu_s([server.process])
    for number in itertools.count(1):
        cluster.create(kind, {**obj, "metadata": {**obj["metadata"], "name": f"plain-{number}"}})
        spent = time.monotonic() - began
        if spent >= seconds:
            others = _read_cpu_s([server.process]) - others
            return Turn(number / spent, 1000 * others / number, 1000 * (time.process_time() - own) / number)
    raise AssertionError


def _load(server: Server, obj: JsonObject, seconds: float, workers: int) -> Turn:
    body = json.dumps({**obj, "metadata": {**obj["metadata"], "name": NAME}})
    template = Template(_KIND, "projects", body)
    plan = LoadPlan(make_path(obj["metadata"]["namespace"]), (template,), duration_s=seconds, workers=workers)
    writes: list[Write] = []
    looks: list[tuple[int, float, float]] = []   # how many there were, and the processor time by then
    with contextlib.closing(Engine(plan, server.login)) as engine:
        clients = [psutil.Process(pid) for pid in engine.pids]

        def look() -> bool:
            writes.extend(write for write in engine.writes.read() if write.done)
            if writes and len(engine.pids) == len(clients):   # all of them run
                looks.append((len(writes), _read_cpu_s([server.process]), _read_cpu_s(clients)))
            return engine.has_ended()

        wait_for(look, bool, timeout_s=seconds + _END_S, interval_s=0.25, max_interval_s=0.25)
    answered = sorted(write.answered_at for write in writes)
    begin, end = (answered[0] + (answered[-1] - answered[0]) * share for share in _MIDDLE)
    number, server_s, client_s = (after - before for before, after in zip(looks[0], looks[-1], strict=True))
    rate = sum(begin <= at < end for at in answered) / (end - begin)
    return Turn(rate, 1000 * server_s / number, 1000 * client_s / number)


def _read_cpu_s(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes)


if __name__ == "__main__":
    sys.exit(main())
