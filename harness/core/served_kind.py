"""What a sandbox has to know of a kind: plain data, handed from the contract to whoever runs its servers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServedKind:
    """A kind that must be served, and whose tables must be there."""

    name: str
    plural: str
    tables: tuple[str, ...]
