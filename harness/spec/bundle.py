"""Renders what the bundled reference runs with: a CRD and three tables for each kind that it is given.

It owns the short notation in which the kinds' modules list the fields (explained in `fixtures/crds/fields.yaml`,
which has the shapes that several kinds share), and refuses what that notation doesn't know. It reads files and
touches neither a cluster nor a database.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jinja2
import yaml

from harness.core.errors import HarnessError
from harness.core.resources import find_resource
from harness.spec.model import GROUP, VERSION, Case, JsonObject, Kind

FOLDER = find_resource("fixtures")
FIELDS = "crds/fields.yaml"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SCALARS: dict[str, JsonObject] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "string", "pattern": r"^-?\d{1,19}$"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "struct": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
}


_OPEN = {"spec": "any", "status": "any"}


def render_crds(cases: Sequence[Case]) -> list[JsonObject]:
    """Return the cases' CustomResourceDefinitions, in their order; HarnessError where a fixture is broken.

    Of a case without fields nothing is known: its spec and status take whatever they get.
    """
    shapes = _load_shapes()
    return [_render_crd(case.kind, _expand(case.fields or _OPEN, shapes, case.name)) for case in cases]


def make_schema(case: Case | None) -> JsonObject:
    """Return the OpenAPI schema of the case's objects by its fields alone; empty where none are known.

    What is `any` has a type that the notation does not tell; a `struct` has none, and takes anything as data.
    """
    if case is None or not case.fields:
        return {}
    return _expand(case.fields, {**_load_shapes(), "any": {}}, case.name)


def render_schema(kinds: Iterable[Kind]) -> str:
    """Return the SQL that creates the kinds' tables in the current database; HarnessError where it is broken."""
    return _render("schema/schema.sql.j2", kinds=list(kinds))


@functools.cache
def _load_shapes() -> dict[str, Any]:
    """Return the shapes that several kinds share, by name."""
    shapes: dict[str, Any] = _parse_yaml(_read(FIELDS), FIELDS).get("shapes", {})
    return shapes


def _render_crd(kind: Kind, schema: JsonObject) -> JsonObject:
    name = "crds/crd.yaml.j2"
    return _parse_yaml(_render(name, kind=kind, group=GROUP, version=VERSION, schema=schema), name)


def _expand(notation: Any, shapes: dict[str, Any], where: str) -> JsonObject:
    """Return the OpenAPI schema of a `notation`; `where` names the field in an error."""
    if isinstance(notation, Mapping):
        fields = {name: _expand(value, shapes, f"{where}.{name}") for name, value in notation.items()}
        return {"type": "object", "properties": fields} if fields else {"type": "object"}
    if isinstance(notation, list) and len(notation) == 1:
        return {"type": "array", "items": _expand(notation[0], shapes, f"{where}[]")}
    if isinstance(notation, str):
        if notation in shapes:
            return _expand(shapes[notation], shapes, where)
        if notation in _SCALARS:
            return dict(_SCALARS[notation])
        word, *names = notation.split()
        if word == "enum" and len(names) > 1:
            prefix, *values = names
            return {"type": "string", "enum": [prefix + value for value in values]}
    raise HarnessError(
        f"harness.spec.kinds: {where}: {notation!r} is no type",
        hint=f"Valid: {', '.join(_SCALARS)}, enum PREFIX_ NAME ..., {{field: type}}, [type], {', '.join(shapes)};"
        f" fixtures/{FIELDS} explains them",
    )


def _read(name: str) -> str:
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except OSError as error:
        raise HarnessError(
            f"{FOLDER / name}: can't be read ({error.strerror})",
            hint="It belongs to the project: restore it, for instance from its git repository.",
        ) from error


def _render(name: str, **values: Any) -> str:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  the output is YAML or SQL, made of the harness's own words
    )
    try:
        return environment.from_string(_read(name)).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise HarnessError(f"fixtures/{name}, line {error.lineno}: {error.message}") from error
    except jinja2.UndefinedError as error:
        raise HarnessError(f"fixtures/{name}: {error.message}") from error


def _parse_yaml(text: str, name: str) -> JsonObject:
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader, in C where PyYAML has it
    except yaml.YAMLError as error:
        raise HarnessError(f"fixtures/{name}: {error}") from error
    if not isinstance(data, dict):
        raise HarnessError(f"fixtures/{name}: must hold a mapping, not {type(data).__name__}")
    return data
