"""The CustomResourceDefinitions that a checkout's API server installs, read out of its generated Go files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.core.digest import get_digest
from harness.core.errors import HarnessError
from harness.spec.crd import find_schema, is_ours
from harness.spec.model import GROUP, JsonObject

_SCHEMA = re.compile(r'^\s*YamlSchemas\["(\w+)"\] = `([^`]*)`', re.MULTILINE)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class CheckoutCrds:
    """The YAML of each kind, as it stands in the Go code, what it says, and where it stands (FILE:LINE)."""

    texts: Mapping[str, str]
    objects: Mapping[str, JsonObject]
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The SHA-256 of all texts in hex."""
        return get_digest(*(part for kind in sorted(self.texts) for part in (kind, self.texts[kind])))

    def find_schema(self, kind: str) -> JsonObject | None:
        """Return the OpenAPI schema of the kind's version v2; None where there is none."""
        return find_schema(self.objects.get(kind, {}))

    def write(self, folder: Path) -> None:
        """Write one YAML file per kind."""
        for kind, text in self.texts.items():
            (folder / f"{kind.lower()}.yaml").write_text(text, encoding="utf-8")


def read_crds(texts: Mapping[Path, str], root: Path | None = None) -> CheckoutCrds:
    """Return the CRDs of the group in the generated files; HarnessError where none is usable.

    Their places are relative to `root`.
    """
    found, places = {}, {}
    for path, source in texts.items():
        name = path.relative_to(root).as_posix() if root is not None else path.name
        for match in _SCHEMA.finditer(source):
            found[match[1]] = match[2]
            places[match[1]] = f"{name}:{source.count(chr(10), 0, match.start(1)) + 1}"
    objects = {}
    for kind, text in found.items():
        try:
            crd = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader, in C where PyYAML has it
        except yaml.YAMLError as error:
            raise HarnessError(f"The checkout's CRD of {kind} is no YAML: {error}") from error
        if isinstance(crd, dict) and is_ours(crd):
            objects[kind] = crd
    if not objects:
        raise HarnessError(
            f"The checkout defines no CRD of {GROUP}: no YamlSchemas in its generated Go files",
            hint="They are in proto-go/api/v2, which Michelangelo's own tools generate",
        )
    return CheckoutCrds({kind: found[kind] for kind in objects}, objects, places)
