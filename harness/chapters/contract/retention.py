"""Steps in which an object of a retained kind goes: its row stays live, and has the object's final state."""

from __future__ import annotations

from dataclasses import replace

from harness.chapters.contract.deletions import (
    RECREATED,
    SUCCEEDED,
    delete_while_held,
    observe_retained,
    wait_for_end,
)
from harness.chapters.contract.lifecycle import Lifecycle, Step
from harness.core import codes
from harness.spec.annotations import INGESTER_FINALIZER, OURS, get_finalizers
from harness.spec.equality import show
from harness.spec.model import Case
from harness.suite.recorder import Recorder
from harness.suite.rows import record_row

DRAIN = f"{OURS}/drain"
"""A finalizer of others, which holds an object for as long as they have something to do."""


def _delete_retained(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    plain = life.make(case, "retained", finalizer=True)
    recorder.evidence = plain.evidence
    record_row(recorder, life.wait_for_row(plain), "created")
    held = life.make(case, "drained", finalizer=True, held_by=(DRAIN,))
    record_row(recorder, life.wait_for_row(held), "created, with another finalizer")
    recorder.evidence += held.evidence
    delete_while_held(life, plain, recorder, plain.delete)
    held.delete()
    going = held.read()
    if going is not None:
        held.note_write(going)
    record_row(recorder, life.wait_for_row(held), "deleted, while another finalizer is on")
    held.patch({"metadata": {"labels": {f"{OURS}/drain": "under-way"}}})
    record_row(recorder, life.wait_for_row(held), "patched, while another finalizer is on")


def _observe_retained(life: Lifecycle, case: Case, recorder: Recorder) -> None:
    observe_retained(life, life.find(case, "retained"), recorder)
    held = life.find(case, "drained")
    finalizers = get_finalizers(held.read())
    if INGESTER_FINALIZER not in finalizers:
        where = "metadata.finalizers, while another one is on"
        recorder.find(codes.FINALIZER_MISSING, where, f"with {INGESTER_FINALIZER}", show(finalizers))
        held.release()
        return
    held.patch({"metadata": {"finalizers": [name for name in finalizers if name != DRAIN]}})
    record_row(recorder, life.wait_for_row(held), "let go of by the others")
    wait_for_end(life, held)
    observe_retained(life, held, recorder)


RETAINED = Step("retained", _delete_retained, _observe_retained)
SUCCEEDED_RETAINED = replace(SUCCEEDED, after=(replace(RECREATED, after=(RETAINED,)),))
