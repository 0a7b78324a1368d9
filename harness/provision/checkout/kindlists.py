"""The short lists of kinds at the composition root: which are retained, and which are MySQL-primary.

A list is a slice, a map or a set of names, the arguments of a call, or the names that a function compares with.
One of which not every name is understood is not read: half a list would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.provision.checkout.gocode import GoCode, Place
from harness.provision.checkout.golines import INGESTER_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.read import NamedKinds

COMPOSITION_ROOT = "go/cmd/controllermgr"

# patterns in which NAME stands for what the list, the call or the function is called
_TEXTS = r"(?:\[(?:\.\.\.)?\]string|map\[string\](?:bool|struct\{\})|sets\.\w+(?:\[string\])?)"
_LIST = r"\b(NAME)(?:\s+[\w.\[\]]+)?\s*(?::?=|:)\s*" + _TEXTS + r"\s*[({]((?:[^(){}]|\{\})*)[)}]"
_CALL = r"\b(NAME)\(\s*(\"[^(){}]*?)\)"
_APPENDED = r"\bNAME\s*=\s*append\(\s*NAME\s*,((?:[^()]|\([^()]*\))*)\)"
_CONSTANT = r"^\s*(?:(?:const|var)\s+)?NAME(?:\s+\w+)?\s*=\s*\"([A-Z]\w*)\""
_COMPARED = r"(?:\bcase\b|==)\s*([^:|&{}\n]+)"
_ELEMENT = re.compile(r"(?:\"([A-Z]\w*)\"|([\w.]+))\s*(?::\s*(true|false|\{\s*\}|struct\{\}\{\s*\}))?")


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
    for where, bodies in _find_lists(code, rf"(?i:\w*{word}\w*)"):
        names = [_read_names(code, body) for body in bodies]
        if all(each is not None for each in names):
            return NamedKinds(tuple(dict.fromkeys(name for each in names for name in each or ())), where)
        return None
    return None


def _find_lists(code: GoCode, named: str) -> Iterator[tuple[str, list[str]]]:
    """Yield where a list may stand, and the texts that its names are in; the likeliest first."""
    for place, (name, body) in code.iterate_groups(_spell(_LIST, named)):
        added = code.iterate(_spell(_APPENDED, re.escape(name)))
        yield place, [body, *(each.text for each in added)]
    for place, (_, body) in code.iterate_groups(_spell(_CALL, named)):
        yield place, [body]
    for _, function in code.find_functions(named):
        compared: list[Place] = list(function.iterate(_COMPARED))
        if compared:
            yield compared[0].where, [each.text for each in compared]


def _read_names(code: GoCode, body: str) -> tuple[str, ...] | None:
    """Return the names in the body of a list, without what a map says `false` of; None where one is no name."""
    names = []
    for element in _split(body):
        found = _ELEMENT.fullmatch(element)
        name = None if found is None else found[1] or _find_constant(code, found[2])
        if found is None or name is None:
            return None
        if found[3] != "false":
            names.append(name)
    return tuple(names)


def _split(body: str) -> Iterable[str]:
    return filter(None, (element.strip() for element in body.split(",")))


def _find_constant(code: GoCode, name: str) -> str | None:
    """Return the text that a constant of the code is; None for one of another package, and for all else."""
    place = code.find(_spell(_CONSTANT, re.escape(name)), re.MULTILINE)
    return None if place is None else place.text


def _spell(pattern: str, name: str) -> str:
    return pattern.replace("NAME", name)
