"""Writes the JSON Schemas that the project publishes, from what its code reads: `python -m tools.schemas`.

`docs/schemas/record.json` is the schema of `report.json`, `docs/schemas/config.json` that of the configuration
file. A run needs none of it: the files come with the package, and a test keeps them true.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from harness.cli.configuration import THRESHOLD_KEYS, THRESHOLDS, TIMEOUT_KEYS, TIMEOUTS
from harness.cli.options import OPTIONS, Option
from harness.core.known_issue import KnownIssue
from harness.core.migrations import SCHEMA_VERSION
from harness.core.record import Record
from harness.core.resources import find_resource
from harness.spec.profiles import PROFILE_KEYS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def describe_record() -> Schema:
    """Return the schema of a record of today's version, which knows no key that `Record` has not."""
    schema = TypeAdapter(Record).json_schema()
    for each in (schema, *schema["$defs"].values()):
        if each.get("type") == "object":
            each["additionalProperties"] = False
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    schema["required"] = ["schema_version"]
    return {"$schema": _DIALECT, **schema, "title": "Record of an Ingester acceptance run"}


def describe_configuration() -> Schema:
    """Return the schema of `ingester-acceptance.toml`, which is also that of its table in `pyproject.toml`."""
    options = {option.name.removeprefix("--"): _describe_option(option) for option in OPTIONS.values()}
    tables = {
        "profile": {**options["profile"], "type": ["string", "object"], **_close(_PROFILE)},
        TIMEOUTS: {"type": "object", **_close(dict.fromkeys(TIMEOUT_KEYS, _POSITIVE))},
        THRESHOLDS: {"type": "object", **_close(dict.fromkeys(THRESHOLD_KEYS, _POSITIVE))},
    }
    title = "Configuration of ingester-acceptance"
    return {"$schema": _DIALECT, "title": title, "type": "object", **_close({**options, **tables})}


def _describe_option(option: Option) -> Schema:
    """Return the schema of an option's value in a file."""
    described: Schema = {"description": option.fill_help()}
    if option.is_flag:
        return described | {"type": "boolean"}
    if option.is_repeated:
        return described | {"type": ["string", "array"], "items": {"type": "string"}}
    if option.type is not None:
        return described | {"type": "integer" if option.type is int else "number"}
    return described | {"type": "string"}


def _close(properties: Schema) -> Schema:
    """Return what allows these properties and no other."""
    return {"properties": properties, "additionalProperties": False}


def _describe_issue() -> Schema:
    schema = TypeAdapter(KnownIssue).json_schema()
    actions = schema.pop("$defs")["Action"]
    return {**schema, **_close({**schema["properties"], "action": actions})}


_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PROFILE = {
    **dict.fromkeys(PROFILE_KEYS, _TEXTS),
    **dict.fromkeys(("title", "extends", "tables"), _TEXT),
    "features": {"type": "object", "additionalProperties": _TEXT},
    "known_issue": {"type": "array", "items": _describe_issue()},
}
"""What a profile's table has."""

PUBLISHED = {"record.json": describe_record, "config.json": describe_configuration}
"""What each published file has."""


def render(schema: Schema) -> str:
    """Return the schema as it is published."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write each file."""
    for name, describe in PUBLISHED.items():
        path = find_resource("docs", "schemas", name)
        path.write_text(render(describe()), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
