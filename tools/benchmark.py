"""Times whole runs: the acceptance tests, and beside them a bare script that sends the same requests unchecked.

Both start processes of their own and a fresh sandbox each time, alternately, so that the machine treats them
alike. What counts is the ratio of the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.chapters.seed.run import as_applied
from harness.cli.options import add_sandbox_options, read_profile, read_sandbox_settings
from harness.clients.kube import Cluster, Refusal
from harness.clients.mysql import Database
from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.report.record import read_record
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.spec.cases import CASES
from harness.spec.model import Case, JsonObject
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.subject.registration import await_registration

NAMESPACES = ("ingester-test-2", "ingester-test")
_ROW_TIMEOUT_S = 30.0
_ROOT = Path(__file__).resolve().parent.parent


def add_benchmark_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `python -m harness benchmark`."""
    command = commands.add_parser("benchmark", help="time whole runs against a bare script, stage by stage")
    add_sandbox_options(command.add_argument)
    command.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each (default: %(default)s)")
    command.add_argument("--bare", action="store_true", help="run the bare script once; print its stages as JSON")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    options.profile = options.profile or "upstream-main"   # the other one waits for crash loops
    if options.bare:
        print(json.dumps(run_bare(options)))
        return 0
    whole: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    for number in range(options.repeat):
        bare.append(_time_bare(options))
        whole.append(_time_acceptance(options))
        print(f"run {number + 1}: bare {bare[-1]['total']:.2f} s, acceptance {whole[-1]['total']:.2f} s")
    for name, runs in (("bare script", bare), ("acceptance run", whole)):
        print(f"\n{name}, medians of {options.repeat}:")
        for stage in runs[0]:
            print(f"  {stage:<12} {statistics.median(run.get(stage, 0.0) for run in runs):7.2f} s")
    ratio = _median(whole) / _median(bare)
    print(f"\nratio acceptance / bare: {ratio:.2f}")
    return 0


def run_bare(options: argparse.Namespace) -> dict[str, float]:
    """Bring a sandbox up, create and patch every CR, wait for each row, and stop; return seconds per stage."""
    started = time.monotonic()
    stages: dict[str, float] = {}
    sandbox = start_local_sandbox(read_sandbox_settings(options), keep=False, progress=SILENT)
    try:
        stages["sandbox"] = time.monotonic() - started
        await_registration(sandbox, 30.0)
        cluster, database = Cluster(sandbox.kubeconfig), Database(sandbox.mysql)
        for namespace in NAMESPACES:
            cluster.create_namespace(namespace)
        templates = Templates()
        immutable = load_profile(read_profile(options)).immutable_kinds
        mark = time.monotonic()
        for case in CASES:
            for namespace in NAMESPACES:
                sent = as_applied(templates.render(case, {"namespace": namespace}))
                _await_row(database, case, cluster.create(case.kind, sent))
        stages["create"] = time.monotonic() - mark
        mark = time.monotonic()
        for case in CASES:
            name = templates.render(case)["metadata"]["name"]
            try:
                answer = cluster.patch(case.kind, NAMESPACES[-1], name, case.patch)
            except Refusal:
                if case.name not in immutable:
                    raise
            else:
                _await_row(database, case, answer)
        stages["patch"] = time.monotonic() - mark
        database.close()
    finally:
        mark = time.monotonic()
        sandbox.stop()
        stages["stop"] = time.monotonic() - mark
    return stages


def _await_row(database: Database, case: Case, answer: JsonObject) -> None:
    metadata = answer["metadata"]
    wanted = int(metadata["resourceVersion"])
    wait = wait_for(
        lambda: database.get_version(case.kind, metadata["uid"]) or 0,
        lambda version: version >= wanted,
        timeout_s=_ROW_TIMEOUT_S,
    )
    if not wait.satisfied:
        raise HarnessError(f"benchmark: {case.name} did not reach MySQL within {_ROW_TIMEOUT_S:.0f} s")


def _time_bare(options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "harness", "benchmark", "--bare", *_repeat_options(options)]
    started = time.monotonic()
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=False)
    total = time.monotonic() - started
    if done.returncode:
        raise HarnessError(f"benchmark: the bare script ended with exit code {done.returncode}")
    return {**json.loads(done.stdout.splitlines()[-1]), "total": total}


def _time_acceptance(options: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "tests/acceptance", "-m", "report", "-q", "--reports", folder]
        command += _repeat_options(options)
        started = time.monotonic()
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
        total = time.monotonic() - started
        if done.returncode:
            raise HarnessError(f"benchmark: the acceptance run failed:\n{done.stdout[-3000:]}")
        stages = read_record(Path(folder, "latest", "report.json")).stages_s
    return {**stages, "total": total}


def _repeat_options(options: argparse.Namespace) -> list[str]:
    """Return the sandbox's options again, for a process of its own."""
    names = ("controllermgr", "profile", "crds", "schema", "mysql_url")
    given = {name: getattr(options, name) for name in names}
    return [word for name, value in given.items() if value for word in (f"--{name.replace('_', '-')}", value)]


def _median(runs: list[dict[str, float]]) -> float:
    return statistics.median(run["total"] for run in runs)
