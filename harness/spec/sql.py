"""The tables that SQL makes, read off its text, and the SQL inside of a ConfigMap. Pure.

Only CREATE TABLE statements are read; the server reads the rest.
"""

from __future__ import annotations

import re

import yaml

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?\s*\(", re.IGNORECASE)
_COLUMN = re.compile(r"\s*(?:`(\w+)`|(\w+))\s+(\w+(?:\s*\([^)]*\))?(?:\s+UNSIGNED)?)", re.IGNORECASE)
_NO_COLUMNS = {"PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FOREIGN", "FULLTEXT", "SPATIAL", "CHECK"}
_YAML = (".yaml", ".yml")


def extract_sql(text: str, name: str) -> str:
    """Return the SQL of a file called `name`: its text, or what a YAML file's ConfigMaps hold of it.

    YAML that is none, or has no SQL, gives ''.
    """
    if not name.endswith(_YAML):
        return text
    try:
        documents = [each for each in yaml.safe_load_all(text) if isinstance(each, dict)]
    except yaml.YAMLError:
        return ""
    values = [
        value
        for document in documents
        if document.get("kind") == "ConfigMap"
        for value in (document.get("data") or {}).values()
    ]
    return "\n".join(value for value in values if isinstance(value, str) and _TABLE.search(value))


def parse_tables(text: str) -> dict[str, dict[str, str]]:
    """Return the tables that the SQL creates, each with its columns' types by name, in capitals."""
    code = _COMMENT.sub("", text)
    tables = {}
    for found in _TABLE.finditer(code):
        columns = {}
        for part in _split(code, found.end()):
            column = _COLUMN.match(part)
            if column and (column[1] or column[2].upper() not in _NO_COLUMNS):
                columns[column[1] or column[2]] = re.sub(r"\s+", " ", column[3].replace(" (", "(")).upper()
        tables[found[1]] = columns
    return tables


def _split(code: str, start: int) -> list[str]:
    """Return what stands between commas, from `start` to the parenthesis that closes the table."""
    parts, depth, begin = [], 0, start
    for end in range(start, len(code)):
        character = code[end]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        if depth < 0 or (character == "," and depth == 0):
            parts.append(code[begin:end])
            begin = end + 1
        if depth < 0:
            break
    return parts
