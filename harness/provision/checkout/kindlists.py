"""The short lists of kinds at the composition root: which are retained, and which are MySQL-primary."""

from __future__ import annotations

import re
from pathlib import Path

from harness.provision.checkout.gocode import GoCode
from harness.provision.checkout.golines import INGESTER_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.read import NamedKinds

COMPOSITION_ROOT = "go/cmd/controllermgr"

_LIST = (   # a slice of texts, or a map that has them as keys
    r"(\w*{word}\w*\s*(?::?=|:)\s*(?:\[\]string|map\[string\](?:bool|struct\{{\}}))"
    r"\s*\{{(?:[^{{}}]|\{{\}})*\}})"
)
_NAME = re.compile(r'"([A-Z]\w*)"')


def read_retained(root: Path) -> NamedKinds | None:
    """Return the kinds whose rows outlive their objects live; None where the code has a list of another shape."""
    return _read_list(root, "retain")


def read_mysql_primary(root: Path) -> NamedKinds | None:
    """Return the kinds that are never in Kubernetes; None where the code has a list of another shape."""
    return _read_list(root, "mysqlprimary")


def _read_list(root: Path, word: str) -> NamedKinds | None:
    """Return the list whose name has `word` in any case; an empty one where the code does not have that word."""
    texts = {**read_texts(root / COMPOSITION_ROOT, "*.go"), **read_texts(root / INGESTER_FOLDER, "*.go")}
    code = GoCode.strip(texts, root)
    if not code:
        return None
    if code.find(word, re.IGNORECASE) is None:
        return NamedKinds((), f"no word of them in {COMPOSITION_ROOT} and {INGESTER_FOLDER}")
    found = code.find(_LIST.format(word=word), re.IGNORECASE)
    return None if found is None else NamedKinds(tuple(_NAME.findall(found.text)), found.where)
