"""Tests of how messages become objects, and objects messages."""

from __future__ import annotations

from typing import Any

import pytest

from harness.clients.michelangelo.classes import PackageClasses
from harness.clients.michelangelo.descriptors import DescribedClasses
from harness.clients.michelangelo.proto import UndecodableError, decode, encode
from harness.core.errors import HarnessError
from harness.spec.model import JsonObject, Kind
from harness.spec.read import Descriptors
from tests.fakes.contract import CONTRACT
from tests.unit.clients.michelangelo.conftest import make_object

pytestmark = pytest.mark.usefixtures("extra")

PIPELINE = make_object(
    "Pipeline",
    {
        "type": "PIPELINE_TYPE_TRAIN",
        "manifest": {
            "content": {"@type": "type.googleapis.com/of.nobody.Known", "value": "YWJj"},
            "triggerMap": {"nightly": {"intervalSchedule": {"interval": "90s"}, "maxConcurrency": 3}},
            "paramsMap": {"p": {"kwArgs": {"a": 1.5, "b": [1.0, None, "x"]}, "args": [{"c": True}]}},
        },
    },
    managedFields=[
        {"manager": "m", "time": "2026-03-09T20:51:07Z", "fieldsV1": {"f:spec": {"f:type": {}}}},
    ],
    finalizers=["michelangelo/Ingester"],
    deletionTimestamp="2026-03-09T20:52:00Z",
)
RAY_CLUSTER = make_object(
    "RayCluster",
    {
        "rayVersion": "2.9.0",
        "head": {
            "rayStartParams": {"dashboard-host": "127.0.0.1"},
            "pod": {
                "metadata": {"creationTimestamp": None, "labels": {"a": "b"}},
                "spec": {
                    "containers": [
                        {
                            "name": "c",
                            "resources": {"limits": {"cpu": "1500m"}},
                            "livenessProbe": {"handler": {"httpGet": {"port": 80}}},
                            "readinessProbe": {"handler": {"httpGet": {"port": "http"}}},
                        }
                    ],
                    "terminationGracePeriodSeconds": 7,
                },
            },
        },
        "workers": [{"nodeType": "w", "maxInstances": 2}],
    },
)
RAY_JOB = make_object("RayJob", {"entrypoint": "python train.py", "objectStoreMemoryRatio": 0.1})
PIPELINE_RUN = make_object("PipelineRun", {"input": {"kw_args": {"path": "glue"}}}) | {
    "status": {
        "endTime": "2026-03-09T20:52:00.123Z",
        "conditions": [{"type": "t", "status": "CONDITION_STATUS_TRUE", "lastUpdatedTimestamp": "1795503318"}],
    }
}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if key != "creationTimestamp" or item}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("obj", [PIPELINE, RAY_CLUSTER, RAY_JOB, PIPELINE_RUN], ids=lambda obj: obj["kind"])
def test_an_object_survives_its_message(obj: JsonObject) -> None:
    """Every kind of field comes back as it went in: numbers, times, quantities, maps, structs, packed messages."""
    kind = CONTRACT.get_kind(obj["kind"])
    decoded = decode(kind, encode(kind, obj).SerializeToString(), PackageClasses())
    assert decoded.object == _without_nulls(obj)
    assert decoded.unknown == []


@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=lambda kind: kind.name)
def test_every_kind_has_a_class(kind: Kind) -> None:
    """An object of each of the 13 kinds can be written and read."""
    obj = make_object(kind.name, {})
    assert decode(kind, encode(kind, obj).SerializeToString(), PackageClasses()).object == obj


@pytest.mark.parametrize("obj", [PIPELINE, RAY_JOB, PIPELINE_RUN], ids=lambda obj: obj["kind"])
def test_classes_made_of_descriptors_read_the_same(obj: JsonObject) -> None:
    """Also metadata and a package's other types, whose descriptors are declared here."""
    kind = CONTRACT.get_kind(obj["kind"])
    files: dict[str, bytes] = {}

    def collect(file: Any) -> None:
        if file.name.startswith("michelangelo/") and file.name not in files:
            files[file.name] = file.serialized_pb
            for needed in file.dependencies:
                collect(needed)

    collect(PackageClasses().get(kind).DESCRIPTOR.file)
    data = encode(kind, obj).SerializeToString()
    described = decode(kind, data, DescribedClasses(Descriptors(tuple(files.values()), "there")))
    assert described.object == decode(kind, data, PackageClasses()).object


def test_an_unset_time_of_kubernetes_is_null() -> None:
    """Go writes a zero time as an empty message, and as null in JSON: neither is 1970."""
    message = encode(CONTRACT.get_kind("Project"), make_object("Project", {}))
    message.metadata.creationTimestamp.Clear()
    message.metadata.creationTimestamp.SetInParent()
    decoded = decode(CONTRACT.get_kind("Project"), message.SerializeToString(), PackageClasses())
    assert decoded.object["metadata"]["creationTimestamp"] is None


def test_a_field_that_the_class_does_not_have_is_named() -> None:
    """What can't be sent is an error with the field's path and the fields that there are."""
    with pytest.raises(HarnessError, match=r"Project\.spec\.tiers: no field .*\nValid: .*tier"):
        encode(CONTRACT.get_kind("Project"), make_object("Project", {"tiers": 3}))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"tier": "high"}, r"Project\.spec\.tier: .*high"),
        ({"owner": "me"}, r"Project\.spec\.owner: 'me' is no object"),
    ],
)
def test_a_value_that_the_field_can_not_hold_is_named(spec: JsonObject, words: str) -> None:
    """A value of the wrong type is an error with the field's path."""
    with pytest.raises(HarnessError, match=words):
        encode(CONTRACT.get_kind("Project"), make_object("Project", spec))


def test_bytes_that_are_no_message_are_refused() -> None:
    """Bytes that end inside a field are undecodable, not an empty object."""
    data = encode(CONTRACT.get_kind("Project"), make_object("Project", {})).SerializeToString()
    with pytest.raises(UndecodableError):
        decode(CONTRACT.get_kind("Project"), data[:-5], PackageClasses())


def test_unknown_fields_are_reported_with_their_message() -> None:
    """A field that the class doesn't know is reported by path and number, never lost."""
    message = encode(CONTRACT.get_kind("Project"), make_object("Project", {"tier": 3}))
    message.spec.MergeFromString(b"\xf8\x3f\x01")   # field 1023, a number
    (unknown,) = decode(CONTRACT.get_kind("Project"), message.SerializeToString(), PackageClasses()).unknown
    assert (unknown.path, unknown.numbers, "tier" in unknown.names) == ("spec", (1023,), True)
