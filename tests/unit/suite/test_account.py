"""What a stage takes down of an awaited row, and when it goes no further."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from harness.spec.cases import find_case
from harness.suite.account import Account, OverdueError

from harness.core.record import Finding
from harness.subject.steps import Sync
from harness.suite import account as accounts

LATE = Finding("column res_version", "7", "6")


def make_sync(res_version: int | None) -> Sync:
    """Return a wait for version 7 that ended with the row at that version, or without one."""
    row = None if res_version is None else SimpleNamespace(res_version=res_version, labels=(), annotations=())
    creation = SimpleNamespace(case=find_case("model"))
    write = SimpleNamespace(version=7, creation=creation)
    sync: Any = SimpleNamespace(row=row, write=write, waited_s=0.1, describe=list)
    return cast(Sync, sync)


@pytest.mark.parametrize("res_version", [6, None])
def test_a_row_that_does_not_follow_ends_the_stage(
    res_version: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found stands, and nothing else is awaited in vain."""
    monkeypatch.setattr(accounts, "examine_row", lambda *_: [LATE])
    account = Account()
    with pytest.raises(OverdueError):
        account.take_sync(make_sync(res_version), "patched")
    assert [mismatch.where for mismatch in account.findings] == ["patched: column res_version"]


def test_a_row_that_follows_and_differs_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong row is taken down, and the stage goes on."""
    monkeypatch.setattr(accounts, "examine_row", lambda *_: [Finding("column name", "m", "x")])
    account = Account()
    account.take_sync(make_sync(7), "patched")
    assert [mismatch.where for mismatch in account.findings] == ["patched: column name"]
