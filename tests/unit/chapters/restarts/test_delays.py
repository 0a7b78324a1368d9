"""Promises of `harness.chapters.restarts.delays`: an object that goes at once is no error of the harness."""

from __future__ import annotations

import pytest

from harness.chapters.restarts.delays import _delete_and_mark
from harness.core.errors import Refusal
from tests.unit.chapters.contract.world import Contract


def test_an_object_that_is_gone_before_it_is_marked_is_no_error() -> None:
    """A product that ignores the delay may be faster than the mark; any other refusal is one."""
    contract = Contract()
    subject = contract.life.make(contract.case, "marked")
    _delete_and_mark(subject)
    assert subject.read() is None


def test_any_other_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that the API server does not take is not passed over."""
    contract = Contract()
    subject = contract.life.make(contract.case, "marked", finalizer=True)
    monkeypatch.setattr(contract.world, "patch", _refuse)
    with pytest.raises(Refusal, match="500"):
        _delete_and_mark(subject)


def _refuse(*_: object) -> None:
    raise Refusal(500, "InternalError", "no")
