"""Where text of any content may stand in an object of each kind: data, and how to put it there.

The fields are those that every version of the CRDs has and that nobody parses: not the durations, which are plain
strings for the CRDs only (see `harness.chapters.hostile_input.undecodable`), and not the pods.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.spec.catalogue import KINDS
from harness.spec.model import ColumnType, IndexedColumn, JsonObject, Kind

Path = tuple[str | int, ...]
"""The way to a value, by keys and positions; a key may hold anything."""


def annotate(name: str) -> Path:
    """Return the way to an annotation of the chapter's own."""
    return "metadata", "annotations", f"inputs.example.com/{name}"


ANNOTATION: Path = annotate("text")


@dataclass(frozen=True)
class Places:
    """A kind's free text beside its indexed columns: plain fields, lists, and maps (free keys as well)."""

    fields: tuple[str, ...]
    lists: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


PLACES: Mapping[str, Places] = {
    "Project": Places(
        ("spec.description", "spec.gitRepo", "spec.rootDir"), ("spec.owner.owners",), ("spec.supportingLinks",)
    ),
    "ModelFamily": Places(("spec.description",)),
    "Model": Places((), ("spec.modelArtifactUri",)),
    "Pipeline": Places(("spec.description", "spec.manifest.filePath")),
    "PipelineRun": Places(("spec.description",), maps=("spec.input",)),
    "InferenceServer": Places(
        ("spec.owner.name", "spec.initSpec.servingSpec.version"), ("spec.ownerSpec.ownerInfo.owners",)
    ),
    "Revision": Places(("spec.revisionId", "spec.owner.proxyUser")),
    "Cluster": Places(("spec.region", "spec.zone", "spec.kubernetes.rest.host")),
    "RayCluster": Places(
        ("spec.rayVersion", "spec.user.proxyUser"), maps=("spec.rayConf", "spec.head.rayStartParams")
    ),
    "RayJob": Places(("spec.entrypoint", "spec.jobId")),
    "SparkJob": Places(("spec.mainClass", "spec.mainApplicationFile"), ("spec.mainArgs",), ("spec.sparkConf",)),
    "TriggerRun": Places(("spec.sourceTriggerName", "spec.actor.name")),
    "Deployment": Places(("spec.owner.name", "spec.definition.subType")),
}


def list_text_columns(kind: Kind) -> list[IndexedColumn]:
    """Return the indexed columns that repeat a text of the spec."""
    return [c for c in kind.columns if c.type is ColumnType.TEXT and c.path.startswith("spec.")]


def get_width(column: IndexedColumn) -> int:
    """Return how many characters a VARCHAR column holds."""
    return int(column.sql_type.partition("(")[2].rstrip(")"))


def split(path: str) -> Path:
    """Return a dotted JSON path as a way."""
    return tuple(path.split("."))


def fill(kind: Kind, texts: Mapping[str, str]) -> dict[Path, Any]:
    """Return the changes that put some named texts everywhere, and no place without one.

    Each stands in every list, in every map (as a key, too) and in an annotation of its name; they take turns in
    the indexed columns and the other plain fields, in every other kind the other way round.
    """
    places, values = PLACES[kind.name], list(texts.values())
    single = [*(column.path for column in list_text_columns(kind)), *places.fields]
    turn = KINDS.index(kind)
    changes: dict[Path, Any] = {split(path): values[(turn + i) % len(values)] for i, path in enumerate(single)}
    changes |= {split(path): values for path in places.lists}
    for path in places.maps:
        changes |= {(*split(path), text): text for text in values}
    return changes | {annotate(name): text for name, text in texts.items()}


def get_long_field(kind: Kind) -> Path:
    """Return the way to a field without an indexed column, for text of any length."""
    places = PLACES[kind.name]
    return split(places.fields[0]) if places.fields else (*split(places.lists[0]), 0)


def put(obj: JsonObject, changes: Mapping[Path, Any]) -> JsonObject:
    """Return the object with the values at their places."""
    changed = copy.deepcopy(obj)
    for path, value in changes.items():
        target: Any = changed
        for key, following in itertools.pairwise(path):
            if isinstance(target, dict):
                target = target.setdefault(key, [] if isinstance(following, int) else {})
            else:
                target = target[key]
        if isinstance(target, list):
            target[len(target):] = [value]
        else:
            target[path[-1]] = value
    return changed


def find(obj: JsonObject, path: Path) -> Any:
    """Return the value at the place, None where there is none."""
    value: Any = obj
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def join(path: Path) -> str:
    """Return the way as a dotted path."""
    return ".".join(map(str, path))
