"""Promises of `harness.sandbox.k3d.options`."""

from __future__ import annotations

import argparse

import pytest

from harness.cli.options import TARGET_OPTIONS, add_to_parser
from harness.core.errors import SettingsError
from harness.sandbox.k3d.options import Existing, K3dSettings, read_k3d_settings


def _read(*words: str) -> K3dSettings:
    parser = argparse.ArgumentParser()
    add_to_parser(parser, TARGET_OPTIONS)
    return read_k3d_settings(parser.parse_args(list(words)))


def test_defaults_are_those_of_the_record() -> None:
    """Without options the settings are the record's defaults."""
    assert _read() == K3dSettings()


def test_reads_all_options() -> None:
    """Each option reaches its field; a service that is named twice is left out once."""
    words = "--k3d-existing sync --k3d-exclude ui --k3d-exclude ray --k3d-exclude ui --k3d-workflow temporal"
    expected = K3dSettings(Existing.SYNC, "temporal", ("ui", "ray"), 30)
    assert _read(*words.split(), "--k3d-wait-timeout", "30") == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--k3d-exclude controllermgr", "without controllermgr there is nothing to test"),
        ("--k3d-exclude grafena", "did you mean grafana"),
        ("--k3d-workflow temporel", "did you mean temporal"),
        ("--k3d-existing resuse", "did you mean reuse"),
        ("--k3d-wait-timeout 0", "is no time"),
    ],
)
def test_refuses_wrong_values(words: str, message: str) -> None:
    """A wrong value is named, with the way out."""
    with pytest.raises(SettingsError, match=message):
        _read(*words.split())
