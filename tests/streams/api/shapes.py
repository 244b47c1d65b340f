"""What the OpenAPI document says that answers look like."""

from jsonschema import Draft202012Validator

from streams.api.openapi import document


def validator(name: str) -> Draft202012Validator:
    """Checks answers of this shape."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return Draft202012Validator(schema)
