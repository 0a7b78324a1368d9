"""Renders the CR templates of `fixtures/crs`, strictly; the seed report's values are their defaults."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import yaml

from harness.core.errors import HarnessError, SettingsError
from harness.core.resources import find_resource
from harness.spec.model import Case, JsonObject

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)   # the one in C is ten times as fast

_VARIABLES = ("name", "namespace")   # what a case without a template takes

CRS_FOLDER = find_resource("fixtures", "crs")


class Templates:
    """The templates of one folder.

    `suffix` is added to the name of every object, and to the names by which the objects of `cases` (all of the
    contract's) refer to each other: so that a run in a cluster of others is told apart.
    """

    def __init__(self, folder: Path = CRS_FOLDER, *, suffix: str = "", cases: Sequence[Case] = ()) -> None:
        self.folder = folder
        self._suffix = suffix
        self._cases = cases
        self._variables: dict[str, set[str]] = {}   # template -> the names that it takes
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701  the output is YAML; values are quoted by `tojson`
            keep_trailing_newline=True,
        )
        # Jinja2's own globals would shadow variables: `namespace` is one of them.
        self._environment.globals.clear()
        # tojson's default escapes < > & ' for HTML, which would change the values of a YAML document.
        self._environment.filters["tojson"] = _dump_json

    def get_variables(self, case: Case) -> set[str]:
        """Return the names of the variables that the case's template takes."""
        if case.template is None and case.example:
            return set(_VARIABLES)
        template = _name(case)
        if template not in self._variables:
            parsed = self._environment.parse(self._read(template))
            self._variables[template] = jinja2.meta.find_undeclared_variables(parsed)
        return self._variables[template]

    def render_text(self, case: Case, variables: Mapping[str, Any] | None = None) -> str:
        """Return the case's YAML; HarnessError names the template, the line and what is wrong with it."""
        if case.template is None and case.example:
            return yaml.safe_dump(self._load(case, variables), sort_keys=False)
        template, values = _name(case), dict(variables or {})
        try:
            known = self.get_variables(case)
            for name in values:
                if name not in known:
                    raise SettingsError.unknown(f"variable of {template}", name, sorted(known))
            return self._environment.get_template(template).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise HarnessError(
                f"template {self.folder / template}, line {error.lineno}: {error.message}",
                hint="Compare it with `git diff fixtures/crs`.",
            ) from error
        except jinja2.TemplateError as error:
            raise HarnessError(
                f"template {self.folder / template}: {error.message}",
                hint=f"Its variables: {', '.join(sorted(self.get_variables(case)))}; each needs a default.",
            ) from error

    def render(self, case: Case, variables: Mapping[str, Any] | None = None) -> JsonObject:
        """Return the case's object; HarnessError where the rendered text is no YAML or of another kind."""
        document = self._load(case, variables)
        if not self._suffix:
            return document
        name = str(document["metadata"]["name"])
        renamed: JsonObject = _rename(document, {**self._names, name: f"{name}-{self._suffix}"})
        return renamed

    @functools.cached_property
    def _names(self) -> dict[str, str]:
        """The names that the cases' objects have without the suffix, and those that they have with it."""
        loaded = [self._load(case) for case in self._cases if case.can_be_made]
        names = [str(document["metadata"]["name"]) for document in loaded]
        return {name: f"{name}-{self._suffix}" for name in names}

    def _load(self, case: Case, variables: Mapping[str, Any] | None = None) -> JsonObject:
        if case.template is None and case.example:
            return _fill_in(case, variables or {})
        path, text = self.folder / _name(case), self.render_text(case, variables)
        try:
            document = yaml.load(text, _Loader)  # noqa: S506  a safe one
        except yaml.YAMLError as error:
            raise HarnessError(f"template {path} renders no YAML: {error}") from error
        if not isinstance(document, dict) or document.get("kind") != case.name:
            found = document.get("kind") if isinstance(document, dict) else type(document).__name__
            raise HarnessError(f"template {path} renders kind {found!r}, expected {case.name!r}")
        return document

    def _read(self, template: str) -> str:
        try:
            return (self.folder / template).read_text(encoding="utf-8")
        except OSError as error:
            raise HarnessError(
                f"template {self.folder / template} can't be read ({error.strerror})",
                hint="Restore it with `git checkout fixtures/crs`.",
            ) from error


def _name(case: Case) -> str:
    """Return the name of the case's template; HarnessError where it has none."""
    if case.template is None:
        raise HarnessError(f"there is no template for {case.name}: none of its objects can be made")
    return case.template


def _fill_in(case: Case, variables: Mapping[str, Any]) -> JsonObject:
    """Return the example of a case without a template, under the name and in the namespace that are given."""
    for name in variables:
        if name not in _VARIABLES:
            raise SettingsError.unknown(f"variable of {case.name}", name, _VARIABLES)
    document: JsonObject = copy.deepcopy(dict(case.example))
    document["metadata"] |= variables
    return document


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    """Return `value` with the names of objects replaced: those that stand beside a namespace."""
    if isinstance(value, list):
        return [_rename(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: _rename(item, names) for key, item in value.items()}
    if "namespace" in renamed and renamed.get("name") in names:
        renamed["name"] = names[renamed["name"]]
    return renamed


def _dump_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
