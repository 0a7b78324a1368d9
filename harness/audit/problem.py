"""What could not be told, in a sentence: a kind that can't be read costs no other kind its answer."""

from __future__ import annotations

from harness.audit.result import Problem
from harness.core.errors import HarnessError, Refusal

_FORBIDDEN = 403
_ROLE = "docs/audit.md has the role and the grant that an audit needs"


def describe_problem(kind: str, error: HarnessError | Refusal) -> Problem:
    """Return what could not be told, in a sentence, and the way out."""
    if isinstance(error, HarnessError):
        words = error.problem.partition("\n")[0].partition(" (in: ")[0]
        return Problem(kind, words, error.hint)
    if error.status == _FORBIDDEN:
        return Problem(kind, f"kube-apiserver refuses: {error.message}", _ROLE)
    if error.not_found:
        return Problem(kind, "kube-apiserver does not serve the kind", "Is its CRD installed?")
    return Problem(kind, f"kube-apiserver: {error}")
