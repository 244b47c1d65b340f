"""What a mapping file says, checked but not yet tied to the columns of a file."""

from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET, UnsetType

from streams.documents import DocumentError, Place
from streams.replay.lines import ReplayError

Kind = Literal["text", "time", "money", "day", "flag", "whole"]

_DETAILS: dict[str, Kind] = {
    "contact": "text",
    "seniority": "text",
    "role": "text",
    "seconds": "whole",
    "two_way": "flag",
    "meaningful": "flag",
}
ACTIVITY: dict[str, Kind] = {
    "id": "text",
    "source": "text",
    "occurred_at": "time",
    "performer": "text",
    "activity": "text",
    "lead": "text",
    **_DETAILS,
    "version": "whole",
}
MEETING: dict[str, Kind] = {
    "id": "text",
    "source": "text",
    "occurred_at": "time",
    "meeting": "text",
    "organizer": "text",
    "state": "text",
    "starts_at": "time",
    "ends_at": "time",
    "lead": "text",
    **_DETAILS,
    "version": "whole",
}
DEAL: dict[str, Kind] = {
    "id": "text",
    "source": "text",
    "occurred_at": "time",
    "deal": "text",
    "owner": "text",
    "stage": "text",
    "amount": "money",
    "cost": "money",
    "created_at": "time",
    "expected_close": "day",
    "lead": "text",
    "account": "text",
    "deleted": "flag",
    "version": "whole",
}
FACTS: dict[str, dict[str, Kind]] = {"activity": ACTIVITY, "meeting_changed": MEETING, "deal_changed": DEAL}
REQUIRED = {
    "activity": ("id", "occurred_at", "performer", "activity"),
    "meeting_changed": ("id", "occurred_at", "meeting"),
    "deal_changed": ("id", "occurred_at", "deal"),
}
CLEARABLE = frozenset({"owner", "stage", "amount", "cost", "created_at", "expected_close", "lead", "account"})
"""Fields of a deal change in which null says that there is none."""


class MappingError(DocumentError, ReplayError):
    """A mapping that cannot be used: every problem in its file."""


@dataclass(frozen=True)
class Template:
    """Text with columns in it: pairs of a literal and the column after it, the last without a column."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        return tuple(column for _, column in self.parts if column is not None)


@dataclass(frozen=True)
class Value:
    """Where a field's value comes from and what is done to it, in the order of these attributes."""

    place: Place
    kind: Kind
    text: Template | None = None
    last_of: tuple[str, ...] = ()
    transform: str = "text"
    map: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    lookup: str | None = None
    otherwise: str | None | UnsetType = UNSET
    format: str = "iso"
    zone: str = "UTC"
    time: str = "00:00"
    currency: Template | None = None
    decimal: str = "."
    thousands: str = ""
    minor_units: bool = False


@dataclass(frozen=True)
class Test:
    """What a column must be: one of the texts, or (`negated`) none of them; an empty column is the empty text."""

    place: Place
    column: str
    texts: frozenset[str]
    negated: bool = False


@dataclass(frozen=True)
class FactSpec:
    """One kind of fact that a row can hold, and when it does."""

    place: Place
    type: str
    when: tuple[Test, ...]
    fields: dict[str, Value]


@dataclass(frozen=True)
class TableSpec:
    """How a delimited text file is cut into rows."""

    place: Place
    file: str
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    columns: tuple[str, ...] = ()
    multiline: bool = False


@dataclass(frozen=True)
class LookupSpec:
    """A table in which a value is looked up by a column."""

    place: Place
    table: TableSpec
    key: str
    value: str


@dataclass(frozen=True)
class FileSpec:
    """A table of rows with facts; rows that pass one of the tests are ignored, or all without a fact."""

    table: TableSpec
    facts: tuple[FactSpec, ...]
    ignore: tuple[tuple[Test, ...], ...] = ()
    ignore_rest: bool = False


@dataclass(frozen=True)
class Mapping:
    """A mapping file."""

    name: str
    files: tuple[FileSpec, ...]
    lookups: dict[str, LookupSpec]
