"""The two gates of the Ingester in the controller manager's `base.yaml`: both on, and all else as it was.

A gate that is on already leaves the text untouched, byte for byte. Otherwise only the lines of that top-level
stanza change, so that comments and the environment's `${NAME:default}` elsewhere stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from harness.core.errors import HarnessError
from harness.spec.model import JsonObject

STORAGE = "metadataStorage"
MYSQL = "mysql"
SWITCH = "enableMetadataStorage"

_DEFAULT = re.compile(r"\$\{\w+:(.*)\}", re.DOTALL)


def switch_on(text: str, mysql: JsonObject, source: str = "base.yaml") -> str:
    """Return `base.yaml` with both gates on; `mysql` fills what its stanza lacks, and overrules nothing.

    Raises `HarnessError`, which names `source`, where the text is no YAML mapping, or not laid out in blocks.
    """
    before = read_configuration(text, source)
    storage = before.get(STORAGE) or {}
    stanza = before.get(MYSQL) or {}
    wanted = {STORAGE: {**storage, SWITCH: True}, MYSQL: {**mysql, **stanza}}
    for name, values in wanted.items():
        if before.get(name) != values:
            text = _replace_stanza(text, name, values)
    if not _holds(text, {**before, **wanted}):
        raise HarnessError(
            f"{source}: its gates can't be switched on without touching the rest",
            hint=f"Set {STORAGE}.{SWITCH} to true there, and give it a {MYSQL} stanza, by hand",
        )
    return text


def read_configuration(text: str, source: str = "base.yaml") -> JsonObject:
    """Return what the text of `base.yaml` holds."""
    try:
        configuration = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise HarnessError(f"{source} is no YAML: {error}") from error
    if not isinstance(configuration, dict):
        raise HarnessError(f"{source} holds no mapping but {type(configuration).__name__}")
    return configuration


def resolve_default(value: Any) -> str:
    """Return a value of `base.yaml` as text; of `${NAME:default}` the default, since no pod sets the variable."""
    text = str(value)
    found = _DEFAULT.fullmatch(text)
    return found.group(1) if found else text


def _holds(text: str, configuration: JsonObject) -> bool:
    try:
        return read_configuration(text) == configuration
    except HarnessError:
        return False


def _replace_stanza(text: str, name: str, values: JsonObject) -> str:
    """Return `text` with the top-level stanza `name` written anew in its place, or at the end."""
    stanza = yaml.safe_dump({name: values}, sort_keys=False, default_flow_style=False)
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if re.match(rf"{name}\s*:", line)), None)
    if start is None:
        separator = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{separator}{stanza}"
    end = start + 1
    for number, line in enumerate(lines[start + 1 :], start + 1):
        if line[0] in " \t" and line.strip():
            end = number + 1
        elif line[0] not in "#\r\n \t":   # the next stanza; comments before it are its own
            break
    return "".join([*lines[:start], stanza, *lines[end:]])
