"""Rows as the real controller manager writes them: the proto column and the json column of one object."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import MappingProxyType

import pytest

from harness.clients.michelangelo.package import find_missing
from harness.clients.michelangelo.proto import encode
from harness.spec.model import API_VERSION, JsonObject
from harness.spec.row import Row
from tests.fakes.contract import CONTRACT

MakeRow = Callable[..., Row]


@pytest.fixture
def extra() -> None:
    """Skip the test where the extra isn't installed."""
    if missing := find_missing():
        pytest.skip(missing)


def make_object(kind: str, spec: JsonObject, **metadata: object) -> JsonObject:
    """Return an object of the kind as kube-apiserver sends it."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {
            "name": "it",
            "namespace": "there",
            "uid": "5c1e",
            "resourceVersion": "41",
            "generation": 2,
            "creationTimestamp": "2026-03-09T20:51:07Z",
            "labels": {"test": "ingester", "empty": ""},
            **metadata,
        },
        "spec": spec,
    }


@pytest.fixture
def make_row(extra: None) -> MakeRow:
    """Return a function that makes the row of `obj`; `proto` and `stored` replace its two copies."""

    def make(obj: JsonObject, *, proto: bytes | None = None, stored: JsonObject | None = None) -> Row:
        kind = CONTRACT.get_kind(obj["kind"])
        columns = {
            "uid": obj["metadata"]["uid"],
            "proto": encode(kind, obj).SerializeToString() if proto is None else proto,
            "json": json.dumps({**(obj if stored is None else stored), "status": {}}),
        }
        return Row(kind.table, MappingProxyType(columns))

    return make
