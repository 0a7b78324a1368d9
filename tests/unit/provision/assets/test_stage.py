"""Promises of `harness.provision.assets.stage`."""

from __future__ import annotations

import pytest

from harness.core.progress import Progress
from harness.provision.assets.stage import begin_stage, note


def test_stage_lasts_as_long_as_its_block(progress: Progress, events: list[str]) -> None:
    """A stage is reported from its beginning to its result."""
    with begin_stage(progress, "work", 2, "steps") as stage:
        stage.advance(1, "half")
        stage.result = "done"
    assert events == ["begin work [2 steps]", "work: 1 half", "end work: done"]


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_failing_stage_ends_too(progress: Progress, events: list[str], end: type[BaseException]) -> None:
    """A stage that fails or is interrupted does not stay open."""
    with pytest.raises(end), begin_stage(progress, "work"):
        raise end
    assert events == ["begin work", "end work: failed"]


def test_note_is_a_stage_without_steps(progress: Progress, events: list[str]) -> None:
    """What takes no time is reported all the same."""
    note(progress, "check", "damaged")
    assert events == ["begin check", "end check: damaged"]
