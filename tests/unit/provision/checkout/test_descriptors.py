"""Promises of `harness.provision.checkout.descriptors`: all are found in generated code, or none is told."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.provision.checkout.descriptors import read_descriptors
from harness.provision.checkout.golines import GENERATED_FOLDER
from harness.provision.checkout.sources import read_texts
from harness.spec.read import Descriptors


def _read(root: Path) -> Descriptors | None:
    return read_descriptors(read_texts(root / GENERATED_FOLDER, "*.pb.go"), root)


def _generate(root: Path, name: str, data: bytes, variable: str = "fileDescriptor_7591126703fbb723") -> None:
    """Write a Go file as protobuf's generators do, with the bytes in lines of 16."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (data[start : start + 16] for start in range(0, len(data), 16))
    body = "".join("\t" + "".join(f"0x{byte:02x}, " for byte in line).rstrip() + "\n" for line in lines)
    path.write_text(f"package v2\n\nvar {variable} = []byte{{\n\t// {len(data)} bytes\n{body}}}\n\nvar x = 0xff\n")


def test_descriptors_are_read_compressed_or_not(tmp_path: Path) -> None:
    """From the kinds' folder, and from that of the options and types beside it."""
    _generate(tmp_path, f"{GENERATED_FOLDER}/project.pb.go", gzip.compress(b"a project" * 9))
    _generate(tmp_path, f"{GENERATED_FOLDER}/model.pb.go", b"\x0aa model", "file_api_v2_model_proto_rawDesc")
    _generate(tmp_path, "proto-go/api/options.pb.go", gzip.compress(b"options"))
    (tmp_path / GENERATED_FOLDER / "git.pb.go").write_text("package v2\n")
    found = _read(tmp_path)
    assert found is not None
    assert set(found.files) == {b"a project" * 9, b"\x0aa model", b"options"}
    assert found.source == GENERATED_FOLDER


@pytest.mark.parametrize(
    "data",
    [b"", gzip.compress(b"cut off" * 50)[:-20], b"\x1f\x8bno archive"],
    ids=["nothing", "cut off", "no archive"],
)
def test_what_can_not_be_read_tells_nothing(data: bytes, tmp_path: Path) -> None:
    """Half of the messages would decode half of an object."""
    if data:
        _generate(tmp_path, f"{GENERATED_FOLDER}/project.pb.go", data)
    assert _read(tmp_path) is None
