"""The lines that a reconcile logs, read from the functions of the Ingester that log them.

They are part of what the seed report checks, and are reworded from version to version. Only what is logged
whatever happens counts: statements of a function itself, not of its branches.
"""

from __future__ import annotations

from harness.provision.checkout.gocode import GoCode, Place
from harness.spec.read import LogLines

_LINE = r"(?m)^\t(?:\w+\.)*log\.Info\(\"([^\"\n]+)\""


def read_log_lines(ingester: GoCode) -> LogLines | None:
    """Return the lines; None where a function has another name, or logs less than its start and its success."""
    reconcile, sync, retire = (
        _list_lines(ingester, name) for name in ("Reconcile", "handleSync", "handleImmutableObject")
    )
    if not reconcile or len(sync) < 2 or len(retire) < 2:
        return None
    first = reconcile[0].text
    return LogLines(
        (first, sync[0].text, sync[-1].text), (first, retire[0].text, retire[-1].text), reconcile[0].where
    )


def _list_lines(code: GoCode, function: str) -> list[Place]:
    return [place for _, body in code.find_functions(function) for place in body.iterate(_LINE)]
