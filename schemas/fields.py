"""Field types that several schemas share: identifiers, moments and money, bounded in size."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=200)]
"""An identifier as its source writes it."""

Moment = Annotated[datetime, Meta(tz=True, extra_json_schema={"pattern": "^(19[7-9][0-9]|2[01][0-9]{2})-"})]
"""A point in time of the years 1970 to 2199; RFC 3339 with an offset on the wire."""

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", max_length=10, extra_json_schema={"format": "date"})]
"""A local calendar day, ISO 8601."""

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9._-]+$", max_length=200)]
"""The identifier of a plan object."""

Scope = Annotated[
    str, Meta(pattern=r"^(company|unassigned|(rep|team|product-line|territory):[a-z0-9._-]+)$", max_length=220)
]
"""Whose number it is: `company`, `team:<id>`, `rep:<id>`, or `unassigned` for what no plan object owns."""

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", max_length=3)]
"""An ISO 4217 code."""

MinorUnits = Annotated[int, Meta(ge=-(10**15), le=10**15)]
"""An amount in the currency's smallest unit."""


class Money(Struct, frozen=True, gc=False):
    """An amount of minor units (cents, say) in a currency."""

    minor_units: MinorUnits
    currency: Currency


class Origin(Struct, frozen=True, array_like=True, gc=False):
    """Where a fact was first received: topic, partition, offset."""

    topic: str
    partition: int
    offset: int
