"""The CustomResourceDefinitions that a sandbox serves, from a folder of YAML files.

Refuses a folder that lacks one of the kinds that are asked for; more than those are welcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.core.errors import SettingsError
from harness.provision.crds import OPTION, read_folder
from harness.spec.model import GROUP, VERSION, JsonObject

BUNDLED = "the bundled CRDs"


def read_crds(folder: Path, kinds: Sequence[str]) -> list[JsonObject]:
    """Return the CRDs of `folder`; SettingsError where a file is wrong, or one of the `kinds` is not there."""
    crds = read_folder(folder)
    served = {crd["spec"]["names"]["kind"] for crd in crds if _serves_version(crd)}
    missing = [kind for kind in kinds if kind not in served]
    if missing:
        raise SettingsError(
            f"{OPTION}: {str(folder)!r} defines no {', '.join(missing)} of {GROUP}/{VERSION}",
            hint=f"It must hold the CustomResourceDefinitions of {', '.join(kinds)}",
        )
    return crds


def _serves_version(crd: JsonObject) -> bool:
    specification = crd.get("spec", {})
    if specification.get("group") != GROUP or "kind" not in specification.get("names", {}):
        return False
    versions = specification.get("versions", [])
    return any(version.get("name") == VERSION and version.get("served") for version in versions)
