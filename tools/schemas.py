"""Writes the JSON Schemas that the project publishes, from what its code reads: `python -m tools.schemas`.

`docs/schemas/record.json` is the schema of `report.json`. A run needs none of it: the files come with the package,
and a test keeps them true.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from harness.core.migrations import SCHEMA_VERSION
from harness.core.record import Record
from harness.core.resources import find_resource

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


PUBLISHED = {"record.json": describe_record}
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
