"""What can go wrong in the reference: work that is retried, a configuration that is refused, a panic."""

from __future__ import annotations


class ConfigError(Exception):
    """The process can't start as it is configured."""


class ReconcileError(Exception):
    """A reconcile failed and changed nothing that matters; it is retried with growing delays."""


class ApiError(ReconcileError):
    """The API server refused a request (`status` is its HTTP status) or didn't answer (`status` is None)."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotFoundError(ApiError):
    """The object of a request doesn't exist."""


class StoreError(ReconcileError):
    """MySQL refused a statement, or is away."""


class MissingRowError(StoreError):
    """There is no live row to be marked as deleted."""


class Panic(Exception):  # noqa: N818  Go's word for it
    """A defect that ends the whole process; `trace` is what it leaves on stderr."""

    def __init__(self, trace: str) -> None:
        super().__init__(trace)
        self.trace = trace
