"""The ways in which a run can go wrong.

A `CheckFailure` says that the product is wrong (exit code 1), a `HarnessError` that it could not be
tested (exit code 2), a `SettingsError` that what the user asked for does not exist (exit code 4). A `Refusal`
is an API server's answer, and for the caller to judge.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CheckFailure(AssertionError):  # noqa: N818  pytest calls a failed assertion a failure, not an error
    """The system under test broke its contract."""


class HarnessError(Exception):
    """The system under test could not be judged: something that the harness needs is missing or broke."""

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{problem}\n{hint}" if hint else problem)
        self.problem = problem
        self.hint = hint


class SettingsError(HarnessError):
    """An option, a file or a variable has a value that can't be used."""

    @classmethod
    def unknown(cls, option: str, value: str, valid: Iterable[str], what: str = "value") -> SettingsError:
        """Return the error for a `value` outside `valid`, with the nearest valid ones as suggestion."""
        names = list(valid)
        by_folded = {name.casefold(): name for name in names}
        near = [by_folded[n] for n in difflib.get_close_matches(value.casefold(), by_folded, n=2, cutoff=0.5)]
        suggestion = f"did you mean {' or '.join(near)}? " if near else ""
        return cls(f"{option}: unknown {what} {value!r}", hint=f"{suggestion}Valid: {', '.join(names)}")


class Refusal(Exception):  # noqa: N818  an answer of the API server, not an error of the harness
    """The API server's answer to a request that it did not carry out: a Kubernetes `Status`.

    `token` is that with which a list that has expired can be gone on with, '' where the answer has none.
    """

    def __init__(self, status: int, reason: str, message: str, token: str = "") -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.token = token

    @property
    def not_found(self) -> bool:
        """Whether the object that the request named does not exist."""
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else has written to the object since it was read."""
        return self.status == 409
