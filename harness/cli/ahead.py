"""Decides whether a run's sandbox can start before the run itself is loaded: where it is certain to be the one.

Nothing is decided here that the run does not decide again; what is unusual (a server or a checkout to build, a
cluster, a kept sandbox, a chapter that is run by request) starts when the run asks for it; what is wrong with the
options is met there again.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.cli.options import LOCAL, RUN_OPTIONS, choose_profile_for, read_sandbox_settings, read_value
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.sandbox.local.client.ahead import SandboxAhead

BY_REQUEST = ("faults", "soak", "8.")
"""Words that ask for a chapter whose sandbox is another one, as parts of pytest's expressions and arguments."""

_OTHERWISE = ("keep_sandbox", "michelangelo", "numprocesses")
_ONLY_SHOWS = (   # options of pytest with which no test runs
    "collectonly", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow", "setuponly", "setupplan",
)  # fmt: skip


def start_sandbox_ahead(options: argparse.Namespace, words: Iterable[str]) -> SandboxAhead | None:
    """Start the sandbox that pytest's `options` ask for in the background; None where the run has to do it.

    `words` are pytest's arguments: the tests that were named.
    """
    if options.sandbox != LOCAL or any(getattr(options, name, False) for name in (*_OTHERWISE, *_ONLY_SHOWS)):
        return None
    asked = (options.markexpr, options.keyword, *words)
    if any(word in expression for word in BY_REQUEST for expression in asked):
        return None
    from harness.sandbox.local.client.launch import launch  # noqa: PLC0415

    try:
        for option in RUN_OPTIONS:
            read_value(options, option.attribute)   # a wrong one ends the run before anything starts
        settings = read_sandbox_settings(options)
        process = launch()
    except HarnessError:
        return None   # the run meets it again, where it can say so
    # what follows is loaded, and read, while the supervisor loads its own
    from harness.provision.checkout.reading import read_files  # noqa: PLC0415
    from harness.sandbox.local.client.ahead import SandboxAhead  # noqa: PLC0415
    from harness.sandbox.local.client.planning import are_servers_ready  # noqa: PLC0415
    from harness.spec.profiles import load_profile  # noqa: PLC0415
    from harness.spec.versions import make_contract  # noqa: PLC0415

    try:
        read = read_files(settings.crds, settings.schema)
        if read is not None:
            settings = dataclasses.replace(settings, profile=choose_profile_for(options, read)[0])
        contract = make_contract(load_profile(settings.profile), read)
        contract.select(read_value(options, "crd"))
        ready = are_servers_ready(settings)
    except HarnessError:
        ready = False
    if not ready:
        process.end()   # a server that takes minutes to build is built where it is shown, and can be interrupted
        return None
    return SandboxAhead(dataclasses.replace(settings, kinds=contract.served_kinds), process)
