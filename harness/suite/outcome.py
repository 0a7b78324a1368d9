"""Writes into a check how it ended, whoever carried it out: a test of pytest's, or a round of a soak."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from harness.clients.kube import Refusal
from harness.core.errors import CheckFailure, HarnessError
from harness.core.outcomes import Invalid, Known, NotApplicable, NotRun, Signal
from harness.core.record import Check, Status

_STATUSES: dict[type[Signal], Status] = {
    Known: Status.KNOWN,
    NotApplicable: Status.NOT_APPLICABLE,
    Invalid: Status.INVALID,
    NotRun: Status.NOT_RUN,
}


@contextlib.contextmanager
def noting_outcome(check: Check) -> Iterator[None]:
    """Carry the check out in the body, and say in it how that ended and after how long; what it raises goes on."""
    started = time.monotonic()
    check.detail = ""
    try:
        yield
        check.status = Status.PASS
    except Signal as outcome:
        check.status, check.detail = _STATUSES[type(outcome)], outcome.detail
        raise
    except CheckFailure as failure:
        check.status, check.detail = Status.FAIL, str(failure).partition("\n")[0]
        raise
    except (HarnessError, Refusal) as error:
        check.status, check.detail = Status.ERROR, str(error)
        raise
    except KeyboardInterrupt:
        check.detail = "interrupted"
        raise
    finally:
        check.duration_s = round(time.monotonic() - started, 3)
