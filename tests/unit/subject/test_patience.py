"""Patience is lost step by step, and never with what comes, however slowly."""

from __future__ import annotations

from harness.subject.patience import Patience


def test_patience_is_lost_with_the_third_wait_in_vain() -> None:
    """Until then a right product on a busy machine has all its time."""
    patience = Patience(15.0, 2.0)
    for _ in range(2):
        patience.note(15.0, in_vain=True)
        assert patience.seconds == 15.0
    patience.note(15.0, in_vain=True)
    assert patience.seconds == 2.0


def test_what_comes_slowly_keeps_its_time() -> None:
    """Ten times the slowest that came, and never more than the limit."""
    patience = Patience(15.0, 2.0)
    for _ in range(3):
        patience.note(15.0, in_vain=True)
    patience.note(0.5, in_vain=False)
    patience.note(0.1, in_vain=False)
    assert patience.seconds == 5.0
    patience.note(4.0, in_vain=False)
    assert patience.seconds == 15.0
