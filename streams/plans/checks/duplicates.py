"""Names that only one entry may have."""

from collections.abc import Hashable, Iterable, Iterator

from streams.documents import Place, Problem
from streams.plans.draft import Draft
from streams.plans.sections import SECTIONS


def _repeated(named: Iterable[tuple[Hashable, str, Place]], fix: str) -> Iterator[Problem]:
    first: dict[Hashable, Place] = {}
    for key, what, place in named:
        if key in first:
            yield Problem(place, f"{what} is already in {first[key].file}:{first[key].line}", fix)
        else:
            first[key] = place


def ids(draft: Draft) -> Iterator[Problem]:
    """An id stands for one object of its section."""
    for name, section in SECTIONS.items():
        found = [
            (item.values["id"], f"{section.what} {item.values['id']!r}", item.at("id"))
            for item in draft.entries[name]
            if "id" in item.values
        ]
        yield from _repeated(found, "give one of them another id")


def external_names(draft: Draft) -> Iterator[Problem]:
    """A source calls only one rep by a name."""
    found: list[tuple[Hashable, str, Place]] = []
    for rep in draft.entries["reps"]:
        for source, names in rep.values.get("external", {}).items():
            found += [((source, name), f"{name!r} of source {source!r}", rep.at("external")) for name in set(names)]
    yield from _repeated(found, "a name can mean one rep only, remove it from the other")


def rates(draft: Draft) -> Iterator[Problem]:
    """A currency has one rate a day."""
    found = [
        (tuple(key), f"a rate of {key[0]} from {key[1]}", rate.place)
        for rate in draft.entries["rates"]
        if None not in (key := [rate.values.get("currency"), rate.values.get("day")])
    ]
    yield from _repeated(found, "keep one of them")
