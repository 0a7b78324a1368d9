"""The table of contents of the samples: chapters, sections, columns and kinds as a run would write them."""

from __future__ import annotations

from typing import Any

from harness.core.record import (
    ChapterContents,
    Check,
    ColumnContents,
    KindContents,
    Layout,
    Record,
    SectionContents,
    Status,
)

_NAMES = (
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
KINDS = [
    KindContents(name, [f"{name.lower()}{suffix}" for suffix in ("", "_labels", "_annotations")])
    for name in _NAMES
]

COLUMNS = {
    "created": ColumnContents("created", "Created", ["1.4"]),
    "synced": ColumnContents("synced", "Synced to MySQL", ["1.5", "1.6"]),
    "updated": ColumnContents("updated", "Updated", ["2.1"]),
    "update_synced": ColumnContents("update_synced", "Update in MySQL", ["2.2", "2.3", "2.4"]),
}


def _list(headings: dict[str, str]) -> list[SectionContents]:
    return [SectionContents(number, heading) for number, heading in headings.items()]


CHAPTERS = [
    ChapterContents(
        "seed",
        "Results at a glance",
        "Objects as kubectl sends them, straight to kube-apiserver.",
        Layout.MATRIX,
        _list({
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
        }),
        list(COLUMNS.values()),
    ),
    ChapterContents(
        "4",
        "Through Michelangelo's API server",
        "The same objects, written through Michelangelo's own API server instead of kubectl.",
        Layout.MATRIX,
        [
            SectionContents(
                "4.1",
                "Proto agrees",
                "Proto column",
                "The rows of the first matrix: their proto column, decoded and compared with the object.",
            ),
            *_list({
                "4.2": "Created",
                "4.3": "Synced to MySQL",
                "4.4": "Updated",
                "4.5": "Update in MySQL",
                "4.6": "Deleted",
                "4.7": "Known issues",
            }),
        ],
    ),
    ChapterContents(
        "5",
        "The rest of the contract",
        "What the Ingester's contract says beyond creation and one patch, with objects of these checks alone.",
        Layout.MATRIX,
        _list({
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
        }),
    ),
    ChapterContents(
        "6",
        "Gates and backfill",
        "The Ingester's settings, and how it catches up with what happened while it was switched off or down.",
        Layout.MATRIX,
        _list({
            "6.1": "Ingester disabled",
            "6.2": "Gate 1 only",
            "6.3": "Settings accepted",
            "6.4": "Created while down",
            "6.5": "Patched while down",
            "6.6": "Deleted while down",
            "6.7": "Came and went while down",
            "6.8": "1,000 objects",
        }),
    ),
    ChapterContents(
        "7",
        "Hostile input",
        "Each input is refused by the API or reaches MySQL byte for byte; limits are known issues.",
        Layout.MATRIX,
        [SectionContents(f"7.{number}") for number in range(1, 15)],
    ),
    ChapterContents(
        "8",
        "Faults under load",
        "A workload, a fault in its middle, and checkers at its end: nothing acknowledged may be lost.",
        Layout.TABLE,
        [SectionContents(f"8.{number}") for number in range(1, 5)],
    ),
]
CHAPTERS_BY_KEY = {chapter.key: chapter for chapter in CHAPTERS}


def make_record(*checks: Check, **fields: Any) -> Record:
    """Return a record with the samples' contents, these checks, and what else is given."""
    return Record(chapters=list(CHAPTERS), kinds=list(KINDS), checks=list(checks), **fields)


def make_cell(kind: str, column: str, status: Status = Status.NOT_RUN, detail: str = "") -> list[Check]:
    """Return the checks of a cell of the first matrix: one per section, all of that status."""
    sections = COLUMNS[column].sections
    return [Check(section, f"{section} holds", kind, status=status, detail=detail) for section in sections]
