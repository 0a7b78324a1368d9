"""Decides whether a run of pytest is one of the acceptance tests, and spells such runs again.

An installed harness is loaded by every pytest run of its environment. It must not be noticed in runs of other
tests: there it declares no option, no marker and no fixture, since names such as `--profile` and `--sandbox` may
be those of another plugin. What tells the two apart is the command line alone: a run is of the acceptance tests
where a word of it is their folder, or something in it. `ingester-acceptance run` gives that folder. In a clone, a
folder that contains them counts too (`pytest` and `pytest tests` at its top); in an installed package it must not,
because a virtual environment often lies within the very project whose tests are run. The table of options is
loaded only then, so that the price of all other runs is some milliseconds at most.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.resources import find_resource, is_installed

if TYPE_CHECKING:
    import pytest

ACCEPTANCE = "tests/acceptance"
CONFIGURATION = Path(__file__).with_name("acceptance.ini")
PLUGIN = "harness.plugin"
_TEST = "test_chapters.py::test_section"


def concerns_acceptance(words: Iterable[str], folder: Path) -> bool:
    """Whether pytest, called in `folder` with these words, is asked for the acceptance tests."""
    tests = os.path.realpath(find_resource(*ACCEPTANCE.split("/")))
    places = [word.partition("::")[0] for word in words if word and not word.startswith("-")]
    return any(_touches(os.path.realpath(os.path.join(folder, place)), tests) for place in places or [""])  # noqa: PTH118


def _touches(place: str, tests: str) -> bool:
    if place == tests or place.startswith(tests + os.sep):
        return True
    return not is_installed() and tests.startswith(place.rstrip(os.sep) + os.sep)


def declare(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the options where the run is one of the acceptance tests; for `pytest_addoption`."""
    config = pluginmanager.get_plugin("pytestconfig")
    if config is None or not concerns_acceptance(config.invocation_params.args, config.invocation_params.dir):
        return
    from harness.cli.options import add_options  # noqa: PLC0415
    from harness.core.errors import SettingsError  # noqa: PLC0415

    try:
        add_options(lambda title: parser.getgroup(f"ingester acceptance: {title}").addoption)
    except SettingsError as error:   # of a configuration file
        import pytest  # noqa: PLC0415

        raise pytest.UsageError(str(error)) from error


def is_active(config: pytest.Config) -> bool:
    """Whether the run contains the acceptance tests, with the options that `declare` has declared for it."""
    return hasattr(config.option, "sync_timeout") and concerns_acceptance(
        config.args, Path(config.invocation_params.dir)
    )


def build_arguments(words: Sequence[str], ids: Sequence[str] = ()) -> list[str]:
    """Return pytest's command line for `ingester-acceptance run` with these words, in the current folder.

    With `ids` it runs these checks and no other.
    """
    tests = str(find_resource(*ACCEPTANCE.split("/")))
    here = str(Path.cwd())
    chosen = [f"{tests}/{_TEST}[{each}]" for each in ids] or [tests]
    return [*chosen, "-c", str(CONFIGURATION), f"--rootdir={here}", f"--confcutdir={tests}", "-p", PLUGIN, *words]


def spell_command(config: pytest.Config) -> str:
    """Return the command that was typed."""
    from harness.cli.options import PROGRAM  # noqa: PLC0415

    words = [str(word) for word in config.invocation_params.args]
    if _is_run_command(config):
        chosen = [word.partition("[")[2].removesuffix("]") for word in words[: words.index("-c")] if "[" in word]
        only = ["-k", " or ".join(chosen)] if chosen else []
        return shlex.join([PROGRAM, "run", *words[words.index(PLUGIN) + 1 :], *only])
    return shlex.join(["pytest", *words])


def spell_check(config: pytest.Config, test: str, kind: str | None = None) -> str:
    """Return the command that runs one check again: the test's name, and the kind that it is about.

    All options that were given are among its words, and pytest's -m, which chooses what can be selected.
    """
    from harness.cli.options import PROGRAM, RUN_OPTIONS, get_given, spell  # noqa: PLC0415

    given = get_given(config.option, RUN_OPTIONS)
    if kind is not None and "crd" not in given:
        given["crd"] = [kind.lower()]
    marks = ["-m", config.option.markexpr] if config.option.markexpr else []
    entry = [PROGRAM, "run"] if _is_run_command(config) else ["pytest", ACCEPTANCE]
    return shlex.join([*entry, *marks, *spell(given), "-k", test])


def _is_run_command(config: pytest.Config) -> bool:
    return config.inipath is not None and config.inipath == CONFIGURATION
