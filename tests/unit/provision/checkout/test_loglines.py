"""Promises of `harness.provision.checkout.loglines`: the lines of each reconcile, those of branches left out."""

from __future__ import annotations

import pytest

from harness.provision.checkout.gocode import GoCode
from harness.provision.checkout.loglines import read_log_lines
from harness.spec.read import LogLines

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
