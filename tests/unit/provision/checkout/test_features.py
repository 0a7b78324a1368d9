"""Promises of `harness.provision.checkout.features`: each feature is told by a line, and never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.provision.checkout import features
from harness.provision.checkout.features import IngesterCode, read_features
from harness.provision.checkout.gocode import GoCode, Place

CONTROLLER = """\
package ingester

type Config struct {
	Period time.Duration
	Map map[string]struct{}
}

func (r *R) sync(object Object) {
	r.storage.Upsert(object)
}

func (r *R) handleDeletion(object Object) {
	r.remove(object)
	RemoveFinalizer(object, own); r.Update(ctx, object)
}

func (r *R) remove(object Object) {
	if err := r.metadataStorage.Delete(object); err != nil {
		return err
	}
}

func (r *R) handleDeletionAnnotation(object Object) {
	RemoveFinalizer(object)
	if err := r.Delete(ctx, object); err != nil {
		return err
	}
}
"""
REMOVAL, END = "\tRemoveFinalizer(object)\n", "}\n"
STORAGE = """\
package mysql

func (m *S) Upsert(object Object) {
	save(object.GetUID())
}

func (m *S) Delete(name string) error {
	if affected == 0 {
		return fail("object not found or already deleted")
	}
	return nil
}
"""
HANDLER = "package api\n\nfunc create() {\n\tAddFinalizer(object, api.IngesterFinalizer)\n}\n"


SERVER = "package main\n\nvar all = Options(Provide(config.GetMetadataStorageConfig))\n"


def _code(
    ingester: str = CONTROLLER, storage: str = STORAGE, api: str = HANDLER, server: str = SERVER
) -> IngesterCode:
    parts = (("c.go", ingester), ("s.go", storage), ("h.go", api), ("m.go", server))
    return IngesterCode(*(GoCode({name: text} if text else {}) for name, text in parts))


def test_the_seed_report_s_version_is_told() -> None:
    """Every feature has its first value, and the line that says so."""
    found = {name: (fact.value, fact.source) for name, fact in read_features(_code()).items()}
    assert found == {
        "finalizer": ("api-server", "h.go:4"),
        "finalizer-removal": ("update", "c.go:14"),
        "primary-key": ("uid", "s.go:4"),
        "deletion-delay": ("none", "c.go:3"),
        "missing-row": ("fails", "s.go:9"),
        "deleting-annotation": ("finalizer-first", "c.go:25"),
        "kubernetes-delete": ("soft-delete", "c.go:18"),
        "api-server-storage": ("none", "m.go:3"),
    }


CASES: dict[str, tuple[Callable[[IngesterCode], Place | None], IngesterCode, Place]] = {
    "the ingester adds it": (
        features.read_finalizer,
        _code(CONTROLLER.replace("r.storage.Upsert", "util.AddFinalizer")),
        Place("ingester", "c.go:9"),
    ),
    "a finalizer that is taken off by a merge patch": (
        features.read_finalizer_removal,
        _code(CONTROLLER.replace("r.Update(ctx, object)", "r.Patch(ctx, object, client.MergeFrom(base))")),
        Place("merge-patch", "c.go:14"),
    ),
    "a pinned key": (
        features.read_primary_key,
        _code(storage=STORAGE.replace("object.GetUID()", "object.Annotations[MetadataStoragePrimaryKey]")),
        Place("annotation", "s.go:4"),
    ),
    "a key that the controller pins": (
        features.read_primary_key,
        _code(CONTROLLER.replace("r.storage.Upsert(object)", "pin(api.MetadataStoragePrimaryKeyAnnotation)")),
        Place("annotation", "c.go:9"),
    ),
    "a delay": (
        features.read_deletion_delay,
        _code(CONTROLLER.replace("\tMap", "\tDeletionDelayMap map[string]time.Duration\n\tMap")),
        Place("configurable", "c.go:5"),
    ),
    "a delay of all kinds alone": (
        features.read_deletion_delay,
        _code(CONTROLLER.replace("\tMap", "\tDeletionDelay time.Duration\n\tMap")),
        Place("none", "c.go:3"),
    ),
    "the ingester adds it with a helper of its own": (
        features.read_finalizer,
        _code(CONTROLLER.replace("r.storage.Upsert", "r.ensureFinalizer")),
        Place("ingester", "c.go:9"),
    ),
    "the ingester appends it": (
        features.read_finalizer,
        _code(CONTROLLER.replace("r.storage.Upsert(object)", "o.Set(append(all, api.IngesterFinalizer))")),
        Place("ingester", "c.go:9"),
    ),
    "a missing row is ignored": (
        features.read_missing_row,
        _code(CONTROLLER.replace("(object); err != nil {", "(object); err != nil && !IsNotFound(err) {", 1)),
        Place("done", "c.go:18"),
    ),
    "a missing row is no error": (
        features.read_missing_row,
        _code(storage="package mysql\n\nfunc (m *S) Delete(name string) error {\n\treturn exec(name)\n}\n"),
        Place("done", "s.go:3"),
    ),
    "deleted with the finalizer on": (
        features.read_deleting_annotation,
        _code(CONTROLLER.replace(REMOVAL, "")),
        Place("delete-first", "c.go:24"),
    ),
    "released first, by a helper": (
        features.read_deleting_annotation,
        _code(CONTROLLER.replace(REMOVAL, "\tr.dropFinalizer(ctx, object)\n")),
        Place("finalizer-first", "c.go:25"),
    ),
    "a delete in Kubernetes that leaves the row": (
        features.read_kubernetes_delete,
        _code(CONTROLLER.replace("\tr.remove(object)\n", "\tr.release(object)\n")),
        Place("release", "c.go:14"),
    ),
    "an API server with a storage": (
        features.read_api_server_storage,
        _code(server=SERVER.replace("all", "all, store storage.MetadataStorage")),
        Place("wired", "m.go:3"),
    ),
    "deleted before": (
        features.read_deleting_annotation,
        _code(f"{CONTROLLER.replace(REMOVAL, '').removesuffix(END)}\tRemoveFinalizer(o)\n{END}"),
        Place("delete-first", "c.go:24"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_later_behaviour_is_told(name: str) -> None:
    """What a later version does instead is read, with its line."""
    read, code, expected = CASES[name]
    assert read(code) == expected


def test_code_of_another_shape_tells_nothing() -> None:
    """Without the code, or where it is written otherwise, no feature is read."""
    assert read_features(_code("", "", "", "")) == {}
    assert read_features(_code("package ingester\n", "package mysql\n", "package api\n", "package main\n")) == {}


@pytest.mark.parametrize(
    "call",
    [
        "err := r.metadataStorage.Delete(object); err != nil && !isGone(err) {",
        "err := ignoreGone(r.metadataStorage.Delete(object)); err != nil {",
        "err := r.metadataStorage.Delete(object); err != nil {\n\t\tif isGone(err) {\n\t\t\treturn nil\n\t\t}",
        "err := r.metadataStorage.Delete(object); err != nil {\n\t\tsay(e)\n\t}\n\tif err = n(); err != nil {",
    ],
)
def test_an_error_that_may_be_ignored_tells_nothing(call: str) -> None:
    """What becomes of a missing row is told only where the error is returned whatever it is."""
    code = _code(CONTROLLER.replace("err := r.metadataStorage.Delete(object); err != nil {", call))
    assert features.read_missing_row(code) is None
