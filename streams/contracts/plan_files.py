"""The files of a plan as a JSON Schema, which editors check and complete them by."""

from streams.documents.schemas import NOTHING, Json, array, either, fields, mapping
from streams.json_schemas import DIALECT
from streams.plans.sections import COMPANY, SECTIONS, Section


def document() -> Json:
    """The schema of any of a plan's files: each holds whichever sections it likes."""
    objects = {section.what: fields(section.fields) for section in SECTIONS.values()}
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
    objects = array({"$ref": f"#/$defs/{section.what}"})
    if "id" not in section.fields:
        return either(objects, NOTHING)
    return either(objects, mapping(fields(section.fields, given=("id",))), NOTHING)
