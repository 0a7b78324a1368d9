"""Whether a run's sandbox is started ahead: where it is certain to be the one, with nothing to be built."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import harness.sandbox.local.client.ahead
import harness.sandbox.local.client.launch
import harness.sandbox.local.client.planning
from harness.chapters import CHAPTERS
from harness.cli.ahead import BY_REQUEST, start_sandbox_ahead
from harness.cli.options import RUN_OPTIONS, add_to_parser
from harness.core.errors import HarnessError
from harness.core.settings import SandboxSettings
from harness.spec.bundle import render_crds
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract

CONTRACT = make_contract(load_profile("upstream-main"))


@dataclass
class Process:
    """A supervisor process that was launched."""

    ended: bool = False

    def end(self) -> None:
        """End it."""
        self.ended = True


@dataclass
class World:
    """What the machine has, and what was started on it."""

    processes: list[Process] = field(default_factory=list)
    started: list[SandboxSettings] = field(default_factory=list)
    is_ready: bool = True
    problem: str = ""

    def launch(self) -> Process:
        """Launch a supervisor."""
        self.processes.append(Process())
        return self.processes[-1]

    def start(self, settings: SandboxSettings, _: Process) -> str:
        """Start a sandbox in the background."""
        self.started.append(settings)
        return "on its way"

    def are_servers_ready(self, _: SandboxSettings) -> bool:
        """Tell whether nothing has to be built."""
        if self.problem:
            raise HarnessError(self.problem)
        return self.is_ready


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A machine that has all that is needed."""
    world = World()
    monkeypatch.setattr(harness.sandbox.local.client.launch, "launch", world.launch)
    monkeypatch.setattr(harness.sandbox.local.client.planning, "are_servers_ready", world.are_servers_ready)
    monkeypatch.setattr(harness.sandbox.local.client.ahead, "SandboxAhead", world.start)
    return world


def parse(*words: str, **more: Any) -> argparse.Namespace:
    """Return the options as pytest has them."""
    parser = argparse.ArgumentParser()
    add_to_parser(parser, RUN_OPTIONS)
    return argparse.Namespace(**{"markexpr": "", "keyword": "", **vars(parser.parse_args(words)), **more})


def test_an_ordinary_run_has_its_sandbox_started(world: World) -> None:
    """With its settings, and the kinds of its profile."""
    assert start_sandbox_ahead(parse("--profile", "upstream-main"), ["tests/acceptance"])
    (settings,) = world.started
    assert settings.profile == "upstream-main"
    assert settings.kinds
    assert [process.ended for process in world.processes] == [False]


@pytest.mark.parametrize(
    "options",
    [
        parse("--keep-sandbox"),
        parse("--michelangelo", "."),
        parse("--sandbox", "existing"),
        parse("--profile", "nothing-like-it"),
        parse(markexpr="faults"),
        parse(keyword="8.3"),
        parse(collectonly=True),
        parse(markers=True),
        parse(numprocesses=2),
        parse("--sync-timeout", "-1"),
        parse("--crds", "/nowhere"),
    ],
)
def test_an_unusual_run_starts_its_own(world: World, options: argparse.Namespace) -> None:
    """A kept one, a checkout to build, a cluster, wrong options, faults by request, and where nothing is run."""
    assert start_sandbox_ahead(options, ["tests/acceptance"]) is None
    assert (world.processes, world.started) == ([], [])


@pytest.mark.parametrize("problem", ["", "kube-apiserver is made for another machine"])
def test_nothing_is_built_in_the_background(world: World, problem: str) -> None:
    """A first-time build takes minutes, and is to be seen and interrupted; what is launched is ended."""
    world.is_ready, world.problem = False, problem
    assert start_sandbox_ahead(parse(), ["tests/acceptance"]) is None
    assert world.started == []
    assert [process.ended for process in world.processes] == [True]


def test_a_kind_that_the_version_has_not_ends_what_was_launched(world: World) -> None:
    """The contract that tells it is read while the supervisor loads."""
    assert start_sandbox_ahead(parse("--crd", "nothing-like-it"), ["tests/acceptance"]) is None
    assert world.started == []
    assert [process.ended for process in world.processes] == [True]


def test_a_version_of_its_own_has_its_kinds(world: World, tmp_path: Path) -> None:
    """Where CRDs and schema are given, they tell what is to be served."""
    for crd in render_crds(CONTRACT.cases):
        crd["spec"]["names"]["plural"] = f"{crd['spec']['names']['kind'].lower()}ses"
        (tmp_path / f"{crd['spec']['names']['kind']}.json").write_text(json.dumps(crd), encoding="utf-8")
    assert start_sandbox_ahead(parse("--crds", str(tmp_path)), ["tests/acceptance"])
    (settings,) = world.started
    assert all(kind.plural.endswith("ses") for kind in settings.kinds)


def test_chapters_that_run_by_request_are_known_by_their_words() -> None:
    """Their sandbox is another one."""
    for chapter in (chapter for chapter in CHAPTERS if chapter.by_request):
        for word in (*chapter.markers, *(section.number for section in chapter.sections)):
            assert any(part in word for part in BY_REQUEST), word
