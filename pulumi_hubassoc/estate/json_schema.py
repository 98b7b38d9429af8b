"""The format of schema files as JSON Schema, with which editors complete, explain and check.

Two files beside this one hold it: `schema.json` for a whole file, `overlay.json` for an overlay, in which nothing but the
pair is required and everything may be empty. ``python -m pulumi_hubassoc.estate.json_schema`` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pulumi_hubassoc.estate.spec import SchemaSpec

HERE = Path(__file__).resolve().parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ENDS = ("from", "to")
_NULL = {"type": "null"}


def whole_file() -> dict[str, Any]:
    """The JSON Schema of a file, from the models."""
    schema = SchemaSpec.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        model["properties"] = {key: as_written(value) for key, value in model["properties"].items()}
    schema["$defs"]["PairSpec"]["properties"]["labels"]["additionalProperties"] = False
    schema["properties"]["$schema"] = {"type": "string", "description": "Where this JSON Schema is, for editors."}
    return {"$schema": DIALECT, **schema, "title": "HubSpot association schema"}


def overlay() -> dict[str, Any]:
    """The JSON Schema of an overlay: the same, but a label need not be whole, and what is empty is taken away."""
    schema = whole_file()
    schema["title"] = "Overlay of a HubSpot association schema"
    label, pair = schema["$defs"]["LabelSpec"], schema["$defs"]["PairSpec"]
    del label["required"]
    for mapping in (label, pair, *(pair["properties"][key] for key in ("labels", "max", "inverse_max"))):
        for kind in ("properties", "patternProperties"):
            if kind in mapping:
                mapping[kind] = {k: v if k in _ENDS else _or_empty(v) for k, v in mapping[kind].items()}
    return schema


def as_written(field: dict[str, Any]) -> dict[str, Any]:
    """A field as a file has it: None is the same as no key, and a title that repeats the key says nothing."""
    kept = {key: value for key, value in field.items() if key != "title" and (key, value) != ("default", None)}
    choices = [choice for choice in kept.pop("anyOf", []) if choice != _NULL]
    if not choices:
        return kept
    return {**kept, **choices[0]} if len(choices) == 1 else {**kept, "anyOf": choices}


def _or_empty(field: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in field.items() if key == "description"}
    return {**told, "anyOf": [{key: value for key, value in field.items() if key not in told}, _NULL]}


def texts() -> dict[Path, str]:
    """Both files as they should be."""
    made = {"schema.json": whole_file(), "overlay.json": overlay()}
    return {HERE / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in made.items()}


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
