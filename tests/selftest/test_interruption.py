"""A run that is cut short keeps what it gathered, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal

import psutil
import pytest

from harness.core.polling import wait_for
from harness.core.record import Status

from .conftest import Acceptance


def find_processes(acceptance: Acceptance) -> list[psutil.Process]:
    """Return the processes that the acceptance runs started: they carry the runs' folder with them."""
    found = []
    for process in psutil.process_iter():
        try:
            traces = [process.cwd(), *process.cmdline(), *process.environ().values()]
            ended = process.status() == psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and not ended and any(str(acceptance.folder) in text for text in traces):
            found.append(process)
    return found


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
@pytest.mark.parametrize("moment", ["start", "checks"])
def test_an_interrupted_run_writes_its_report(
    signum: signal.Signals, moment: str, own_acceptance: Acceptance
) -> None:
    """Ctrl-C and SIGTERM, while the sandbox starts or later, end in a report with the rest NOT RUN."""
    process = own_acceptance.start("-v")
    awaited = {"start": "kube-apiserver", "checks": "test_section[1.4-"}[moment]
    assert wait_for(lambda: awaited in own_acceptance.read_output(), bool, timeout_s=60).satisfied
    process.send_signal(signum)
    assert process.wait(30) == 2, own_acceptance.read_output()
    record = own_acceptance.read_record()
    assert record is not None
    assert record.interrupted
    assert Status.NOT_RUN in {check.status for check in record.checks}
    assert Status.FAIL not in {check.status for check in record.checks}
    assert own_acceptance.find_report().exists()
    assert wait_for(lambda: find_processes(own_acceptance), lambda p: not p, timeout_s=30).satisfied


def test_a_killed_run_leaves_no_process(own_acceptance: Acceptance) -> None:
    """A run that is killed outright takes its sandbox along."""
    process = own_acceptance.start("-v")
    assert wait_for(
        lambda: "test_section[1.4-" in own_acceptance.read_output(), bool, timeout_s=60
    ).satisfied
    assert len(find_processes(own_acceptance)) > 4
    process.kill()
    process.wait()
    assert wait_for(lambda: find_processes(own_acceptance), lambda p: not p, timeout_s=20).satisfied


def test_a_kept_sandbox_is_used_again_and_ends_on_request(own_acceptance: Acceptance) -> None:
    """The second run finds the first one's sandbox; `sandbox down` leaves nothing of it."""
    first = own_acceptance.run("--crd", "project", "--profile", "upstream-main")
    second = own_acceptance.run("--crd", "project", "--profile", "upstream-main")
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert first.record is not None
    assert second.record is not None
    assert (first.record.namespace, second.record.namespace) == ("ingester-test", "ingester-test-3")
    assert {"sandbox: etcd", "sandbox: mysql"} <= first.record.stages_s.keys()
    assert not any(stage.startswith("sandbox: ") for stage in second.record.stages_s)
    assert own_acceptance.sandbox(["down"]).returncode == 0
    assert wait_for(lambda: find_processes(own_acceptance), lambda p: not p, timeout_s=30).satisfied


def test_a_failing_run_ends_in_time(own_acceptance: Acceptance) -> None:
    """A run that has failed ends at its limit, in mid-wait: the rest is NOT RUN, and says why."""
    executable = own_acceptance.make_executable("late-verdict", ["kind-never-synced"], "report-2026-03")
    outcome = own_acceptance.run(
        *("--controllermgr", str(executable), "--profile", "report-2026-03", "--crd", "InferenceServer"),
        *("-m", "report or contract", "--sync-timeout", "3", "--verdict-within", "6"),
        keep=False,
    )
    assert outcome.exit_code == 1, outcome.output
    assert outcome.record is not None
    assert ("1.5", "InferenceServer") in outcome.find(Status.FAIL)
    assert "InferenceServer" in outcome.record.headline
    assert not outcome.record.interrupted
    cut = [check for check in outcome.record.checks if "--verdict-within 6" in check.detail]
    assert {check.status for check in cut} == {Status.NOT_RUN}
    assert {check.section for check in cut} >= {"5.20"}
    assert "--verdict-within 6" in outcome.output
    assert re.search(r"First to fail, after [\d.]+ s: 1\.5 InferenceServer: ", outcome.output)
    assert "rows were not counted" not in outcome.output
    assert wait_for(lambda: find_processes(own_acceptance), lambda p: not p, timeout_s=30).satisfied
