"""Chapter 6, check by check: what the chain of starts and the time away have brought."""

from __future__ import annotations

from harness.chapters.restarts.gates import Gates
from harness.spec.model import Case
from harness.suite.recorder import Recorder


def check_ingester_disabled(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.1: with metadata storage disabled nothing registers, no row changes, nothing restarts."""
    recorder.problem = "the first gate does not disable the Ingester, or harms the rest"
    recorder.take(gates.reach_first_gate())


def check_first_gate_only(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.2: with metadata storage enabled and no mysql stanza, it ends with a clear error."""
    recorder.problem = "without its mysql stanza it does not refuse to start as it should"
    recorder.take(gates.reach_second_gate())


def check_settings(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.3: enabled again, every controller registers, with the workers and the requeue period of its kind."""
    recorder.problem = "settings did not take"
    recorder.take(gates.reach_open())


def check_created_while_down(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.4: an object that was created while the controller manager was down has one row, equal to it."""
    gates.life.require(case)
    recorder.problem = f"{case.name}: its creation was not caught up with"
    recorder.take(gates.get_backfill().get_created(case))


def check_patched_while_down(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.5: the row of an object that was patched meanwhile equals it."""
    gates.life.require_mutable(case)
    recorder.problem = f"{case.name}: its patch was not caught up with"
    recorder.take(gates.get_backfill().get_patched(case))


def check_deleted_while_down(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.6: what was deleted, marked or retired meanwhile has left, and its row is as it must be."""
    gates.life.require_mutable(case)
    recorder.problem = f"{case.name}: its deletion was not caught up with"
    recorder.take(gates.get_backfill().get_deleted(case))


def check_come_and_gone(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.7: an object that was created and deleted meanwhile, and never had a row, is released."""
    gates.life.require_mutable(case)
    recorder.problem = f"{case.name}: an object without a row is held"
    recorder.take(gates.get_backfill().get_fleeting(case))


def check_delayed_deletion(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.9: an object of a kind with a delay keeps row and finalizer for as long, and no other does."""
    recorder.problem = "deletions are not delayed as it is set"
    recorder.look_at = "the evidence of this check, in its order"
    recorder.take(gates.get_delays())


def check_many_objects(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.8: a thousand objects that were created meanwhile each have a row, equal to the object."""
    recorder.problem = "not all objects were caught up with"
    recorder.take(gates.get_backfill().get_many())


def check_failed_writes(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.10: what failed when it was to last, and nobody but the one who wrote it was told, is written again."""
    gates.life.require(case)
    recorder.problem = f"{case.name}: a write that failed at its COMMIT is not made up for"
    recorder.look_at = "the evidence of this check, in its order"
    recorder.take(gates.get_relayed().get_failed_writes(case))


def check_failed_statements(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.13: whichever statement of a write fails for what passes, the whole is written again."""
    gates.life.require(case)
    recorder.problem = f"{case.name}: a write of which a statement failed is not made up for"
    recorder.look_at = "the evidence of this check, in its order: what was answered with which error"
    recorder.take(gates.get_relayed().get_failed_statements(case))


def check_failover(gates: Gates, case: Case, recorder: Recorder) -> None:
    """6.11: when the server of kept connections has become read-only for good, they are given up."""
    gates.life.require(case)
    recorder.problem = f"{case.name}: its writes don't find the server that has taken over"
    recorder.look_at = "mysql.connMaxLifetime, and what is done about a connection after error 1290"
    recorder.take(gates.get_relayed().get_failover(case))


def check_growth(gates: Gates, _: None, recorder: Recorder) -> None:
    """6.12: hundreds of syncs leave no connection, statement, file, thread or goroutine behind."""
    recorder.problem = "something grows with every sync"
    recorder.look_at = "the evidence of this check: what was held, counted three times"
    recorder.take(gates.get_growth())
