"""What a checkout's code says of the features that versions differ in: one small reader for each.

A reader returns the feature's value with the line that says so, and None where the code has another shape: what
can't be read is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.provision.checkout.gocode import GoCode, Place
from harness.provision.checkout.golines import INGESTER_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.features import (
    ANNOTATION,
    API_SERVER,
    API_SERVER_STORAGE,
    CONFIGURABLE,
    DELETE_FIRST,
    DELETING_ANNOTATION,
    DELETION_DELAY,
    DONE,
    FAILS,
    FINALIZER,
    FINALIZER_FIRST,
    FINALIZER_REMOVAL,
    INGESTER,
    KUBERNETES_DELETE,
    MERGE_PATCH,
    MISSING_ROW,
    NO_DELAY,
    NOT_WIRED,
    PRIMARY_KEY,
    RELEASE,
    SOFT_DELETE,
    UID,
    UPDATE,
    WIRED,
    Fact,
)

STORAGE_FOLDER, API_FOLDER, API_SERVER_FOLDER = "go/storage/mysql", "go/api", "go/cmd/apiserver"

_ADDS = r"(?i:\b(?:add|ensure|attach)\w*finalizers?\()"
_APPENDS = r"\bappend\([^\n]*(?:\bIngesterFinalizer\b|michelangelo/Ingester)"
_ROW_DELETE = r"etadataStorage\.Delete\("
_IGNORED = r"(?s)(etadataStorage\.Delete\((?:(?!\n\t\}).)*?NotFound)"
_FATAL = (   # its error is returned, whatever it is: no condition beside it, none in the block
    r"(\berr :?= \w+\.\w*" + _ROW_DELETE + r"[^\n]*\); err != nil \{"
    r"(?:[^{}]|\w\{[^{}]*\})*\breturn\b(?:[^{}\n]|\w\{[^{}]*\})*\berr\s*\})"
)
_KUBERNETES_DELETE = r"\b\w+\.(?:\w*[cC]lient\.)?(Delete\(ctx, obj)"


@dataclass(frozen=True)
class IngesterCode:
    """The code that the readers look at: the Ingester's controller, its storage, the API server's handlers.

    And its composition root, `server`.
    """

    ingester: GoCode
    storage: GoCode
    api: GoCode
    server: GoCode


def read_code(root: Path) -> IngesterCode:
    """Return the code of the checkout at `root` that decides about features."""
    return IngesterCode(
        GoCode.strip(read_texts(root / INGESTER_FOLDER, "*.go"), root),
        GoCode.strip(read_texts(root / STORAGE_FOLDER, "*.go"), root),
        GoCode.strip(read_texts(root / API_FOLDER, "**/*.go"), root),
        GoCode.strip(read_texts(root / API_SERVER_FOLDER, "*.go"), root),
    )


def read_features(code: IngesterCode) -> dict[str, Fact]:
    """Return the features that the code tells, by name."""
    found = {name: reader(code) for name, reader in _READERS.items()}
    return {name: Fact(name, place.text, place.where) for name, place in found.items() if place is not None}


def read_finalizer(code: IngesterCode) -> Place | None:
    """`ingester` where its controller adds one, else `api-server` where that one's handlers add the Ingester's."""
    for pattern in (_ADDS, _APPENDS):
        if (place := code.ingester.find(pattern)) is not None:
            return Place(INGESTER, place.where)
    place = code.api.find(rf"{_ADDS}[^\n]*IngesterFinalizer") or code.api.find(_APPENDS)
    return Place(API_SERVER, place.where) if place is not None and code.ingester else None


def read_finalizer_removal(code: IngesterCode) -> Place | None:
    """`merge-patch` where a function that takes it off makes such a patch, `update` where it writes the object."""
    removing = [body for _, body in code.ingester.find_functions(r"\w+") if body.find(r"\bRemoveFinalizer\(")]
    for value, pattern in ((MERGE_PATCH, r"\b(MergeFrom\()"), (UPDATE, r"\.(Update\()")):
        if (place := next(filter(None, (body.find(pattern) for body in removing)), None)) is not None:
            return Place(value, place.where)
    return None


def read_primary_key(code: IngesterCode) -> Place | None:
    """`annotation` where Ingester or storage use `MetadataStoragePrimaryKey`, `uid` where storage takes that."""
    for part in (code.storage, code.ingester):
        if (place := part.find(r"MetadataStoragePrimaryKey|PrimaryKeyAnnotation")) is not None:
            return Place(ANNOTATION, place.where)
    place = code.storage.find(r"\bGetUID\(\)")
    return None if place is None else Place(UID, place.where)


def read_deletion_delay(code: IngesterCode) -> Place | None:
    """`configurable` where the Ingester's Config has a field DeletionDelayMap, `none` where it has none."""
    config = r"^type Config struct \{(?:[^{}]|\{[^{}]*\})*?"
    if (place := code.ingester.find(config + r"^\s+(DeletionDelayMap)\b", re.MULTILINE)) is not None:
        return Place(CONFIGURABLE, place.where)
    place = code.ingester.find(r"^(type Config struct)\b", re.MULTILINE)
    return None if place is None else Place(NO_DELAY, place.where)


def read_missing_row(code: IngesterCode) -> Place | None:
    """`fails` where a delete of no row is an error that the controller returns, `done` where nobody minds.

    What becomes of the error must be plain for every call, else nothing is told.
    """
    deletes = [body for _, body in code.storage.find_functions("Delete")]
    complaint = next(filter(None, (body.find(r"not found or already deleted") for body in deletes)), None)
    if complaint is None:
        minds = any(body.find(r"RowsAffected|NotFound") for body in deletes)
        place = deletes[0].find(r"func [^\n]*Delete\(") if deletes and not minds else None
        return None if place is None else Place(DONE, place.where)
    if (ignored := code.ingester.find(_IGNORED)) is not None:
        return Place(DONE, ignored.where)
    calls, fatal = (len(list(code.ingester.iterate(pattern))) for pattern in (_ROW_DELETE, _FATAL))
    return Place(FAILS, complaint.where) if calls and calls == fatal else None


def read_deleting_annotation(code: IngesterCode) -> Place | None:
    """`finalizer-first` where the annotation's function removes it before the delete, else `delete-first`."""
    for _, body in code.ingester.find_functions(r"\w*Delet(?:ion|ing)Annotation\w*"):
        delete = body.find(_KUBERNETES_DELETE)
        if delete is None:
            continue
        removed = body.find(rf"(?s)[fF]inalizer\w*\(.*?{_KUBERNETES_DELETE}")   # by whichever helper
        return Place(DELETE_FIRST if removed is None else FINALIZER_FIRST, delete.where)
    return None


def read_kubernetes_delete(code: IngesterCode) -> Place | None:
    """`soft-delete` where what handles a deletion deletes from storage as well, `release` where it does not.

    What it calls in the Ingester's code belongs to it.
    """
    handlers = dict(code.ingester.find_functions(r"handle(?:Kubernetes)?Delet(?:e|ion)"))
    reached = code.ingester.follow(handlers)
    deletes = next(filter(None, (body.find(r"[sS]torage\.(\w*Delete\w*\()") for body in reached)), None)
    if deletes is not None:
        return Place(SOFT_DELETE, deletes.where)
    removes = next(filter(None, (body.find(r"\b(\w*RemoveFinalizer\()") for body in reached)), None)
    return None if removes is None else Place(RELEASE, removes.where)


def read_api_server_storage(code: IngesterCode) -> Place | None:
    """`wired` where the API server's composition root provides the storage, `none` where it knows its setting."""
    place = code.server.find(r"\bstorage\.MetadataStorage\b|\w*MetadataStorage\(|\bmysql\w*\.Module\b")
    if place is not None:
        return Place(WIRED, place.where)
    place = code.server.find(r"MetadataStorageConfig")
    return None if place is None else Place(NOT_WIRED, place.where)


_READERS: dict[str, Callable[[IngesterCode], Place | None]] = {
    FINALIZER: read_finalizer,
    FINALIZER_REMOVAL: read_finalizer_removal,
    PRIMARY_KEY: read_primary_key,
    DELETION_DELAY: read_deletion_delay,
    MISSING_ROW: read_missing_row,
    DELETING_ANNOTATION: read_deleting_annotation,
    KUBERNETES_DELETE: read_kubernetes_delete,
    API_SERVER_STORAGE: read_api_server_storage,
}
