"""The files of a plan as a JSON Schema, which editors check and complete them by."""

from streams.documents.schemas import NOTHING, Json, array, either, fields, mapping
from streams.json_schemas import DIALECT
from streams.plans.sections import COMPANY, SECTIONS, Section

GIVEN = ("id",)
"""What the key of a mapping says instead."""


def document() -> Json:
    """The schema of any of a plan's files: each holds whichever sections it likes."""
    objects = {section.what: fields(section.fields, given=GIVEN) for section in SECTIONS.values()}
    listed = {name: _section(section) for name, section in SECTIONS.items()}
    return {
        "$schema": DIALECT,
        "title": "A file of a QuotaFlow plan",
        "description": "docs/plans.md describes every key; `quotaflow plan check` finds what a schema cannot.",
        "type": ["object", "null"],
        "properties": {"company": {"$ref": "#/$defs/company"}, **listed},
        "additionalProperties": False,
        "$defs": {"company": fields(COMPANY), **objects},
    }


def _section(section: Section) -> Json:
    """A list of objects, or a mapping from id to the rest of each."""
    said = {"$ref": f"#/$defs/{section.what}"}
    if "id" not in section.fields:
        return either(array(said), NOTHING)
    needed = {"required": ["id"]} if section.fields["id"].required else {}
    without = {"not": {"required": ["id"]}}
    return either(array({"allOf": [said, needed]}), mapping({"allOf": [said, without]}), NOTHING)
