"""What holds an open deal up, as far as its own record and those of won deals tell."""

from datetime import date
from typing import Literal

from msgspec import Struct

from quota.cells import won_ages
from quota.hindsight import OpenDeal
from schemas.credits import Parts

Holdup = Literal["close_date_overdue", "older_than_won_deals", "nothing_new", "no_amount"]
SILENT = 30
"""Days without any change of a deal."""


class Limits(Struct, frozen=True):
    """The age in days that nine of ten won deals did not exceed; None while none was won."""

    oldest: int | None


def limits(totals: Parts) -> Limits:
    """What won deals teach: the smallest age that at least nine tenths of them did not exceed."""
    ages = won_ages(totals)
    wanted, seen = 0.9 * sum(ages.values()), 0
    for age in sorted(ages):
        seen += ages[age]
        if seen >= wanted:
            return Limits(age)
    return Limits(None)


def holdups(deal: OpenDeal, day: date, known: Limits) -> list[Holdup]:
    """Everything that applies at the end of a day, the gravest first."""
    found: list[Holdup] = []
    if deal.expected_close is not None and deal.expected_close <= day:
        found.append("close_date_overdue")
    if known.oldest is not None and (day - deal.created).days > known.oldest:
        found.append("older_than_won_deals")
    if (day - deal.changed).days > SILENT:
        found.append("nothing_new")
    if deal.amount is None:
        found.append("no_amount")
    return found
