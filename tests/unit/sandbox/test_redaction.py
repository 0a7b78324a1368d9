"""The password is taken out of whatever is shown, and the mark says that it was there."""

from __future__ import annotations

import json
import urllib.parse

import pytest

from harness.core.record import Check, Evidence, Finding, Status
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import LogLine
from harness.sandbox.redaction import MARK, Redaction


def make(password: str) -> Redaction:
    """Return the redaction for an account with that password."""
    return Redaction(MySQLEndpoint("db", 3306, "ma", "michelangelo", password))


@pytest.mark.parametrize("password", ["hunter22", 'p"a\\ss/w@rd', "a%b:c?d"])
def test_a_password_is_known_however_it_is_spelled(password: str) -> None:
    """In a DSN, in JSON and in a URL."""
    texts = (f"ma:{password}@tcp(db:3306)", json.dumps({"p": password}), urllib.parse.quote(password, safe=""))
    for text in texts:
        clean = make(password).clean(text)
        assert MARK in clean
        assert password not in clean


def test_a_short_one_is_known_beside_its_user_alone() -> None:
    """Else every word that it is part of would be changed."""
    assert make("root").clean("root of ma:root@tcp(db)") == f"root of ma:{MARK}@tcp(db)"
    assert make("").clean("ma:@tcp(db)") == "ma:@tcp(db)"


def test_lines_and_records_are_cleaned_throughout() -> None:
    """Keys as well; what is no text stays what it is."""
    redaction = make("hunter22")
    lines = redaction.clean_lines([LogLine(2, "x hunter22"), LogLine(3, "y")])
    assert list(lines) == [LogLine(2, f"x {MARK}"), LogLine(3, "y")]
    check = Check("1.1", "title", findings=[Finding("c", "hunter22", "e", "a")], facts={"hunter22": "1"})
    check.status = Status.FAIL
    check.evidence = [Evidence("log", "t", "hunter22", 1.5, data={"lines": ["hunter22", None, 3]})]
    clean = redaction.clean_all(check)
    assert "hunter22" not in repr(clean)
    assert (clean.status, clean.evidence[0].at, clean.facts) == (Status.FAIL, 1.5, {MARK: "1"})
    assert clean.evidence[0].body == MARK
    assert clean.evidence[0].data == {"lines": [MARK, None, 3]}
