"""Tests of how the extra is found, and missed."""

from __future__ import annotations

import sys

import pytest

from harness.clients.michelangelo import package
from harness.spec.model import Kind
from tests.fakes.contract import CONTRACT


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    package.load.cache_clear()


@pytest.mark.parametrize("module", ["michelangelo.gen.api.v2.project_pb2", "grpc"])
def test_a_missing_extra_is_named_with_the_line_that_installs_it(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package, or without gRPC, the reason says what to type."""
    for name in [module, *(name for name in sys.modules if name.startswith(module + "."))]:
        monkeypatch.setitem(sys.modules, name, None)   # Python's own way to say that there is none
    assert "pip install 'ingester-acceptance[michelangelo]'" in package.find_missing()


@pytest.mark.usefixtures("extra")
def test_an_installed_extra_is_found() -> None:
    """With the package, nothing is missing, and its version is known."""
    assert (package.find_missing(), package.get_version()[0].isdigit()) == ("", True)


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("kind", CONTRACT.kinds, ids=lambda kind: kind.name)
@pytest.mark.parametrize("verb", ["Create", "Get", "Update", "Delete"])
def test_every_kind_has_its_methods(verb: str, kind: Kind) -> None:
    """The package describes all four calls of each of the 13 kinds, whether or not a server serves them."""
    method = package.get_method(kind, verb)
    assert method.path == f"/michelangelo.api.v2.{kind.name}Service/{verb}{kind.name}"
    assert method.field in {f.name for f in method.request.DESCRIPTOR.fields} or verb in ("Get", "Delete")
