"""Times whole runs: the acceptance tests, and beside them a bare script that sends the same requests unchecked.

It is called by `python -m tools.benchmark`, and no part of the package. Both start processes of their own and a
fresh sandbox each time, alternately, so that the machine treats them alike. What counts is the ratio of medians.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cli.options import LOCAL, TARGET_OPTIONS, add_to_parser, read_profile, read_sandbox_settings, spell
from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core.errors import HarnessError, Refusal
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.report.record import read_record
from harness.sandbox.local.client.sandbox import start_local_sandbox
from harness.spec.manifest import as_applied
from harness.spec.model import Case, JsonObject
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract
from harness.subject.registration import await_registration
from tools.clock import VARIABLE

NAMESPACES = ("ingester-test-2", "ingester-test")
_OPTIONS = ("controllermgr", "profile", "crds", "schema", "mysql_url", "set")
_ROW_TIMEOUT_S = 30.0
_ROOT = Path(__file__).resolve().parent.parent


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmark", description=__doc__)
    add_to_parser(parser, [option for option in TARGET_OPTIONS if option.attribute in _OPTIONS])
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each (default: %(default)s)")
    parser.add_argument("--bare", action="store_true", help="run the bare script once; print its stages as JSON")
    parser.set_defaults(sandbox=LOCAL)
    options = parser.parse_args(words)
    options.profile = options.profile or "upstream-main"   # the other one waits for crash loops
    return options


def main() -> int:
    """Time the runs that the command line asks for, and print where their time goes."""
    options = parse()
    try:
        if options.bare:
            print(json.dumps(run_bare(options)))
        else:
            compare(spell(options), options.repeat)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def compare(words: list[str], repeat: int) -> None:
    """Time both alternately, `repeat` times, and print the medians of each stage and the ratio."""
    whole: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    for number in range(repeat):
        bare.append(_time_bare(words))
        whole.append(_time_acceptance(words))
        print(f"run {number + 1}: bare {bare[-1]['total']:.2f} s, acceptance {whole[-1]['total']:.2f} s")
    for name, runs in (("bare script", bare), ("acceptance run", whole)):
        print(f"\n{name}, medians of {repeat}:")
        for stage in runs[0]:
            print(f"  {stage:<36} {statistics.median(run.get(stage, 0.0) for run in runs):7.2f} s")
    print(f"\nratio acceptance / bare: {_median(whole) / _median(bare):.2f}")


def run_bare(options: argparse.Namespace) -> dict[str, float]:
    """Bring a sandbox up, create and patch every CR, wait for each row, and stop; return seconds per stage."""
    started = time.monotonic()
    stages: dict[str, float] = {}
    contract = make_contract(load_profile(read_profile(options)))
    settings = dataclasses.replace(read_sandbox_settings(options), kinds=contract.served_kinds)
    sandbox = start_local_sandbox(settings, keep=False, progress=SILENT)
    try:
        stages["sandbox"] = time.monotonic() - started
        await_registration(sandbox, contract.names, 30.0)
        cluster, database = Cluster(sandbox.kubeconfig), Database(sandbox.mysql)
        for namespace in NAMESPACES:
            cluster.create_namespace(namespace)
        templates = Templates(cases=contract.cases)
        mark = time.monotonic()
        for case in contract.cases:
            for namespace in NAMESPACES:
                sent = as_applied(templates.render(case, {"namespace": namespace}))
                _await_row(database, case, cluster.create(case.kind, sent))
        stages["create"] = time.monotonic() - mark
        mark = time.monotonic()
        for case in contract.cases:
            name = templates.render(case)["metadata"]["name"]
            try:
                answer = cluster.patch(case.kind, NAMESPACES[-1], name, case.patch)
            except Refusal:
                if not contract.is_immutable(case.name):
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


def _time_bare(words: list[str]) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.benchmark", "--bare", *words]
    started = time.time()
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=False)
    total = time.time() - started
    if done.returncode:
        raise HarnessError(f"benchmark: the bare script ended with exit code {done.returncode}")
    stages: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**stages, "start and end of the process": total - sum(stages.values()), "total": total}


def _time_acceptance(words: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder, "clock.json")
        command = [sys.executable, "-m", "pytest", "-p", "tools.clock", "tests/acceptance", "-m", "report", "-q"]
        command += ["--reports", folder, *words]
        started = time.time()
        environment = {**os.environ, VARIABLE: str(clock)}
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, env=environment)
        ended = time.time()
        if done.returncode:
            said = done.stdout[-3000:] + done.stderr[-1000:]
            raise HarnessError(f"benchmark: the acceptance run failed:\n{said}")
        stages = read_record(Path(folder, "latest", "report.json")).stages_s
        marks: dict[str, float] = json.loads(clock.read_text(encoding="utf-8"))
    return split(stages, marks, started, ended)


def split(
    stages: Mapping[str, float], marks: Mapping[str, float], started: float, ended: float
) -> dict[str, float]:
    """Return the seconds of each part of a run, from its process's start to its end; they add up to `total`.

    `stages` are those of its record, where one called "A: B" is a part of A; `marks` are those of `tools.clock`.
    """
    whole = {name: seconds for name, seconds in stages.items() if ": " not in name}
    run = marks["tested"] - marks["collected"]
    return {
        "interpreter and pytest": marks["loaded"] - started,
        "options, plugins and imports": marks["configured"] - marks["loaded"],
        "collection": marks["collected"] - marks["configured"],
        **stages,
        "between the checks": run - sum(whole.values()),
        "stop of the sandbox, reports": marks["reported"] - marks["tested"],
        "end of the interpreter": ended - marks["reported"],
        "total": ended - started,
    }


def _median(runs: list[dict[str, float]]) -> float:
    return statistics.median(run["total"] for run in runs)


if __name__ == "__main__":
    sys.exit(main())
