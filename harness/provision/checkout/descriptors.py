"""What a checkout's generated code says of its messages: the descriptors that protobuf's compiler puts into it."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from harness.provision.checkout.golines import GENERATED_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.read import Descriptors

_DESCRIPTOR = re.compile(r"^var (?:fileDescriptor_\w+|file_\w+_rawDesc) = \[\]byte\{\n(.*?)^\}", re.M | re.S)
_BYTE = re.compile(r"\b0x([0-9a-f]{2})\b")


def read_descriptors(root: Path) -> Descriptors | None:
    """Return the descriptors in the generated code of the checkout at `root`; None where it shows none.

    Those of gogo/protobuf are compressed, those of newer generators are not.
    """
    folder = root / GENERATED_FOLDER
    files = []
    for text in (*read_texts(folder.parent, "*.pb.go").values(), *read_texts(folder, "*.pb.go").values()):
        for found in _DESCRIPTOR.finditer(text):
            data = bytes.fromhex("".join(_BYTE.findall(found[1])))
            try:
                files.append(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
            except (OSError, EOFError, zlib.error):
                return None
    return Descriptors(tuple(files), GENERATED_FOLDER) if files else None
