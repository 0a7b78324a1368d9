"""Treats SIGTERM as Ctrl-C, for commands that have something to put in order before they end."""

from __future__ import annotations

from types import FrameType


def interrupt(signum: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, as a signal's handler: what was gathered is written, and what was started ends."""
    raise KeyboardInterrupt(f"signal {signum} at {frame.f_code.co_name if frame else '?'}")
