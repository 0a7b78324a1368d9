"""Chapter 8: faults under load. Nothing acknowledged may be lost, whatever breaks meanwhile.

A section is a family of faults, a check one of them. Run by request only: the rounds disturb the sandbox and take
minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.chapters.faults.catalogue import FAULTS, Fault
from harness.chapters.faults.issues import ISSUES
from harness.chapters.faults.run import DEFAULT_SEED, FaultRun
from harness.core.record import Layout
from harness.spec.features import PRIMARY_KEY
from harness.suite.chapter import Chapter, Section, Selection, Topic, whole_run
from harness.suite.recorder import Recorder


def check_nothing_is_lost(state: FaultRun, fault: Fault, recorder: Recorder) -> None:
    """Run the fault's round, with the seed that every run has."""
    state.run_round([fault], recorder, seed=DEFAULT_SEED, outage_s=fault.outage_s)


def check_nothing_grows(state: FaultRun, _: None, recorder: Recorder) -> None:
    """8.8: thousands of syncs leave nothing behind, memory included."""
    recorder.problem = "something grows with every sync"
    recorder.look_at = "the evidence of this check: what was held, counted three times"
    state.measure_growth(recorder)


def _make_family(number: str, heading: str, happens: str) -> Section:
    def list_topics(_: Selection) -> Sequence[Topic]:
        return [
            Topic(fault.name, fault, section=fault.section, title=fault.title)
            for fault in FAULTS
            if fault.section == number
        ]

    return Section(
        number=number,
        heading=heading,
        title=f"Nothing acknowledged is lost where {happens}",
        promise=f"In the middle of load {happens}; afterwards MySQL holds all that Kubernetes acknowledged.",
        check=check_nothing_is_lost,
        topics=list_topics,
    )


CHAPTER = Chapter(
    key="faults",
    title="Faults under load",
    explanation="A workload, a fault in its middle, and checkers at its end: nothing acknowledged may be lost.",
    summary="faults under load; they disturb the sandbox and take minutes, so they are run by request only",
    markers=("faults",),
    open=FaultRun,
    sections=(
        _make_family("8.1", "Killed", "a component is killed"),
        _make_family("8.2", "Stopped", "a component is stopped for a while"),
        _make_family("8.3", "Connections to MySQL", "the way to MySQL is broken"),
        _make_family("8.4", "Connections to kube-apiserver", "the way to kube-apiserver is broken"),
        _make_family("8.5", "MySQL refuses", "MySQL answers and refuses"),
        _make_family("8.6", "Schema", "one kind's table is broken"),
        _make_family("8.7", "Watches", "the controller manager's watches expire"),
        Section(
            number="8.8",
            heading="Endurance",
            title="Nothing that is held grows with every sync",
            promise="Thousands of syncs leave no connection, statement, file, thread, goroutine or memory behind.",
            check=check_nothing_grows,
            topics=whole_run,
        ),
    ),
    issues=ISSUES,
    features=(PRIMARY_KEY,),
    layout=Layout.TABLE,
    by_request=True,
    needs_faults=True,
)
