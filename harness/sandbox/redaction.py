"""Takes passwords out of texts before anybody sees them: reports quote logs, and are passed on.

The MySQL password is known, and taken out wherever it stands. Of others, such as those of accounts that a server
made for itself, only what surrounds them is known: a data source's name, or the header of a request.
"""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import LogLine

MARK = "[MySQL password]"
"""What stands in its place; where a log has it, the log had the password."""

CREDENTIAL = "[credential]"
"""What stands in the place of any other one."""

_DATA_SOURCE = re.compile(r"(?<=\w:)[^\s:/@\"']+(?=@(?:tcp|unix)\(|@[\w.-]+:\d+)")
_BEARER = re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]{8,}")
_SHORTEST = 6   # characters; a shorter one may be a word that means something else


def clean_credentials(text: str) -> str:
    """Return the text without what stands where data sources and requests have their passwords."""
    for pattern in (_DATA_SOURCE, _BEARER):
        text = pattern.sub(CREDENTIAL, text)
    return text


class Redaction:
    """The texts by which one server's password is known: alone if it is long enough, else beside its user."""

    def __init__(self, endpoint: MySQLEndpoint) -> None:
        password = endpoint.password
        spellings = {password, json.dumps(password)[1:-1], urllib.parse.quote(password, safe="")} - {""}
        long = len(password) >= _SHORTEST
        form = "{}" if long else endpoint.user.replace("{", "{{").replace("}", "}}") + ":{}@"
        self._texts = {form.format(spelling): form.format(MARK) for spelling in spellings}

    def clean(self, text: str) -> str:
        """Return the text with the mark in the password's place."""
        for spelling, mark in self._texts.items():
            text = text.replace(spelling, mark)
        return text

    def clean_lines(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        """Yield the lines of a log with the mark in the password's place."""
        return (LogLine(line.run, self.clean(line.text)) for line in lines)

    def clean_all(self, value: Any) -> Any:
        """Return a value of dataclasses, lists and dicts, with each of its texts clean."""
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {self.clean_all(key): self.clean_all(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self.clean_all, value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {each.name: self.clean_all(getattr(value, each.name)) for each in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        return value
