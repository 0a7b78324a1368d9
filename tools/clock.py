"""A pytest plugin that notes when the parts of a run begin and end, for `tools.benchmark`.

The file that the variable BENCHMARK_CLOCK names gets them as JSON: seconds since the epoch, by name.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

VARIABLE = "BENCHMARK_CLOCK"
_marks = {"loaded": time.time()}


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Every plugin is configured: options are read, modules imported."""
    _marks["configured"] = time.time()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """The tests are known."""
    _marks["collected"] = time.time()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """The last test is over."""
    _marks["tested"] = time.time()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """The sandbox is down and the reports are written."""
    _marks["reported"] = time.time()
    Path(os.environ[VARIABLE]).write_text(json.dumps(_marks), encoding="utf-8")
