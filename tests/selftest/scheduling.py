"""In which order pytest-xdist hands out the tests, and which ones to the same worker.

The faults of a batch share a run, so that one worker has them all; likewise a module whose tests share servers.
What takes long comes first: whatever is short then fills the end, while the last of the long ones are still at it.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from tests.selftest.batches import BATCHES

_FAULTS = "tests/selftest/test_faults.py"
_SHARING = ("tests/integration/test_existing.py", "tests/integration/test_audit.py")
_BATCHES = {fault.name: batch.name for batch in BATCHES for fault in batch.faults}
_CLEAN_RUNS = "tests/selftest/test_clean_runs.py"
_LONGEST_FIRST = (
    f"{_FAULTS}::test_a_right_ingester_passes",
    _CLEAN_RUNS,
    _FAULTS,
    "tests/selftest/",
    *_SHARING,
    "tests/integration/",
    "",
)


class BatchScheduling(LoadScopeScheduling):  # type: ignore[misc]  # it ships no type information
    """Hands out each test for itself, and those that share much together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in _SHARING:
            return file
        name = nodeid.rpartition("[")[2].removesuffix("]")
        return _BATCHES.get(name, nodeid) if file == _FAULTS else nodeid


def rank(nodeid: str) -> int:
    """Return a number that is smaller for what takes longer."""
    return next(i for i, prefix in enumerate(_LONGEST_FIRST) if nodeid.startswith(prefix))
