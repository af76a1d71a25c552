"""The API description as the truth: request bodies are checked against openapi.yaml itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from jupyterlab_dossier.runs.model import BadInput
from jupyterlab_dossier.runs.preflight.schemas import fault

PATH = Path(__file__).with_name("openapi.yaml")


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
    found = fault(validator(_choose(schema, value)), value)
    if found is not None:
        field, words = found
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
