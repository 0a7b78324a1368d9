"""Brings records of earlier versions of their schema up to this one, a step per version.

Version 1 had the API server's matrix as cells of its own (`api_cells`). Version 2 read later chapters off the
checks and kept the first matrix as `cells`, which held their checks' evidence. Version 3 carries its own table of
contents, and a check holds all that it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harness.core.errors import HarnessError

SCHEMA_VERSION = 3

Plain = dict[str, Any]

UNKNOWN_CODE = "unknown"
"""The code of a finding that had none."""

_NOT_SELECTED = "not selected"
_KNOWN_ISSUES = "3"   # the titles of its checks ended with the id of an issue


def migrate(data: Plain) -> Plain:
    """Return the record's plain data in today's schema; HarnessError for a version that is none of ours."""
    version = data.get("schema_version")
    while version in _STEPS:
        data = _STEPS[version](data)
        version = data["schema_version"]
    if version != SCHEMA_VERSION:
        raise HarnessError(
            f"record has schema version {version!r}, this harness reads {SCHEMA_VERSION}",
            hint="Regenerate it with this version of the harness.",
        )
    return data


def _migrate_1(data: Plain) -> Plain:
    """Give the evidence of the API server's matrix back to its checks, which are its cells from version 2 on."""
    new = {**data, "schema_version": 2, "checks": [dict(check) for check in data.get("checks", [])]}
    for cell in new.pop("api_cells", []):
        _give_back(cell, [_API_COLUMNS[cell["column"]]], new["checks"])
    return new


def _migrate_2(data: Plain) -> Plain:
    """Give the first matrix's evidence back to the checks, and the record its table of contents."""
    new = {**data, "schema_version": 3}
    checks = [_migrate_check(check) for check in data.get("checks", [])]
    cells = new.pop("cells", [])
    columns = {key: _choose_sections(key, checks, cells) for key in _COLUMNS}
    for cell in cells:
        _give_back(cell, columns[cell["column"]], checks)
    new["checks"] = checks
    new["chapters"] = _list_chapters((check["section"] for check in checks), columns)
    new["kinds"] = [{"name": kind, "tables": _name_tables(kind)} for kind in _KINDS]
    return new


def _migrate_check(check: Plain) -> Plain:
    """Return the check without its column, with findings, and with a title that names neither kind nor issue."""
    new = {name: value for name, value in check.items() if name not in {"column", "mismatches"}}
    new["findings"] = [{"code": UNKNOWN_CODE, **mismatch} for mismatch in check.get("mismatches", [])]
    title, separator, topic = check["title"].partition(": ")
    if check["section"] == _KNOWN_ISSUES and separator and not check.get("kind"):
        new["title"], new["topic"] = title, topic
    else:
        new["title"] = check["title"].removesuffix(f": {check.get('kind')}")
    return new


def _choose_sections(column: str, checks: list[Plain], cells: list[Plain]) -> list[str]:
    """Return the sections that a column of the first matrix consisted of when the record was written.

    Version 1 began without the last one; what no check is of, and no cell misses, was none.
    """
    _, sections = _COLUMNS[column]
    details = (cell.get("detail", "") for cell in cells if cell["column"] == column)
    missed = {number for detail in details for number in detail.partition(f"{_NOT_SELECTED}: ")[2].split(", ")}
    found = {check["section"] for check in checks if check.get("kind")}
    return [number for number in sections if number in found or number in missed] or sections


def _give_back(cell: Plain, sections: Sequence[str], checks: list[Plain]) -> None:
    """Give a cell's evidence to the first check that it consisted of; a cell without any becomes checks.

    One that was merely not selected becomes none: it shows as a gap by itself.
    """
    own = [check for check in checks if check.get("kind") == cell["kind"] and check["section"] in sections]
    evidence, detail = cell.get("evidence", []), cell.get("detail", "")
    if own:
        shown = [item for check in own for item in check.get("evidence", [])]
        own[0]["evidence"] = own[0].get("evidence", []) + [item for item in evidence if item not in shown]
    elif not detail.startswith(_NOT_SELECTED):
        for number in sections:
            check = {"section": number, "title": _HEADINGS[number], "kind": cell["kind"]}
            check |= {"status": cell.get("status", "not_run"), "detail": detail}
            checks.append(check | {"evidence": evidence if number == sections[0] else []})


def _list_chapters(found: Iterable[str], columns: Mapping[str, list[str]]) -> list[Plain]:
    """Return the contents as they were, with those sections of a record that had no heading of their own.

    `columns` are the sections of each column of the first matrix.
    """
    sections = sorted(set(found), key=lambda section: [int(part) for part in re.findall(r"\d+", section)])
    chapters = []
    for chapter in _CHAPTERS:
        numbers = list(_HEADINGS_BY_CHAPTER[chapter["key"]])
        numbers += [s for s in sections if s.startswith(f"{chapter['key']}.") and s not in numbers]
        listed = [{"number": n, "heading": _HEADINGS.get(n, ""), **_ASIDES.get(n, {})} for n in numbers]
        chapters.append({**chapter, "sections": listed})
    headed = ((key, heading) for key, (heading, _) in _COLUMNS.items())
    chapters[0]["columns"] = [{"key": key, "heading": text, "sections": columns[key]} for key, text in headed]
    return chapters


def _name_tables(kind: str) -> list[str]:
    return [f"{kind.lower()}{suffix}" for suffix in ("", "_labels", "_annotations")]


_COLUMNS: dict[str, tuple[str, list[str]]] = {
    "created": ("Created", ["1.4"]),
    "synced": ("Synced to MySQL", ["1.5", "1.6"]),
    "updated": ("Updated", ["2.1"]),
    "update_synced": ("Update in MySQL", ["2.2", "2.3", "2.4"]),
}
"""The first matrix of the versions 1 and 2: each column's heading, and the sections that it consisted of."""

_API_COLUMNS: dict[str, str] = {
    "proto": "4.1",
    "created": "4.2",
    "synced": "4.3",
    "updated": "4.4",
    "update_synced": "4.5",
    "deleted": "4.6",
}
"""The API server's matrix of version 1: the section of each column."""

_CHAPTERS: list[Plain] = [
    {
        "key": "seed",
        "title": "Results at a glance",
        "explanation": "Objects as kubectl sends them, straight to kube-apiserver.",
        "layout": "matrix",
    },
    {
        "key": "4",
        "title": "Through Michelangelo's API server",
        "explanation": "The same objects, written through Michelangelo's own API server instead of kubectl.",
        "layout": "matrix",
    },
    {
        "key": "5",
        "title": "The rest of the contract",
        "explanation": (
            "What the Ingester's contract says beyond creation and one patch, with objects of these checks alone."
        ),
        "layout": "matrix",
    },
    {
        "key": "6",
        "title": "Gates and backfill",
        "explanation": (
            "The Ingester's settings, and how it catches up with what happened while it was switched off or down."
        ),
        "layout": "matrix",
    },
    {
        "key": "7",
        "title": "Hostile input",
        "explanation": "Each input is refused by the API or reaches MySQL byte for byte; limits are known issues.",
        "layout": "matrix",
    },
    {
        "key": "8",
        "title": "Faults under load",
        "explanation": (
            "A workload, a fault in its middle, and checkers at its end: nothing acknowledged may be lost."
        ),
        "layout": "table",
    },
]

_HEADINGS_BY_CHAPTER: dict[str, dict[str, str]] = {
    "seed": {
        "1.1": "Commands and components",
        "1.2": "MySQL tables",
        "1.3": "Ingester controllers registered",
        "1.4": "Custom resources created",
        "1.5": "Reconcile log lines after creation",
        "1.6": "Rows in MySQL after creation",
        "2.1": "Patches sent",
        "2.2": "Reconcile log lines after the patches",
        "2.3": "Rows in MySQL after the patches",
        "2.4": "Rows that no patch was for",
        "3": "Known issues",
    },
    "4": {
        "4.1": "Proto agrees",
        "4.2": "Created",
        "4.3": "Synced to MySQL",
        "4.4": "Updated",
        "4.5": "Update in MySQL",
        "4.6": "Deleted",
    },
    "5": {
        "5.1": "Labels & annotations",
        "5.2": "No-op & status writes",
        "5.3": "Rapid updates",
        "5.4": "Update during reconcile",
        "5.5": "Ignored annotation values",
        "5.6": "Deleted with finalizer",
        "5.7": "Deleted without finalizer",
        "5.8": "Deleting annotation",
        "5.9": "Immutable annotation",
        "5.10": "Re-created",
        "5.11": "Successor of a live row",
    },
    "6": {
        "6.1": "Ingester disabled",
        "6.2": "Gate 1 only",
        "6.3": "Settings accepted",
        "6.4": "Created while down",
        "6.5": "Patched while down",
        "6.6": "Deleted while down",
        "6.7": "Came and went while down",
        "6.8": "1,000 objects",
    },
    "7": {},   # its columns had the titles of their checks
    "8": {},
}

_HEADINGS = {number: text for headings in _HEADINGS_BY_CHAPTER.values() for number, text in headings.items()}

_ASIDES: dict[str, Plain] = {
    "4.1": {
        "title": "Proto column",
        "explanation": "The rows of the first matrix: their proto column, decoded and compared with the object.",
    },
}
"""What a section said of itself where it stood alone."""

_KINDS = (   # in the order of the matrices' rows
    "Project",
    "ModelFamily",
    "Model",
    "Pipeline",
    "PipelineRun",
    "InferenceServer",
    "Revision",
    "Cluster",
    "RayCluster",
    "RayJob",
    "TriggerRun",
    "Deployment",
    "SparkJob",
)

_STEPS: dict[object, Callable[[Plain], Plain]] = {1: _migrate_1, 2: _migrate_2}
