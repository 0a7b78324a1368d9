"""The configuration file and the environment: what stands in place of an option that was not given.

`ingester-acceptance.toml`, or the table `[tool.ingester-acceptance]` of `pyproject.toml`, in the current folder or
the nearest one above it that has either:

    sync-timeout = 30        every option by its name without the dashes; paths are relative to the file
    crd = ["model"]          one that is repeatable is a list, a flag is true or false
    [profile]                a profile of one's own, in place of its name: see `harness.spec.profiles`
    [timeouts]               how long else to wait, in seconds: log, registration, issue, hold, latency, settle
    [thresholds]             of `report diff`: latency-factor, latency-floor (seconds)

A variable such as INGESTER_OPTION_SYNC_TIMEOUT goes before the file; what is repeatable is split as a shell does.
An unknown key is an error. Which values are right, the table of options says when it reads them.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import SettingsError
from harness.core.settings import Timeouts

if TYPE_CHECKING:
    from harness.cli.options import Option

FILE_NAME = "ingester-acceptance.toml"
TOOL = "ingester-acceptance"
VARIABLE_PREFIX = "INGESTER_OPTION_"
CONFIG_VARIABLE = "INGESTER_ACCEPTANCE_CONFIG"
"""The file to read instead; empty: none."""

PROFILE, TIMEOUTS, THRESHOLDS = TABLES = ("profile", "timeouts", "thresholds")
TIMEOUT_KEYS = {
    item.name.removesuffix("_s"): item.name for item in dataclasses.fields(Timeouts) if item.name != "sync_s"
}
"""The keys of `[timeouts]`, with the fields that they set; `sync-timeout` is an option."""

THRESHOLD_KEYS = {"latency-factor": "latency_factor", "latency-floor": "latency_floor_s"}
"""The keys of `[thresholds]`, with the arguments of `harness.report.diff.compare_records` that they set."""

_PYPROJECT = "pyproject.toml"
_ELSEWHERE = re.compile(r"[\w.+-]+://|[^/]+:|~")   # a URL, scp's form, a home: no path from the file's folder on
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Configuration:
    """What was configured: values and where each is from, by the options' attributes; and the tables' values."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    timeouts: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)


def load_configuration(options: Iterable[Option]) -> Configuration:
    """Return what file and environment configure of these options; a file is read once per process and folder.

    Raises SettingsError, which names file or variable, key and value, where one is wrong.
    """
    by_key = {option.name.removeprefix("--"): option for option in options}
    path, data = _read_nearest(Path.cwd(), os.environ.get(CONFIG_VARIABLE))
    values, sources = {}, {}
    for key, value in data.items():
        if key in by_key and not (key == PROFILE and isinstance(value, dict)):
            option = by_key[key]
            values[option.attribute] = _check(option, value, path)
            sources[option.attribute] = f"{path}: {key}"
        elif key not in TABLES:
            raise SettingsError.unknown(str(path), key, dict.fromkeys((*by_key, *TABLES)), what="key")
    if isinstance(data.get(PROFILE), dict):
        values[PROFILE], sources[PROFILE] = str(path), f"{path}: [{PROFILE}]"
    for option in by_key.values():
        variable = f"{VARIABLE_PREFIX}{option.attribute.upper()}"
        if variable in os.environ:
            values[option.attribute] = _parse(option, variable, os.environ[variable])
            sources[option.attribute] = variable
    return Configuration(
        values,
        sources,
        _read_numbers(data, TIMEOUTS, TIMEOUT_KEYS, path),
        _read_numbers(data, THRESHOLDS, THRESHOLD_KEYS, path),
    )


@functools.lru_cache(maxsize=4)
def _read_nearest(folder: Path, chosen: str | None) -> tuple[Path, dict[str, Any]]:
    """Return the file and its keys; none where there is no file."""
    if chosen is not None:
        if chosen and not Path(chosen).is_file():
            raise SettingsError(f"{CONFIG_VARIABLE}: there is no file {chosen!r}", hint="Unset it, or name a file")
        path = Path(chosen).resolve()
        return path, (_read(path) or {}) if chosen else {}
    for place in (folder, *folder.parents):
        for name in (FILE_NAME, _PYPROJECT):
            path = place / name
            data = _read(path) if path.is_file() else None
            if data is not None:
                return path, data
    return folder / FILE_NAME, {}


def _read(path: Path) -> dict[str, Any] | None:
    """Return the file's own table; None of a project's file without one."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        hint = f"Mend it, or set {CONFIG_VARIABLE}= to do without"
        raise SettingsError(f"{path}: {error}", hint=hint) from error
    if path.name != _PYPROJECT:
        return data
    table = data.get("tool", {}).get(TOOL)
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{path}: tool.{TOOL}: {table!r} is no table", hint=f"The form is [tool.{TOOL}]")
    return table


def _check(option: Option, value: Any, path: Path) -> Any:
    """Return the value of a file as the command line would give it."""
    where = f"{path}: {option.name.removeprefix('--')}"
    if option.is_flag:
        if not isinstance(value, bool):
            raise SettingsError(f"{where}: {value!r} is neither true nor false")
        return value
    if option.is_repeated:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            hint = f'The form is ["{option.metavar}"]'
            raise SettingsError(f"{where}: {value!r} is no list of texts", hint=hint)
        return [_locate(option, word, path.parent) for word in words]
    if option.type is not None:
        if isinstance(value, bool) or not isinstance(value, int | float) or option.type(value) != value:
            raise SettingsError(f"{where}: {value!r} is no {'whole ' if option.type is int else ''}number")
        return option.type(value)
    if not isinstance(value, str):
        raise SettingsError(f"{where}: {value!r} is no text", hint=f'The form is "{option.metavar}"')
    return _locate(option, value, path.parent)


def _locate(option: Option, value: str, folder: Path) -> str:
    """Return the path that is meant by a file in `folder`; what is no path as it is."""
    is_path = bool(option.files) or value.endswith(".toml")
    if not is_path or value == option.default or _ELSEWHERE.match(value):
        return value
    return str(folder / value)


def _parse(option: Option, variable: str, text: str) -> Any:
    """Return the value of a variable as the command line would give it."""
    if option.is_flag:
        if text.lower() not in _FLAGS:
            raise SettingsError.unknown(variable, text, _FLAGS)
        return _FLAGS[text.lower()]
    try:
        if option.is_repeated:
            return shlex.split(text)
        return text if option.type is None else option.type(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: {text!r} can't be read: {error}") from error


def _read_numbers(
    data: Mapping[str, Any], name: str, keys: Mapping[str, str], path: Path
) -> dict[str, float]:
    """Return the numbers of a table, by what they set."""
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name}: {table!r} is no table", hint=f"The form is [{name}]")
    for key, value in table.items():
        if key not in keys:
            raise SettingsError.unknown(f"{path}: [{name}]", key, keys, what="key")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise SettingsError(f"{path}: [{name}] {key}: {value!r} is no number above 0")
    return {keys[key]: float(value) for key, value in table.items()}
