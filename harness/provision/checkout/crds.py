"""The CustomResourceDefinitions that a checkout's API server installs, read out of its generated Go files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import HarnessError
from harness.provision.assets.cache import get_digest
from harness.spec.model import GROUP, VERSION, JsonObject

_SCHEMA = re.compile(r'^\s*YamlSchemas\["(\w+)"\] = `([^`]*)`', re.MULTILINE)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class CheckoutCrds:
    """The YAML of each kind, as it stands in the Go code, and what it says."""

    texts: Mapping[str, str]
    objects: Mapping[str, JsonObject]

    @property
    def digest(self) -> str:
        """The SHA-256 of all texts in hex."""
        return get_digest(*(part for kind in sorted(self.texts) for part in (kind, self.texts[kind])))

    def find_schema(self, kind: str) -> JsonObject | None:
        """Return the OpenAPI schema of the kind's version v2; None where there is none."""
        for version in self.objects.get(kind, {}).get("spec", {}).get("versions", []):
            if version.get("name") == VERSION:
                schema: JsonObject | None = version.get("schema", {}).get("openAPIV3Schema")
                return schema
        return None

    def write(self, folder: Path) -> None:
        """Write one YAML file per kind."""
        for kind, text in self.texts.items():
            (folder / f"{kind.lower()}.yaml").write_text(text, encoding="utf-8")


def read_crds(texts: Mapping[Path, str]) -> CheckoutCrds:
    """Return the CRDs of the group in the generated files; HarnessError where none is usable."""
    found = {kind: text for source in texts.values() for kind, text in _SCHEMA.findall(source)}
    objects = {}
    for kind, text in found.items():
        try:
            crd = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader, in C where PyYAML has it
        except yaml.YAMLError as error:
            raise HarnessError(f"The checkout's CRD of {kind} is no YAML: {error}") from error
        if isinstance(crd, dict) and crd.get("spec", {}).get("group") == GROUP:
            objects[kind] = crd
    if not objects:
        raise HarnessError(
            f"The checkout defines no CRD of {GROUP}: no YamlSchemas in its generated Go files",
            hint="They are in proto-go/api/v2, which Michelangelo's own tools generate",
        )
    return CheckoutCrds({kind: found[kind] for kind in objects}, objects)
