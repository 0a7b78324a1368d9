"""What the tests' processes hear."""

from __future__ import annotations

import signal


def hear_sigint() -> None:
    """Hear SIGINT, here and in the processes that are started, also where a script runs tests in its background.

    Such a job begins with SIGINT ignored, and what it starts inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
