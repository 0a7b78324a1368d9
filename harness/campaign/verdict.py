"""What a round's record says: its verdict, or why it has none."""

from __future__ import annotations

import dataclasses

from harness.campaign.record import Attempt
from harness.core.record import Check, Record, Status
from harness.sandbox.base import MYSQL

_FINDINGS = 5
_DETAIL = 500   # characters of a sentence


def read_attempt(attempt: Attempt, record: Record) -> Attempt:
    """Return the attempt with what the record of its round says.

    Its one check is the round. A sandbox that did not come up has none, and a record that was interrupted judges
    nothing that it has not finished.
    """
    check = next(reversed(record.checks), Check("", ""))
    server = next((each for each in record.components if each.name == MYSQL), None)
    detail = check.detail if record.checks else record.headline or "it ended before its sandbox was up"
    return dataclasses.replace(
        attempt,
        status=check.status,
        detail="" if check.status is Status.PASS else detail[:_DETAIL],
        system=record.system_under_test,
        server=server.version if server else "",
        injected=check.facts.get("injected", ""),
        issues=list(check.issues),
        found=len(check.findings),
        findings=[str(finding)[:_DETAIL] for finding in check.findings[:_FINDINGS]],
        facts=dict(check.facts),
    )
