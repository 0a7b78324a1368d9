"""Options of other plugins that an acceptance run can't heed are refused, in one sentence with the way out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.cli.other_plugins import refuse_other_plugins
from harness.core.errors import SettingsError

NOTHING = SimpleNamespace()


def refuse(options: object, settings: object = NOTHING) -> None:
    """Look at the options of a command line, and at the settings of a configuration file."""
    refuse_other_plugins(lambda name: getattr(options, name, None), lambda name: getattr(settings, name, None))


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("numprocesses", 2, "-n"),
        ("numprocesses", "auto", "-n"),
        ("reruns", 3, "--reruns"),
        ("count", 2, "--count"),
        ("timeout", 5.0, "--timeout"),
        ("forked", True, "--forked"),
    ],
)
def test_an_option_that_cannot_be_heeded_is_refused(name: str, value: object, option: str) -> None:
    """It names the option and the value, and says what to do."""
    with pytest.raises(SettingsError, match="can't be heeded") as caught:
        refuse(SimpleNamespace(**{name: value}))
    assert caught.value.problem.startswith(f"{option}: {value!r} ")
    assert caught.value.hint


def test_a_setting_of_the_configuration_file_is_refused_as_well() -> None:
    """It is named as what it is."""
    with pytest.raises(SettingsError, match="reruns of the configuration file: '2' can't be heeded"):
        refuse(NOTHING, SimpleNamespace(reruns="2"))


@pytest.mark.parametrize("options", [NOTHING, SimpleNamespace(count=1, reruns=0, numprocesses=None, timeout=None)])
def test_what_changes_nothing_is_heeded(options: object) -> None:
    """Plugins that are installed and not used, and values that stand for that."""
    refuse(options, SimpleNamespace(reruns="", timeout="0"))
