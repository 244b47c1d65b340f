"""What is different between two plans: objects that come, go and change, field by field."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from schemas.plan import Plan, PlanObject
from streams.plans.records import SECTIONS, kind_of, name_of

What = Literal["added", "removed", "changed", "reordered"]


class Edit(NamedTuple):
    """A field, with dots for what is inside it, and its value before and after; None where there was or is none."""

    field: str
    before: Any
    after: Any


class Change(NamedTuple):
    """What becomes of an object of a section; a section itself is only ever reordered."""

    section: str
    what: What
    name: str
    before: PlanObject | None = None
    after: PlanObject | None = None
    edits: tuple[Edit, ...] = ()


def differences(before: Plan | None, after: Plan) -> list[Change]:
    """What applying `after` changes in `before`, by section; nothing if and only if they are the same plan.

    Revisions are not looked at. Without a plan before, everything is added.
    """
    found = [*_between("company", [before.company] if before else [], [after.company])]
    for section in SECTIONS:
        found += _between(section, getattr(before, section, ()), getattr(after, section))
    return found


def _between(section: str, before: Sequence[PlanObject], after: Sequence[PlanObject]) -> Iterator[Change]:
    old, new = {name_of(item): item for item in before}, {name_of(item): item for item in after}
    for name, item in new.items():
        if name not in old:
            yield Change(section, "added", name, after=item)
        elif old[name] != item:
            edits = tuple(_edits(section, said(old[name]), said(item)))
            own = tuple(edit._replace(field=edit.field.removeprefix(f"{section}.")) for edit in edits)
            yield Change(section, "changed", name, old[name], item, own)
    for name, item in old.items():
        if name not in new:
            yield Change(section, "removed", name, before=item)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Change(section, "reordered", kind_of(after[0]))


def said(value: Any) -> Any:
    """A struct as names and values, defaults included."""
    if isinstance(value, msgspec.Struct):
        return {name: said(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: said(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [said(each) for each in value]
    return value


def _edits(field: str, before: Any, after: Any) -> Iterator[Edit]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _edits(f"{field}.{name}", before.get(name), after.get(name))
        return
    old, new = _by_id(before), _by_id(after)
    if not old or not new:
        yield Edit(field, before, after)
        return
    yield from _edits(field, old, new)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Edit(f"{field}, their order", [*old], [*new])


def _by_id(value: Any) -> dict[str, Any]:
    """The items of a list by their ids; nothing for what is no list of items that have some."""
    items = value if isinstance(value, list) else []
    if not all(isinstance(item, dict) and "id" in item for item in items):
        return {}
    return {item["id"]: {name: each for name, each in item.items() if name != "id"} for item in items}
