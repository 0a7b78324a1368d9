"""What the words of a server or the Ingester say of fields: a value stands at one place only, and so names it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from harness.spec.schema.leaves import get_fields, get_name
from harness.spec.schema.objects import Filled, join

_REFUSED_AT = re.compile(r"([A-Za-z_][\w.\[\]-]*?): (?:Invalid|Required|Unsupported|Forbidden|Too |Duplicate)")
_UNKNOWN_FIELD = re.compile(r'unknown field \\?"([\w.\[\]-]+)\\?"')
_UNKNOWN_FIELD_IN = re.compile(r'unknown field \\?"([\w.@-]+)\\?" in \w+\.(\w+)')
_GO_FIELD = re.compile(r"Go struct field \w+\.([\w.]+) of type")
_TEXT_FOR_NUMBER = re.compile(r"cannot unmarshal string into Go \w.* of type u?int64")
_QUOTED = re.compile(r'\\?"((?:[^"\\])+)\\?"')


def find_refused(words: str, filled: Filled) -> dict[str, str]:
    """Return the leaves that a refusal names, by their places, each with its part of the words."""
    found: dict[str, str] = {}
    named = list(_REFUSED_AT.finditer(words))
    for match, after in itertools.zip_longest(named, named[1:]):
        said = words[match.start() : after.start() if after else len(words)].strip(" ,[]")
        for leaf in _find_at(match.group(1), filled):
            found[leaf] = said
    for match in _UNKNOWN_FIELD.finditer(words):
        for leaf in _find_at(match.group(1), filled):
            found[leaf] = match.group(0)
    return found


def find_undecodable(words: str, filled: Filled) -> list[str]:
    """Return the leaves that an error about decoding means: by value, by Go's field, or by a field's name.

    With an unknown field, the whole message that it stands in is meant, wherever there is one like it.
    """
    by_value = {str(filled.get(place)): leaf for place, leaf in filled.leaves.items()}
    if leaves := {by_value[text]: None for text in _QUOTED.findall(words) if text in by_value}:
        names = {get_name(leaf) for leaf in leaves}   # fields of one name have one type, as a rule
        return [leaf for leaf in filled.paths if get_name(leaf) in names]
    if _TEXT_FOR_NUMBER.search(words):
        return list(dict.fromkeys(leaf for p, leaf in filled.leaves.items() if _is_long(filled.get(p))))
    if match := _GO_FIELD.search(words):
        tail = match.group(1)
        names = {f".{tail}", f".{tail.rpartition('.')[2]}"}
        for name in sorted(names, key=len, reverse=True):
            if found := [leaf for leaf in filled.paths if get_fields(leaf).endswith(name)]:
                return found
    return find_unknown(words, filled.paths)


def find_free(words: str, filled: Filled) -> list[str]:
    """Return the leaves whose values are objects with the unknown field: those called as its type, else all."""
    match = _UNKNOWN_FIELD_IN.search(words)
    if match is None or find_unknown(words, filled.paths):
        return []
    name, type_name = match.group(1), match.group(2).lower()
    free = [
        leaf for place, leaf in filled.leaves.items() if isinstance(v := filled.get(place), dict) and name in v
    ]
    return list(dict.fromkeys(leaf for leaf in free if type_name.endswith(get_name(leaf).lower()))) or free


def find_unknown(words: str, leaves: Sequence[str]) -> list[str]:
    """Return the leaves of the messages that an error about an unknown field means; none of any other error."""
    match = _UNKNOWN_FIELD.search(words)
    if match is None:
        return []
    name = match.group(1)
    if below := [leaf for leaf in leaves if name in get_fields(leaf).split(".")[:-1]]:
        return below
    parents = {leaf.rpartition(".")[0] for leaf in leaves if get_name(leaf) == name}
    return [leaf for leaf in leaves if leaf.rpartition(".")[0] in parents]


def _find_at(path: str, filled: Filled) -> list[str]:
    """Return the leaves at, or below, a place as servers write it: a map's keys after a point or in brackets.

    Where none is, a server may mean what it put there itself: then those of the message around it.
    """
    wanted = _plain(path)
    places = {_plain(join(place)): leaf for place, leaf in filled.leaves.items()}
    around = wanted.rpartition(".")[0]
    for outer in (wanted, around) if "." in around else (wanted,):
        found = [leaf for own, leaf in places.items() if own == outer or own.startswith(f"{outer}.")]
        if found:
            return list(dict.fromkeys(found))
    return []


def _plain(path: str) -> str:
    return path.replace("[", ".").replace("]", "")


def _is_long(value: object) -> bool:
    """Whether a value is a number of 64 bits, as a text."""
    return isinstance(value, str) and value.isdigit() and len(value) > 15


def find_form(words: str) -> str:
    """Return the format that an error asks for, '' where it does not say."""
    for said, form in (("duration", "duration"), ("parsing time", "date-time"), ("timestamp", "date-time")):
        if said in words.lower():
            return form
    return "byte" if "base64" in words else ""
