"""Values of a mapping tied to the columns of a file: from a row's cells to the field of a fact."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from msgspec import UNSET

from quota.errors import InvalidRecord
from quota.money import exponent
from quota.plans import slug
from streams.documents import Place
from streams.replay.lines import ReplayError
from streams.replay.mapping.spec import Template, Value
from streams.replay.mapping.tables import position
from streams.replay.mapping.times import days, moments

Cells = list[str]
Text = Callable[[Cells], str]
Make = Callable[[Cells], Any]
"""Gives a field's value, or UNSET where the row says nothing; raises InvalidRecord."""

_NUMBER = re.compile(r"([+-]?\d+)\.0*", re.ASCII)
_AMOUNT = re.compile(r"[+-]?\d{1,18}(\.\d{0,18})?|[+-]?\.\d{1,18}", re.ASCII)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TRANSFORMS: dict[str, Callable[[str], str]] = {
    "text": str,
    "slug": slug,
    "number": lambda text: match[1] if (match := _NUMBER.fullmatch(text)) else text,
    "lower": str.lower,
    "upper": str.upper,
}


@dataclass(frozen=True)
class Bindings:
    """What values are tied to: a file's columns, the lookups, and the last moment that a value has in the file."""

    path: Path
    columns: list[str]
    lookups: Mapping[str, Mapping[str, str]]
    latest: Callable[[Value], datetime | None]

    def position(self, column: str, place: Place) -> int:
        """The column's number; raises ReplayError."""
        return position(column, self.columns, f"{place.file}:{place.line}", self.path)


def make(value: Value, to: Bindings) -> Make:
    """The maker of a field's value."""
    if value.last_of:
        return _latest(value, to)
    if value.text is None:
        return lambda cells: None
    read = _steps(value, value.text, to)
    if value.kind == "text":
        return read if value.text.columns else _constant(value, read)
    convert = _conversion(value, to)

    def field(cells: Cells) -> Any:
        text = read(cells)
        if text is None or text is UNSET:
            return text
        return convert(text, cells)

    return field


def _constant(value: Value, read: Make) -> Make:
    try:
        said = read([])
    except InvalidRecord as error:
        raise ReplayError(f"{value.place.file}:{value.place.line}: {error}") from None
    return lambda cells: said


def text_of(template: Template, place: Place, to: Bindings) -> Text:
    """The template's text with the row's cells in it; empty where one of them is empty."""
    parts = [(literal, to.position(name, place)) for literal, name in template.parts if name is not None]
    tail = template.parts[-1][0]
    if parts and not tail and len(parts) == 1 and not parts[0][0]:
        only = parts[0][1]
        return lambda cells: cells[only].strip()

    def text(cells: Cells) -> str:
        filled = [(literal, cells[at].strip()) for literal, at in parts]
        return "".join(map("".join, filled)) + tail if all(cell for _, cell in filled) else ""

    return text


def _steps(value: Value, template: Template, to: Bindings) -> Callable[[Cells], Any]:
    origin, transform = text_of(template, value.place, to), _TRANSFORMS[value.transform]
    changed, table = dict(value.map), to.lookups[value.lookup] if value.lookup else None
    place = f"{value.place.file}:{value.place.line}"

    def read(cells: Cells) -> Any:
        text = transform(origin(cells))
        if not text:
            return value.otherwise
        if value.strict and text not in changed:
            raise InvalidRecord(f"{text!r} is not in the strict map of {place}")
        text = changed.get(text, text)
        if table is None:
            return text
        found = table.get(text, "")
        if not found and value.otherwise is UNSET:
            raise InvalidRecord(f"lookup {value.lookup} has nothing for {text!r}; add it to the `map` of {place}")
        return found or value.otherwise

    return read


def _conversion(value: Value, to: Bindings) -> Callable[[str, Cells], Any]:
    match value.kind:
        case "time":
            moment = moments(value)
            return lambda text, cells: moment(text)
        case "day":
            day = days(value)
            return lambda text, cells: day(text)
        case "money":
            return _money(value, to)
        case "flag":
            return lambda text, cells: _flag(text)
        case "whole":
            return lambda text, cells: _whole(text)
        case "text":
            return lambda text, cells: text


def _money(value: Value, to: Bindings) -> Callable[[str, Cells], Any]:
    assert value.currency is not None
    currency_of = text_of(value.currency, value.place, to)

    def money(text: str, cells: Cells) -> dict[str, object]:
        currency = currency_of(cells)
        plain = text.replace(value.thousands, "") if value.thousands else text
        plain = plain.replace(value.decimal, ".") if value.decimal != "." else plain
        if not _AMOUNT.fullmatch(plain):
            raise InvalidRecord(f"{text!r} is not an amount")
        digits = 0 if value.minor_units else exponent(currency)
        amount = int(Decimal(plain).scaleb(digits).quantize(Decimal(1), ROUND_HALF_UP))
        return {"minor_units": amount, "currency": currency}  # bounds are checked with the fact's

    return money


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise InvalidRecord(f"{text!r} is neither true nor false; map it to one of them")
    return _FLAGS[text.lower()]


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise InvalidRecord(f"{text!r} is not a whole number")
    return int(text)


def _latest(value: Value, to: Bindings) -> Make:
    moment = to.latest(value)
    if moment is None:
        columns = ", ".join(value.last_of)
        raise ReplayError(
            f"{to.path} has no date in {columns}, of which {value.place.file}:{value.place.line} needs the last"
        )
    said = moment.date().isoformat() if value.kind == "day" else moment
    return lambda cells: said
