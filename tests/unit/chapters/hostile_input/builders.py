"""Made-up submissions: an object as the API server stored it, and the row that an ingester made of it."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import Path
from harness.chapters.hostile_input.submission import Submission
from harness.core.errors import Refusal
from harness.spec.equality import expect_column, parse_time
from harness.spec.model import API_VERSION, Case, JsonObject
from harness.spec.row import Row
from harness.spec.templates import Templates
from tests.fakes.contract import CONTRACT

NAMESPACE = "inputs"
CASE: Case = CONTRACT.get_case("Pipeline")


def make_object(given: Input, case: Case = CASE, version: int = 7) -> JsonObject:
    """Return the object of the input as the API server stores it."""
    obj = given.build(Templates().render(case, {"namespace": NAMESPACE}), "in")
    name = obj["metadata"]["name"]
    stored = {"uid": f"uid-{name}", "resourceVersion": str(version), "creationTimestamp": "2026-03-09T20:51:07Z"}
    return {**obj, "metadata": {**obj["metadata"], **stored}}


def make_row(obj: JsonObject, case: Case = CASE, **changed: Any) -> Row:
    """Return the row of the object; `changed` are columns with other values."""
    metadata, kind = obj["metadata"], case.kind
    columns = {
        "uid": metadata["uid"],
        "group_ver": API_VERSION,
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "res_version": int(metadata["resourceVersion"]),
        "create_time": parse_time(metadata["creationTimestamp"]),
        "update_time": dt.datetime(2026, 3, 9, 20, 52),
        "delete_time": None,
        "proto": json.dumps(obj).encode(),
        "json": json.dumps(obj),
        **{column.name: expect_column(column, obj) for column in kind.columns},
        **changed,
    }
    return Row(
        kind.table,
        MappingProxyType(columns),
        tuple(sorted(metadata.get("labels", {}).items())),
        tuple(sorted(metadata.get("annotations", {}).items())),
    )


def make_submission(
    changes: Mapping[Path, Any] | None = None, name: str = "quote", **outcome: Any
) -> Submission:
    """Return an input that was accepted; `outcome` are fields of the submission, by default an equal row."""
    given = Input(name, changes or {})
    obj = make_object(given)
    submission = Submission(CASE, given, obj, obj, time.monotonic())
    submission.row, submission.obj = make_row(obj), obj
    for key, value in outcome.items():
        setattr(submission, key, value)
    return submission


def make_refused(name: str = "quote") -> Submission:
    """Return an input that the API server refused."""
    given = Input(name, {("spec", "type"): "SOMETHING"})
    refusal = Refusal(422, "Invalid", "spec.type: Unsupported value")
    return Submission(CASE, given, make_object(given), refusal, time.monotonic())
