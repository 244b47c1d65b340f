"""The public holidays of a region, which become days when a plan is loaded: a revision holds the days."""

import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from streams.documents import Entry, Field, Node, Wrong, suggestion
from streams.documents.schemas import accepts, nested, numbers, words
from streams.documents.values import day, listed, text

FIRST_YEAR, LAST_YEAR = 1970, 2199
_YEARS = re.compile(r"(\d{4})(?:\s*-\s*(\d{4}))?", re.ASCII)
_REGION = re.compile(r"[A-Z]{2}(-[A-Za-z0-9 ]{1,40})?", re.ASCII)


@accepts(words(_REGION.pattern))
def region(node: Node) -> str:
    """A country, or a part of one, that the library of holidays knows."""
    value = text(node)
    if not _REGION.fullmatch(value):
        raise Wrong.at(node.place, f"{value!r} is not a region", "write a country like US, or a part of one like US-IL")
    known = _regions(value[:2])
    if value not in known:
        raise Wrong.at(node.place, f"no holidays are known of region {value!r}", suggestion(value, known))
    return value


@accepts(numbers(r"[0-9]{4}( *- *[0-9]{4})?", "integer", minimum=FIRST_YEAR, maximum=LAST_YEAR))
def years(node: Node) -> range:
    """A year, or the first and the last of several."""
    match = _YEARS.fullmatch(text(node))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        what = f"{text(node)!r} is neither a year nor a span of years from {FIRST_YEAR} to {LAST_YEAR}"
        raise Wrong.at(node.place, what, "write 2026, or 2025-2028")
    return range(first, last + 1)


def regional(days_off: Callable[[Node], dict[str, str]]) -> tuple[dict[str, Field], Callable[[Node], dict[str, str]]]:
    """The keys of a region's holidays, and their reader; `days_off` reads the days that are added."""
    fields = {
        "region": Field(region, required=True, example="US-IL"),
        "years": Field(years, required=True, example="2025-2028"),
        "add": Field(days_off),
        "remove": Field(listed(day, "remove")),
    }
    read = nested("`holidays`", fields)
    return fields, lambda node: _resolved(read(node))


def _resolved(entry: Entry) -> dict[str, str]:
    try:
        found = public_holidays(entry.values["region"], entry.values["years"])
    except UserWarning as warning:
        what = f"not all holidays of {entry.values['region']} are known in these years: {warning}"
        raise Wrong.at(entry.at("years"), what, "name those years, and the days of others as a list") from warning
    for off in entry.values.get("remove", ()):
        if off not in found:
            what = f"{off} is no holiday of {entry.values['region']} in the years given, so it cannot be removed"
            raise Wrong.at(entry.at("remove"), what, "leave it out, or name the day that the holiday falls on")
        del found[off]
    return dict(sorted((found | entry.values.get("add", {})).items()))


def public_holidays(name: str, asked: Iterable[int]) -> dict[str, str]:
    """The days off of a region that is known, with their names; raises UserWarning where some are not known."""
    country, _, part = name.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found: Any = _library().country_holidays(country, subdiv=part or None, years=asked)
    return {off.isoformat(): str(called) for off, called in sorted(found.items())}


def _regions(country: str) -> list[str]:
    """The country and its parts; all countries where there is no such country."""
    countries: dict[str, list[str]] = _library().list_supported_countries()
    if country not in countries:
        return sorted(name for name in countries if len(name) == len(country))
    return [country, *(f"{country}-{part}" for part in countries[country])]


def _library() -> Any:
    # It takes as long to import as all that most commands need.
    import holidays

    return holidays
