"""Finds by what classes the proto column of a run's rows is decoded, if it can be."""

from __future__ import annotations

import contextlib
import itertools

from harness.clients.michelangelo.classes import MessageClasses, find_classes
from harness.core.errors import HarnessError
from harness.core.outcomes import NotApplicable
from harness.sandbox.base import CONTROLLERMGR
from harness.subject.log import WORKERS_STARTED, parse_log
from harness.suite.context import RunContext

REFERENCE_PROTO = "This is the reference: its proto column holds JSON"
"""What the bundled reference says of itself as it starts, also where it runs with a seeded fault."""


def find_run_classes(context: RunContext) -> MessageClasses | None:
    """Return the classes of the version under test, None where there are none."""
    with contextlib.suppress(NotApplicable):
        return require_classes(context)
    return None


def require_classes(context: RunContext) -> MessageClasses:
    """Return the classes of the version under test; NotApplicable, with the reason, where there are none."""
    try:
        classes = find_classes(context.contract.descriptors)
    except HarnessError as error:
        raise NotApplicable(str(error)) from error
    log = context.sandbox.read_log(CONTROLLERMGR)
    beginning = itertools.takewhile(lambda line: WORKERS_STARTED not in line.text, log)
    if any(entry.message == REFERENCE_PROTO for entry in parse_log(beginning)):
        raise NotApplicable("the bundled reference has no protobuf classes: its proto column holds JSON")
    return classes
