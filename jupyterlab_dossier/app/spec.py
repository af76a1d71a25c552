"""The API description as the truth: request bodies are checked against openapi.yaml itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from jupyterlab_dossier.runs.model import BadInput

PATH = Path(__file__).with_name("openapi.yaml")

_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
    return loaded


@cache
def validator(schema: str) -> Draft202012Validator:
    """A validator for a schema of the document's components, by name."""
    return Draft202012Validator(
        {
            "$ref": f"#/components/schemas/{schema}",
            # The references of the schemas point into the document, so it stands beside them.
            "components": document()["components"],
        }
    )


def check(schema: str, value: Any) -> None:
    """Raises `BadInput` that names the first wrong field, in words, unless the value fits."""
    errors = validator(_choose(schema, value)).iter_errors(value)
    error = min(errors, key=lambda e: [str(part) for part in e.absolute_path], default=None)
    if error is not None:
        field, words = _explain(error)
        raise BadInput(f"{field or 'the body'} {words}", field)


def _choose(schema: str, value: Any) -> str:
    """The one alternative that the value's discriminator names, so that faults are told of it."""
    discriminator = document()["components"]["schemas"][schema].get("discriminator")
    if discriminator is None or not isinstance(value, dict):
        return schema
    name, mapping = discriminator["propertyName"], discriminator["mapping"]
    chosen = value.get(name)
    if not isinstance(chosen, str) or chosen not in mapping:
        raise BadInput(f"{name} must be one of {', '.join(mapping)}", name)
    return str(mapping[chosen]).rpartition("/")[2]


def _explain(error: ValidationError) -> tuple[str | None, str]:
    path = [str(part) for part in error.absolute_path]
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        missing = next(name for name in wanted if name not in instance)
        return ".".join([*path, missing]), "is missing"
    if error.validator == "additionalProperties" and wanted is False:
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = next(name for name in instance if name not in known)
        return ".".join([*path, str(unknown)]), "is not known here"
    field = ".".join(path) or None
    if error.validator in ("oneOf", "anyOf"):
        return field, "must be an object" if not isinstance(instance, dict) else "is wrong"
    if error.validator == "type":
        kinds = wanted if isinstance(wanted, list) else [wanted]
        return field, "must be " + " or ".join(_WORDS[kind] for kind in kinds)
    if error.validator == "minLength":
        return field, "must not be empty"
    return field, f"is wrong: {error.message}"
