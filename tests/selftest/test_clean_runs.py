"""A right ingester is never blamed: clean runs of drawn kinds and chapters, on a busy machine.

`--clean-runs N` makes them N; each is drawn from its number, so that one that raised an alarm can be repeated.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.core.record import Status
from harness.spec.profiles import list_profiles, load_profile
from harness.spec.versions import make_contract

from .conftest import Acceptance, Enter
from .ledger import CleanEntry

_CHAPTERS = ("contract", "restarts", "inputs", "fields")
_AT_ONCE = 2   # kinds of one run
_WORK = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"


@pytest.fixture(scope="module")
def busy_machine() -> Iterator[None]:
    """Keep every processor busy beside the run: with the runs of the other workers, where there are any."""
    others = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) - 1
    count = max(1, (os.cpu_count() or 1) - others)
    work = [subprocess.Popen([sys.executable, "-c", _WORK]) for _ in range(count)]
    yield
    for process in work:
        process.kill()
        process.wait()


def test_a_clean_run_raises_no_alarm(
    seed: int, busy_machine: None, acceptance: Acceptance, enter: Enter
) -> None:
    """The report's chapters and one of the longer ones pass, on a machine under load."""
    draw = random.Random(seed)  # noqa: S311  a choice of kinds, no secret
    profile = draw.choice(list_profiles())
    kinds = draw.sample([kind.lower() for kind in make_contract(load_profile(profile)).names], _AT_ONCE)
    chapter = draw.choice(_CHAPTERS)
    selection = [word for kind in kinds for word in ("--crd", kind)]
    outcome = acceptance.run("--profile", profile, "-m", f"report or {chapter}", *selection)
    alarms = {cell for status in Status if not status.succeeds for cell in outcome.find(status)}
    name = f"seed {seed}: {profile}, report and {chapter} of {', '.join(sorted(kinds))}, under load"
    enter(CleanEntry(name, alarms, outcome.seconds))
    assert alarms == set(), outcome.output
    assert outcome.exit_code == 0, outcome.output
