"""Promises of `harness.provision.checkout.loglines`: the lines of each reconcile, those of branches left out."""

from __future__ import annotations

import pytest

from harness.provision.checkout.gocode import GoCode
from harness.provision.checkout.loglines import read_log_lines, read_setup_lines
from harness.spec.read import LogLines, SetupLines

CODE = """\
func (r *R) Reconcile(ctx Context) {
	log.Info("Reconciling object")
	if gone {
		log.Info("Object not found")
	}
}

func (r *R) handleSync(ctx Context) {
	if unclaimed {
		log.Info("Adding finalizer")
	}
	log.Info("Syncing object")
	log.Info("Synced object", "key", key)
}

func (r *R) handleImmutableObject(ctx Context) {
	log.Info("Object is immutable")
	log.Info("Moved object")
}
"""


def test_the_lines_are_read() -> None:
    """The first one of Reconcile, then first and last of what is done with the object."""
    assert read_log_lines(GoCode({"c.go": CODE})) == LogLines(
        ("Reconciling object", "Syncing object", "Synced object"),
        ("Reconciling object", "Object is immutable", "Moved object"),
        "c.go:2",
    )


@pytest.mark.parametrize("line", ["Reconciling object", "Synced object", "Moved object"])
def test_less_than_start_and_success_is_not_read(line: str) -> None:
    """A version that has stopped logging one must not pass for one that says it otherwise."""
    code = "\n".join(each for each in CODE.splitlines() if line not in each)
    assert read_log_lines(GoCode({"c.go": code})) is None


def test_functions_of_other_names_are_told_by_what_they_do() -> None:
    """Who writes the row alone syncs; who deletes the object as well retires it."""
    code = CODE.replace("handleSync", "mirror").replace("handleImmutableObject", "moveAway")
    code = code.replace('\tlog.Info("Synced', '\tr.storage.Upsert(ctx, object)\n\tlogger.Info("Synced')
    code = code.replace('\tlog.Info("Moved', '\tr.upsertRow(ctx)\n\tr.Delete(ctx, object)\n\tr.log.Info("Moved')
    lines = read_log_lines(GoCode({"c.go": code}))
    assert lines is not None
    assert (lines.synced[1:], lines.retired[1:]) == (
        ("Syncing object", "Synced object"), ("Object is immutable", "Moved object"),
    )  # fmt: skip


def test_where_no_function_can_be_told_nothing_is_expected() -> None:
    """A rewrite is not wrong for being one."""
    lines = read_log_lines(GoCode({"c.go": CODE.replace("handleSync", "mirror")}))
    assert lines is not None
    assert (lines.synced, lines.retired) == ((), ())


SETUP = """\
func register(p params) error {
	if p.Storage == nil {
		p.Logger.Warn("No storage, no ingester")
		return nil
	}

	p.Logger.Info("Ingester begins")

	for _, obj := range v2pb.CrdObjects {
		if isPrimary(obj) {
			log.Info("Kind is left out")
			continue
		}
		if err := reconciler.SetupWithManager(p.Manager); err != nil {
			return err
		}
		log.Info("Watching",
			zap.Int("concurrentReconciles", 1))
	}
	return nil
}
"""


def test_the_lines_of_the_set_up_are_read() -> None:
    """That it has no storage, that it begins, and each controller; what it leaves out is none of these."""
    lines = read_setup_lines(GoCode({"module.go": SETUP}))
    assert lines == SetupLines("Ingester begins", "Watching", "No storage, no ingester", "module.go:17")


@pytest.mark.parametrize("line", ["Watching", "SetupWithManager"])
def test_a_set_up_that_logs_no_controller_is_expected_to(line: str) -> None:
    """A version that has stopped logging it is judged by what it logged before."""
    code = "\n".join(each for each in SETUP.splitlines() if line not in each)
    assert read_setup_lines(GoCode({"module.go": code})) == SetupLines()
