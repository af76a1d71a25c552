"""What a JSON schema finds wrong, in words that name the field."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, ValidationError

_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def fault(validator: Draft202012Validator, value: Any) -> tuple[str | None, str] | None:
    """The first wrong field and what is wrong with it; None where the value fits."""
    errors = validator.iter_errors(value)
    error = min(errors, key=lambda e: [str(part) for part in e.absolute_path], default=None)
    return None if error is None else _explain(error)


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
    if error.validator == "minimum":
        return field, f"must be at least {wanted}"
    if error.validator == "pattern" and isinstance(error.schema, dict):
        words = f"must be {error.schema.get('x-words', 'as its pattern says: ' + wanted)}"
        of_name = "propertyNames" in error.schema_path
        return field, f"has the name {instance[:100]!r}, which {words}" if of_name else words
    return field, f"is wrong: {error.message[:300]}"
