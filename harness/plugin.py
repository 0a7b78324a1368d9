"""The door for pytest. It says whether a run is one of the acceptance tests, and loads all the rest only then.

An installed harness is loaded by every pytest run of its environment (see `harness.cli.activation`): what is
imported here is paid for by all of them.
"""

from __future__ import annotations

import gc

import pytest

from harness.cli import activation


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the options, in a run of the acceptance tests."""
    activation.declare(parser, pluginmanager)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Switch the rest on where the run contains the acceptance tests."""
    if not activation.is_active(config) or config.option.help:
        return
    gc.disable()   # until all that stays is loaded, a fifth of that time; `harness.acceptance` enables it again
    from harness.cli.ahead import start_sandbox_ahead  # noqa: PLC0415

    ahead = start_sandbox_ahead(config.option, config.args)
    try:
        from harness.acceptance import begin  # noqa: PLC0415  heavy

        begin(config, ahead)
    except BaseException:
        gc.enable()
        if ahead is not None:
            ahead.end()
        raise
