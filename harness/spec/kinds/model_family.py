"""ModelFamily."""

from __future__ import annotations

from harness.spec import columns
from harness.spec.model import Case, InputPlaces, Kind, SpotCheck, TextPlaces

CASE = Case(
    2,
    Kind("ModelFamily", "modelfamilys", (columns.text("model_family_name", "spec.name"),)),
    "02-modelfamily.yaml.j2",
    patch={"spec": {"description": "UPDATED: Updated model family description"}},
    spot_checks=(SpotCheck("spec.description", "UPDATED: Updated model family description"),),
    inputs=InputPlaces(text=TextPlaces(("spec.description",))),
    load={"spec": {"name": "{text}"}},
    fields={"spec": {"name": "string", "description": "string"}, "status": {}},
)
