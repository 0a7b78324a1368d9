"""Inputs at and beyond the limits of a column, of the API server and of MySQL, by section of the report.

Where a length is a limit, what just fits stands beside what is one too long: so a limit that moves is seen from
both sides. Lengths are in the names of the inputs, in characters, or in bytes where MySQL counts those.
"""

from __future__ import annotations

from typing import Any

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import (
    ANNOTATION,
    Path,
    annotate,
    find_long_field,
    get_width,
    split,
)
from harness.spec.model import Case

TEXT_BYTES = 65_535
"""What a TEXT column holds."""
KEY_CHARACTERS = 255
"""What the key columns of labels and annotations hold."""
ANNOTATIONS_BYTES = 256 * 1024
"""What the API server takes of annotations in all, keys and values."""

_LARGE_KIB = 300
"""More than anybody's objects have by accident, and little enough to be sent of every kind."""
_SEVERAL = 1_100   # takes a second, where each is a statement of its own
_MANY, _MOST = 5_000, 20_000   # short ones: no more annotations than the latter fit into what is taken in all

_EMOJI = "\U0001f600"
_KANA = "\u3042"


def list_column_limits(case: Case) -> list[Input]:
    """Return text as long as its indexed column, and one character longer in one column at a time."""
    columns = [column for column in case.kind.text_columns if "(" in column.sql_type]   # of limited width
    if not columns:
        return []

    def fill(text: str, end: str = "") -> dict[Path, Any]:
        return {split(c.path): text * (get_width(c) - len(end)) + end for c in columns}

    over = [
        Input(f"over-{c.name.replace('_', '-')}", {split(c.path): "x" * (get_width(c) + 1)}) for c in columns
    ]
    return [
        Input("at-ascii", fill("x")),
        Input("at-three-bytes", fill(_KANA)),
        Input("at-four-bytes", fill(_EMOJI)),
        Input("at-combining", fill("e", "e" + "\u0301" * 20)),
        Input("at-quotes", fill("'")),
        Input("at-spaces", fill(" ", "x   ")),
        Input("over-by-spaces", {split(c.path): "x" * get_width(c) + "  " for c in columns}),
        *over,
    ]


def list_long_text(case: Case) -> list[Input]:
    """Return text of 64 KiB and more, in a field that has no indexed column."""
    field = find_long_field(case)
    if field is None:
        return []
    more = [
        Input("long-64k-less-1", {field: "x" * TEXT_BYTES}),
        Input("long-256k", {field: "".join(map(chr, range(0x20, 0x7F))) * 2_760}),
        Input("long-64k-nul", {field: "\x00\x01" * (2**13)}),   # each is six bytes of JSON
    ]
    return [
        Input("long-64k", {field: "x" * (TEXT_BYTES + 1)}),
        Input("long-64k-four-bytes", {field: _EMOJI * (2**14 + 1)}),
        Input("long-70k-lines", {field: "a line with 'quotes' and \\ \u00e9\n" * 2_200}),
        *(more if case.inputs.is_thorough else []),
    ]


def list_annotations(case: Case) -> list[Input]:
    """Return annotations of every length up to what the API server takes, and a little more."""
    field = find_long_field(case)
    share = ANNOTATIONS_BYTES // 4 - 1   # with a key of one letter, four of them are all that is taken
    more = [
        Input("annotation-65535-three-bytes", {ANNOTATION: _KANA * (TEXT_BYTES // 3)}),
        Input("annotation-65536-four-bytes", {ANNOTATION: _EMOJI * (2**14)}),
        Input("annotation-262143-one", {ANNOTATION: "x" * (ANNOTATIONS_BYTES - 1 - len(str(ANNOTATION[-1])))}),
        Input("annotations-262144", {_annotation(key): "x" * share for key in "abcd"}),
    ]
    if field is not None:
        more += [Input(f"applied-{k}k", {field: "x" * k * 1_000}, applied=True) for k in (60, 70)]
    return [
        Input("annotation-empty", {ANNOTATION: ""}),
        Input("annotation-65535", {ANNOTATION: "x" * TEXT_BYTES}),
        Input("annotation-65536", {ANNOTATION: "x" * (TEXT_BYTES + 1)}),
        Input(
            "annotations-262145", {_annotation(key): "x" * share + ("y" if key == "d" else "") for key in "abcd"}
        ),
        Input("annotations-100", {annotate(f"n{i}"): f"'{i}'" for i in range(100)}),
        Input(
            "annotation-keys-in-case-only",
            {annotate("Key"): "upper", annotate("key"): "lower"},
        ),
        Input("annotation-key-255", {_annotation(_make_key(255)): "x"}),
        Input("annotation-key-256", {_annotation(_make_key(256)): "x"}),
        Input("annotation-key-317", {_annotation(_make_key(317)): "x"}),
        Input("annotation-key-318", {_annotation(_make_key(318)): "x"}),
        *(more if case.inputs.is_thorough else []),
    ]


def list_labels(case: Case) -> list[Input]:
    """Return labels whose keys and values are as long as the API server takes them, and longer."""
    del case   # they are the same for every kind
    return [
        Input("label-value-63", {_label("inputs.example.com/a"): "v" + "-_." * 20 + "Zz"}),
        Input("label-value-64", {_label("inputs.example.com/a"): "v" * 64}),
        Input("label-value-empty", {_label("inputs.example.com/a"): ""}),
        Input("label-value-no-ascii", {_label("inputs.example.com/a"): "caf\u00e9"}),
        Input("label-value-space", {_label("inputs.example.com/a"): "a b"}),
        Input("label-values-like-others", {_label(v.lower()): v for v in ("NULL", "True", "0x1F", "007", "1e3")}),
        Input("label-key-name-63", {_label("k" * 63): "v"}),
        Input("label-key-name-64", {_label("k" * 64): "v"}),
        Input("label-key-255", {_label(_make_key(255)): "v"}),
        Input("label-key-256", {_label(_make_key(256)): "v"}),
        Input("label-key-317", {_label(_make_key(317)): "v" * 63}),
        Input("label-key-318", {_label(_make_key(318)): "v"}),
        Input("label-keys-in-case-only", {_label(k): f"v-{k[2:]}" for k in ("a/Key", "a/key", "a/KEY")}),
        Input("label-keys-alike", {_label(k): f"v{len(k)}" for k in ("a", "a/a", "a.a/a", "a__a", "a-----a")}),
        Input("labels-100", {_label(f"inputs.example.com/n{i}"): f"v{i}" for i in range(100)}),
    ]


def list_many(case: Case) -> list[Input]:
    """Return objects with thousands of labels or annotations, for kinds that get every input; else a thousand."""
    if not case.inputs.is_thorough:
        pairs = {make(f"n{i}"): f"{i}" for i in range(_SEVERAL) for make in (_label, _annotation)}
        return [Input(f"pairs-{_SEVERAL}", pairs, textual=False)]
    numbers = [_MANY, *([_MOST] if case.inputs.large_kib else [])]
    return [
        Input(f"{what}-{number}", {make(f"n{i}"): f"{i}" for i in range(number)}, textual=False)
        for number in numbers
        for what, make in (("labels", _label), ("annotations", _annotation))
    ]


def list_names(case: Case) -> list[Input]:
    """Return objects whose names are as long, or as misleading, as the API server takes them."""
    word = case.name.lower()
    dotted = "n" + ".n" * 126   # 253 characters, of one letter per part
    names = {
        "name-253": dotted,
        "name-253-no-dots": "n" * 253,
        "name-253-other-end": dotted[:-1] + "m",
        "name-254": "n" * 254,
        "name-one": "x",
        "name-digits": "007",
        "name-null": "null",
        "name-prefix": f"{word}-a",
        "name-prefixed": f"{word}-a-b",
        "name-upper": "Upper",
        "name-underscore": "a_b",
        "name-quote": "o'clock",
        "name-wildcard": "a%",
    }
    if case.inputs.is_thorough:
        names |= {
            "name-exponent": "1e5",
            "name-true": "true",
            "name-reserved": "select",
            "name-table": word,
            "name-dots": "a.b.c",
        }
    return [Input(name, {}, object_name=value) for name, value in names.items()]


def list_sizes(case: Case) -> list[Input]:
    """Return objects as wide and as deep as they can be, for kinds that have room, and large ones of each kind."""
    places, field, free = case.inputs.text, find_long_field(case), case.inputs.free
    inputs, sizes = [], (_LARGE_KIB, *case.inputs.large_kib)
    if field is not None:
        inputs += [Input(f"large-{k}k", {field: "0123456789abcdef" * (k * 64)}) for k in sizes]
    for path in places.lists[:1]:
        inputs.append(Input("list-2000", {split(path): [f"item '{i}'" for i in range(2_000)]}))
    for path in places.maps[:1]:
        inputs.append(Input("map-500", {(*split(path), f"key \"{i}\""): str(i) for i in range(500)}))
    if free:
        inputs += [Input(f"depth-{depth}", {split(free): _nest(depth)}) for depth in (20, 120)]
        inputs.append(Input("depth-20-lists", {split(free): {"a": _nest_lists(10)}}))
    return inputs


def _annotation(key: str) -> Path:
    return "metadata", "annotations", key


def _label(key: str) -> Path:
    return "metadata", "labels", key


def _make_key(length: int) -> str:
    """Return a qualified key of that length: a name of 63 characters after a prefix of what is left, dotted."""
    prefix = length - 64
    return "".join("." if i % 40 == 39 and i < prefix - 1 else "p" for i in range(prefix)) + "/" + "k" * 63


def _nest(depth: int) -> Any:
    """Return an object in an object, and so on, `depth` of them."""
    value: Any = "leaf"
    for _ in range(depth):
        value = {"a": value}
    return value


def _nest_lists(depth: int) -> Any:
    """Return an object in a list in an object, and so on, `depth` of each."""
    value: Any = "leaf"
    for _ in range(depth):
        value = [{"a": value}]
    return value
