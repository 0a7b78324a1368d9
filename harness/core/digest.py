"""SHA-256, by which files and what they are made of are told apart."""

from __future__ import annotations

import hashlib
from pathlib import Path


def get_digest(*parts: str | bytes) -> str:
    """Return a SHA-256 in hex that differs wherever any of the parts differs."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def get_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex; `OSError` where it can't be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
