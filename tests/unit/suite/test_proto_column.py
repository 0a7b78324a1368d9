"""Promises of `harness.suite.proto_column`: by whose classes a run's proto columns are decoded, or why by none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.core.errors import HarnessError
from harness.core.outcomes import NotApplicable
from harness.suite import proto_column
from harness.suite.proto_column import REFERENCE_PROTO, find_run_classes, require_classes
from tests.fakes.context import make_context
from tests.fakes.world import World


def test_the_reference_has_no_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so itself, in its log."""
    classes = SimpleNamespace(source="there")
    monkeypatch.setattr(proto_column, "find_classes", lambda _: classes)
    context = make_context(World())
    assert require_classes(context) is find_run_classes(context) is cast(Any, classes)
    cast(Any, context.sandbox).log(REFERENCE_PROTO)
    with pytest.raises(NotApplicable, match="the bundled reference has no protobuf classes"):
        require_classes(context)
    assert find_run_classes(context) is None


def test_without_any_classes_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is neither a checkout nor the extra."""

    def refuse(_: object) -> None:
        raise HarnessError("needs the extra")

    monkeypatch.setattr(proto_column, "find_classes", refuse)
    with pytest.raises(NotApplicable, match="needs the extra"):
        require_classes(make_context(World()))
