"""The present, as records have it."""

from __future__ import annotations

import datetime as dt


def get_moment() -> str:
    """Return what time it is: ISO 8601, UTC, whole seconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
