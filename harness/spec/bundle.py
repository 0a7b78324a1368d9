"""Renders what the bundled reference runs with, from `fixtures/` and the catalogue: 13 CRDs, 39 tables.

It owns the short notation of `fixtures/crds/fields.yaml` (explained there) and refuses what that notation
doesn't know. It reads files and touches neither a cluster nor a database.
"""

from __future__ import annotations

from typing import Any

import jinja2
import yaml

from harness.core.errors import HarnessError
from harness.core.resources import find_resource
from harness.spec.catalogue import KINDS
from harness.spec.model import GROUP, VERSION, JsonObject, Kind

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
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
}


def render_crds() -> list[JsonObject]:
    """Return the 13 CustomResourceDefinitions in the catalogue's order; HarnessError where a fixture is broken."""
    fields = _parse_yaml(_read(FIELDS), FIELDS)
    shapes, kinds = fields.get("shapes", {}), fields.get("kinds", {})
    if missing := [kind.name for kind in KINDS if kind.name not in kinds]:
        raise HarnessError(f"fixtures/{FIELDS}: no fields for {', '.join(missing)}")
    return [_render_crd(kind, _expand(kinds[kind.name], shapes, kind.name)) for kind in KINDS]


def render_schema() -> str:
    """Return the SQL that creates the 39 tables in the current database; HarnessError for a broken template."""
    return _render("schema/schema.sql.j2", kinds=KINDS)


def _render_crd(kind: Kind, schema: JsonObject) -> JsonObject:
    name = "crds/crd.yaml.j2"
    return _parse_yaml(_render(name, kind=kind, group=GROUP, version=VERSION, schema=schema), name)


def _expand(notation: Any, shapes: dict[str, Any], where: str) -> JsonObject:
    """Return the OpenAPI schema of a `notation`; `where` names the field in an error."""
    if isinstance(notation, dict):
        fields = {name: _expand(value, shapes, f"{where}.{name}") for name, value in notation.items()}
        return {"type": "object", "properties": fields} if fields else {"type": "object"}
    if isinstance(notation, list) and len(notation) == 1:
        return {"type": "array", "items": _expand(notation[0], shapes, f"{where}[]")}
    if isinstance(notation, str):
        if notation in _SCALARS:
            return dict(_SCALARS[notation])
        if notation in shapes:
            return _expand(shapes[notation], shapes, where)
        word, *names = notation.split()
        if word == "enum" and len(names) > 1:
            prefix, *values = names
            return {"type": "string", "enum": [prefix + value for value in values]}
    raise HarnessError(
        f"fixtures/{FIELDS}: {where}: {notation!r} is no type",
        hint=f"Valid: {', '.join(_SCALARS)}, enum PREFIX_ NAME ..., {{field: type}}, [type], {', '.join(shapes)}",
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
        autoescape=False,  # noqa: S701  the output is YAML or SQL, made of the catalogue's own words
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
