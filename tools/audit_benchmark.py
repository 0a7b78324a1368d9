"""Measures the audit: time, peak memory, and the ratio to a bare script that reads the same and compares nothing.

It is called by `python -m tools.audit_benchmark`, no part of the package. Objects are added to one sandbox, from
one number to the next; audit and floor run alternately, each in a process of its own. Medians count.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.cli.options import PROFILE_OF_REFERENCE
from harness.core.errors import HarnessError
from harness.core.progress import SILENT
from harness.core.settings import SandboxSettings
from harness.sandbox.local.client.access import list_variables
from harness.sandbox.local.client.sandbox import LocalSandbox, start_local_sandbox
from harness.sandbox.local.wire.folder import CONTEXT_NAME
from harness.sandbox.local.wire.state import read_state
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract
from tools.audit_load import load

_ROOT = Path(__file__).resolve().parent.parent
_INTERVAL_S = 0.25


@dataclass(frozen=True)
class Measure:
    """What a process and those that it began took: seconds, of the processor, and MiB at their largest."""

    seconds: float
    cpu_s: float
    peak_mib: float


def main() -> int:
    """Load, measure, and print a line for each number of objects."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit_benchmark", description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=[1000, 10_000], metavar="N", help="how many")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each (default: %(default)s)")
    parser.add_argument("audit", nargs="*", metavar="OPTION", help="options of the audit, after --")
    options = parser.parse_args()
    contract = make_contract(load_profile(PROFILE_OF_REFERENCE))
    settings = SandboxSettings(profile=PROFILE_OF_REFERENCE, kinds=contract.served_kinds)
    sandbox = start_local_sandbox(settings, keep=False, progress=SILENT)
    try:
        sandbox.stop_controllermgr()
        there = 0
        for number in sorted(options.objects):
            began = time.monotonic()
            for _ in load(sandbox, contract, number - there, first=there):
                pass
            there = number
            print(f"{number:,} objects, the last ones loaded in {time.monotonic() - began:.1f} s", flush=True)
            _compare(sandbox, number, options.repeat, options.audit)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        sandbox.stop()
    return 0


def _compare(sandbox: LocalSandbox, number: int, repeat: int, words: list[str]) -> None:
    state = read_state(sandbox.folder)
    assert state is not None  # noqa: S101  it is up
    variables = list_variables(sandbox.folder, state)
    url, kubeconfig = variables["MYSQL_URL"], variables["KUBECONFIG"]
    floor = [sys.executable, "-m", "tools.audit_floor", kubeconfig, url]
    with tempfile.TemporaryDirectory() as folder:
        audit = [sys.executable, "-m", "harness", "audit", "--context", CONTEXT_NAME, "--kubeconfig", kubeconfig]
        audit += ["--mysql-url", url, "--profile", PROFILE_OF_REFERENCE, "--output", folder, *words]
        bare, whole = [], []
        for _ in range(repeat):
            bare.append(measure(floor, variables))
            whole.append(measure(audit, variables))
    for name, runs in (("floor", bare), ("audit", whole)):
        seconds, cpu_s = (statistics.median(getattr(run, part) for run in runs) for part in ("seconds", "cpu_s"))
        peak = max(run.peak_mib for run in runs)
        each = 1000 * seconds / number
        print(f"  {name}  {seconds:7.1f} s  {cpu_s:7.1f} s of CPU  {peak:6.0f} MiB  {each:6.2f} ms an object")
    more = {
        part: statistics.median(getattr(each, part) for each in whole)
        / statistics.median(getattr(each, part) for each in bare)
        for part in ("seconds", "cpu_s")
    }
    print(f"  ratio  {more['seconds']:.2f}, of CPU {more['cpu_s']:.2f}", flush=True)


def measure(command: list[str], variables: dict[str, str]) -> Measure:
    """Run a process to its end and return what it took; HarnessError where it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=_ROOT, env={**os.environ, **variables}, stdout=output, stderr=subprocess.STDOUT
        )
        peak = _Peak(psutil.Process(process.pid))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        together_mib = peak.end()
        if process.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace")[-2000:]
            raise HarnessError(f"benchmark: exit code {process.returncode}: {' '.join(command)}\n{said}")
    return Measure(seconds, usage.ru_utime + usage.ru_stime, max(together_mib, usage.ru_maxrss / 1024))


class _Peak:
    """Watches how large a process and those that it has begun become together; what they share counts once."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._largest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Return the largest that was seen, in MiB."""
        self._ended.set()
        self._thread.join()
        return self._largest

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL_S):
            with contextlib.suppress(psutil.Error):   # one has ended meanwhile
                all_of_them = [self._process, *self._process.children(recursive=True)]
                size = sum(each.memory_full_info().pss for each in all_of_them) / 2**20
                self._largest = max(self._largest, size)


if __name__ == "__main__":
    sys.exit(main())
