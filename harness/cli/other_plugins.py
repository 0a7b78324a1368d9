"""Options of pytest's other plugins that an acceptance run can't heed: each is refused, with what to do instead.

What only chooses tests, or shows them differently (`-x`, `--lf`, `--durations`), is heeded; the order stays the
report's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.core.errors import SettingsError

_ONE_SANDBOX = "the acceptance tests share one sandbox"
_NO_RETRY = "a failure is a result, which no other try may hide"
_AGAIN = "Run the whole again; with --keep-sandbox that needs no start"
_REFUSED = {
    # name of the option's value: how it is spelled, a value that changes nothing, why, and what to do
    "numprocesses": ("-n", None, _ONE_SANDBOX, "Run them without pytest-xdist"),
    "tx": ("--tx", None, _ONE_SANDBOX, "Run them without pytest-xdist"),
    "workers": ("--workers", None, _ONE_SANDBOX, "Run them without pytest-parallel"),
    "tests_per_worker": ("--tests-per-worker", None, _ONE_SANDBOX, "Run them without pytest-parallel"),
    "forked": ("--forked", None, _ONE_SANDBOX, "Run them without pytest-forked"),
    "reruns": ("--reruns", None, _NO_RETRY, _AGAIN),
    "retries": ("--retries", None, _NO_RETRY, _AGAIN),
    "count": ("--count", 1, "each check is one cell of the report", _AGAIN),
    "flake_finder_enable": ("--flake-finder", None, "each check is one cell of the report", _AGAIN),
    "timeout": (
        "--timeout",
        None,
        "the first check of a section does the work of all kinds",
        "The run has time limits of its own; --sync-timeout says how long a row may take",
    ),
}


def refuse_other_plugins(get_option: Callable[[str], Any], get_ini: Callable[[str], Any]) -> None:
    """Raise SettingsError for the first option, or setting of the configuration file, that can't be heeded.

    Both functions return None for what no plugin has declared.
    """
    for name, (option, harmless, why, way_out) in _REFUSED.items():
        for value, where in ((get_option(name), option), (get_ini(name), f"{name} of the configuration file")):
            if value and str(value) not in (str(harmless), "0"):
                raise SettingsError(f"{where}: {value!r} can't be heeded: {why}", hint=way_out)
