"""Promises of `harness.cli.ahead`: a sandbox is started ahead only where the run is certain to want that one."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from harness.chapters import CHAPTERS
from harness.cli.ahead import BY_REQUEST, start_sandbox_ahead
from harness.cli.options import RUN_OPTIONS, add_to_parser

Launched = list[Any]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    """Return the settings of the sandboxes that were started."""
    started: Launched = []
    monkeypatch.setattr("harness.sandbox.local.client.launch.launch_unless_kept", lambda: "supervisor")
    monkeypatch.setattr(
        "harness.sandbox.local.client.ahead.SandboxAhead", lambda settings, _: started.append(settings)
    )
    return started


def ask(*words: str, markexpr: str = "", **pytests: object) -> argparse.Namespace:
    """Return what pytest's parser makes of the words."""
    parser = argparse.ArgumentParser()
    add_to_parser(parser, RUN_OPTIONS)
    parser.set_defaults(markexpr=markexpr, keyword="", **pytests)
    return parser.parse_args(words)


def test_the_usual_run_is_started_ahead(launched: Launched) -> None:
    """It has the profile's kinds, as the run will ask for."""
    start_sandbox_ahead(ask("--profile", "upstream-main", markexpr="report"), ["tests/acceptance"])
    assert [settings.profile for settings in launched] == ["upstream-main"]
    assert launched[0].kinds


@pytest.mark.parametrize(
    "options",
    [
        ask(collectonly=True),
        ask(markers=True),
        ask(numprocesses=2),
        ask(markexpr="faults"),
        ask("--keep-sandbox"),
        ask("--michelangelo", "somewhere"),
        ask("--sandbox", "existing"),
        ask("--crd", "nokind"),
        ask("--profile", "nosuch"),
        ask("--sync-timeout", "-1"),
        ask("--crds", "/nowhere"),
    ],
)
def test_nothing_is_started_where_the_run_may_not_use_it(launched: Launched, options: argparse.Namespace) -> None:
    """Nor where it will refuse an option."""
    assert start_sandbox_ahead(options, ["tests/acceptance"]) is None
    assert launched == []


def test_chapters_that_run_by_request_are_known_by_their_words() -> None:
    """Their sandbox is another one."""
    for chapter in (chapter for chapter in CHAPTERS if chapter.by_request):
        for word in (*chapter.markers, *(section.number for section in chapter.sections)):
            assert any(part in word for part in BY_REQUEST), word
