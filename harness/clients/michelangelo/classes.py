"""Chooses the classes by which the proto column is decoded: the version's own, or else those of the extra."""

from __future__ import annotations

import functools
from typing import Any, Protocol

from harness.clients.michelangelo.descriptors import DescribedClasses
from harness.clients.michelangelo.package import PACKAGE, find_missing, get_message_class, get_version
from harness.core.errors import HarnessError
from harness.spec.model import Kind
from harness.spec.read import Descriptors


class MessageClasses(Protocol):
    """The messages of one version; `source` says whence they are, `own` whether they are those of the product."""

    source: str
    own: bool

    def get(self, kind: Kind) -> Any:
        """Return the class of the kind's objects; HarnessError where there is none."""


class PackageClasses:
    """The messages of the extra's package, which may be of another version than the product."""

    own = False

    def __init__(self) -> None:
        self.source = f"{PACKAGE} {get_version()}"

    def get(self, kind: Kind) -> Any:
        """Return the class of the kind's objects; HarnessError where the package has none."""
        return get_message_class(kind)


@functools.cache
def find_classes(descriptors: Descriptors | None) -> MessageClasses:
    """Return those of the descriptors that were read, else the extra's; HarnessError where there are neither."""
    unusable = ""
    if descriptors is not None:
        try:
            return DescribedClasses(descriptors)
        except HarnessError as error:
            unusable = f"{error}; and without them, it "
    if missing := find_missing():
        raise HarnessError(f"{unusable}{missing}")
    return PackageClasses()
