"""How a check ends when it neither passes nor fails, and how any end is written into its place in the record.

The plugin turns these outcomes into pytest's own; a soak, which has no pytest, writes them down in the same way.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from harness.core.errors import CheckFailure, HarnessError, Refusal
from harness.core.record import Check, Status


class Outcome(Exception):  # noqa: N818  the end of a check, not an error
    """The end of a check, with the reason that the report shows."""

    status: Status

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Known(Outcome):
    """The check found what known issues of the profile explain, and nothing else."""

    status = Status.KNOWN


class NotApplicable(Outcome):
    """The contract of this version says that there is nothing to check, and the evidence agrees."""

    status = Status.NOT_APPLICABLE


class Invalid(Outcome):
    """The check proved nothing, since its fault was not injected or its load was not there."""

    status = Status.INVALID


class NotRun(Outcome):
    """Something that the check stands on is missing; it says nothing about the system."""

    status = Status.NOT_RUN


class StaleKnownIssueWarning(UserWarning):
    """A known issue of the profile did not show, and that is tolerated."""


@contextlib.contextmanager
def noting_outcome(check: Check) -> Iterator[None]:
    """Carry the check out in the body, and say in it how that ended and after how long; what it raises goes on."""
    started = time.monotonic()
    check.detail = ""
    try:
        yield
        check.status = Status.PASS
    except Outcome as outcome:
        check.status, check.detail = outcome.status, outcome.detail
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
