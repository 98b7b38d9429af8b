"""The format of `fleet.yaml` as JSON Schema, with which editors complete, explain and check.

`fleet.json` beside this one holds it. ``python -m pulumi_hubassoc.fleet.json_schema`` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pulumi_hubassoc.estate.json_schema import DIALECT, as_written
from pulumi_hubassoc.fleet.spec import FleetSpec

FILE = Path(__file__).resolve().parent / "fleet.json"


def whole_file() -> dict[str, Any]:
    """The JSON Schema of a fleet file, from the models."""
    schema = FleetSpec.model_json_schema()
    models = schema["$defs"]
    for model in (schema, *models.values()):
        model["properties"] = {key: as_written(value) for key, value in model["properties"].items()}
    token = models["TokenSpec"]
    del token["properties"]["config"]  # written as a text instead
    token["minProperties"] = token["maxProperties"] = 1
    field = models["PortalSpec"]["properties"]["token"]
    field["anyOf"] = [{"$ref": field.pop("$ref")}, {"const": "config"}]
    schema["properties"]["portals"] |= {"additionalProperties": False, "minProperties": 1}
    schema["oneOf"] = [{"required": ["schema", "project"]}, {"required": ["program"]}]
    schema["properties"]["$schema"] = {"type": "string", "description": "Where this JSON Schema is, for editors."}
    return {"$schema": DIALECT, **schema, "title": "Fleet of HubSpot portals"}


def text() -> str:
    """The file as it should be."""
    return json.dumps(whole_file(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
