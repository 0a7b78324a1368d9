"""The audit after a load: does MySQL hold what Kubernetes does, in the load's namespace?"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from harness.audit.audit import Audit, AuditSettings
from harness.audit.output.publish import publish
from harness.audit.reading import Reader, Scope
from harness.clients.mysql.ranges import TableRanges
from harness.core.progress import SILENT
from harness.load.record import Audited
from harness.spec.equality import compare_row
from harness.spec.model import Kind
from harness.suite.context import RunContext


def verify(context: RunContext, kinds: Sequence[Kind], namespace: str, output: Path) -> Audited:
    """Audit the namespace, leave the result in the folder, and return what it says."""
    output.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(TableRanges(context.sandbox.mysql)) as tables:
        settings = AuditSettings(
            output, scope={"namespace": namespace}, compare=compare_row, grace_s=context.timeouts.sync_s
        )
        reader = Reader(context.cluster, tables, Scope(namespace))
        audit = Audit(settings, reader, context.contract, kinds, SILENT)
        audit.result.facts = {"namespace": namespace, "made": "after a load"}
        try:
            result = audit.run()
        finally:
            publish(audit.result, output)
    return Audited(result.exit_code, result.verdict, result.objects)
