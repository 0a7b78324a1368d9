"""What a checkout's generated code says of its messages: the descriptors that protobuf's compiler puts into it."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from pathlib import Path

from harness.provision.checkout.golines import GENERATED_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.read import Descriptors

_DESCRIPTOR = re.compile(r"^var (?:fileDescriptor_\w+|file_\w+_rawDesc) = \[\]byte\{\n(.*?)^\}", re.M | re.S)
_BYTE = re.compile(r"\b0x([0-9a-f]{2})\b")


def read_descriptors(texts: Mapping[Path, str], root: Path) -> Descriptors | None:
    """Return the descriptors in the generated code of the checkout at `root`; None where it shows none.

    `texts` are those of GENERATED_FOLDER; what its files need stands beside it. Descriptors of gogo/protobuf are
    compressed, those of newer generators are not.
    """
    files = []
    beside = read_texts((root / GENERATED_FOLDER).parent, "*.pb.go")
    for text in (*beside.values(), *texts.values()):
        for found in _DESCRIPTOR.finditer(text):
            data = bytes.fromhex("".join(_BYTE.findall(found[1])))
            try:
                files.append(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
            except (OSError, EOFError, zlib.error):
                return None
    return Descriptors(tuple(files), GENERATED_FOLDER) if files else None
