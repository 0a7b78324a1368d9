"""The lines that set-up and reconciles log, read from the functions of the Ingester that log them.

They are part of what the seed report checks, and are reworded from version to version. Only what is logged
whatever happens counts: statements of a function itself, not of its branches.
"""

from __future__ import annotations

from harness.provision.checkout.gocode import GoCode, Place
from harness.spec.read import LogLines, SetupLines

_SAYS = r"(?:\w+\.)*(?:Info|Warn)\(\"([^\"\n]+)\""
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


def read_setup_lines(ingester: GoCode) -> SetupLines:
    """Return the lines of the function that sets the controllers up; the seed report's if it logs none for each.

    It says that it begins before its loop, and that it does not where it has no storage.
    """
    for _, body in ingester.find_functions(r"\w+"):
        registered = body.find(rf"(?s)\.SetupWithManager\(.*?{_SAYS}")
        if registered is not None:
            begins = body.find(rf"(?s){_SAYS}[^{{}}]*?\bfor\b")
            skipped = body.find(rf"(?s)== nil \{{\s*{_SAYS}[^{{}}]*?\breturn\b")
            usual = SetupLines()
            return SetupLines(
                usual.begins if begins is None else begins.text,
                registered.text,
                usual.skipped if skipped is None else skipped.text,
                registered.where,
            )
    return SetupLines()


def _list_lines(code: GoCode, function: str) -> list[Place]:
    return [place for _, body in code.find_functions(function) for place in body.iterate(_LINE)]
