"""The lines that set-up and reconciles log, read from the functions of the Ingester that log them.

They are part of what the seed report checks, and are reworded from version to version. Only what is logged
whatever happens counts: statements of a function itself, not of its branches.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.provision.checkout.gocode import GoCode
from harness.spec.read import LogLines, SetupLines

_LOGGER = r"(?:\w+\.)*\w*[lL]og\w*\.(?:V\(0\)\.)?"
_SAYS = rf"{_LOGGER}(?:Info|Warn)\(\"([^\"\n]+)\""
_LINE = rf"(?m)^\t{_LOGGER}Info\(\"([^\"\n]+)\""
_WRITES_ROW = r"\b[uU]psert\w*\("
_LETS_GO = r"\bRemoveFinalizer\("
_DELETES_OBJECT = r"\.Delete\(ctx, obj"


def read_log_lines(ingester: GoCode) -> LogLines | None:
    """Return the lines; None where one of the functions logs less than its start and its success.

    There are none to be expected where no function could be told for what it does.
    """
    reconcile = [body for _, body in ingester.find_functions("Reconcile")]
    sync = _find(ingester, "handleSync", lambda body: not body.find(_LETS_GO) and not body.find(_DELETES_OBJECT))
    retire = _find(ingester, "handleImmutableObject", lambda body: body.find(_DELETES_OBJECT) is not None)
    if ingester and not (reconcile and sync and retire):
        return LogLines((), (), "no function of the Ingester's controller could be told for it")
    start, synced, retired = (
        [place for body in bodies for place in body.iterate(_LINE)] for bodies in (reconcile, sync, retire)
    )
    if not start or len(synced) < 2 or len(retired) < 2:
        return None
    first = start[0].text
    return LogLines(
        (first, synced[0].text, synced[-1].text), (first, retired[0].text, retired[-1].text), start[0].where
    )


def _find(ingester: GoCode, name: str, is_it: Callable[[GoCode], bool]) -> list[GoCode]:
    """Return the function of that name; else what logs, writes a row and is told by what else it does."""
    if named := [body for _, body in ingester.find_functions(name)]:
        return named
    writing = [body for _, body in ingester.find_functions(r"\w+") if body.find(_WRITES_ROW) and body.find(_LINE)]
    return [body for body in writing if is_it(body)][:1]


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
