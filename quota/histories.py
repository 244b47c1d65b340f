"""What scopes came to in periods that are over, read from their standings."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction

from quota.errors import InvalidRecord
from quota.money import decimal, minor_units
from quota.periods import Period, parse_period, period_of
from quota.plans import PlanIndex
from schemas.standings import Measure, Standing

_DAY = timedelta(days=1)


class Histories:
    """Standings by scope and period; the log's time is the latest moment that any of them knows."""

    def __init__(self, standings: Iterable[Standing], plan: PlanIndex) -> None:
        self.plan = plan
        self.by_place: dict[tuple[str, str], Standing] = {}
        self._first: dict[tuple[str, str], date] = {}
        for each in standings:
            self.by_place[each.scope, each.period] = each
            if not any(map(_something, each.metrics.values())):
                continue
            period = parse_period(each.period, plan.calendar(each.scope))
            key = each.scope, period.kind
            self._first[key] = min(self._first.get(key, period.start), period.start)
        self.now: datetime | None = max((each.as_of for each in self.by_place.values()), default=None)

    def at(self, scope: str, period: Period) -> Standing | None:
        """The standing of a scope in a period; None where nothing happened."""
        return self.by_place.get((scope, period.id))

    def over(self, scope: str, kind: str, before: date, most: int) -> list[Period]:
        """The last periods of a kind that were over before a day, and are over by now; the oldest first.

        The first in which anything happened is left out, for what is known of a scope seldom begins with a period; all
        later ones count, also where nothing happened. Of a scope of which nothing ever did there is no history.
        """
        calendar, first = self.plan.calendar(scope), self._first.get((scope, kind))
        found: list[Period] = []
        day = before
        while first is not None and self.now is not None and len(found) < most:
            period = period_of(kind, day - _DAY, calendar)
            if period.start <= first:
                break
            if period.end <= before and calendar.start_of(period.end) <= self.now:
                found.append(period)
            day = period.start
        return found[::-1]

    def values(self, scope: str, metric: str, periods: Iterable[Period]) -> list[int]:
        """What a metric that adds up came to in each of the periods, in minor units or whole counts; without nulls."""
        found = (self.value(scope, metric, period) for period in periods)
        return [value for value in found if value is not None]

    def value(self, scope: str, metric: str, period: Period) -> int | None:
        """What a metric that adds up came to in a period, in minor units or a whole count; 0 where nothing happened."""
        standing = self.at(scope, period)
        if standing is None:
            return 0
        measure = standing.metrics.get(metric)
        if measure is None or measure.value is None:
            return None
        return units(str(measure.value), unit_of(metric, self.plan))


def _something(measure: Measure) -> bool:
    """Whether a number is neither nothing nor undefined."""
    value = measure.value
    return bool(value.strip("0.-")) if isinstance(value, str) else bool(value)


def unit_of(metric: str, plan: PlanIndex) -> str | None:
    """The currency of a metric of money; None for a count. InvalidRecord if its periods do not add up."""
    declared = plan.metrics.get(metric)
    if declared is None or declared.aggregation != "sum" or declared.kind not in ("count", "money"):
        raise InvalidRecord(f"{metric} does not add up over periods and people; name a count, or revenue")
    return plan.currency if declared.kind == "money" else None


def units(text: str, currency: str | None) -> int:
    """A decimal string in minor units, or as a whole count; InvalidRecord for parts of either."""
    if currency is not None:
        return minor_units(text, currency)
    whole = Fraction(text)
    if whole.denominator != 1:
        raise InvalidRecord(f"{text} is not a whole number, and this metric counts")
    return whole.numerator


def written(number: int, currency: str | None) -> str:
    """The decimal string of minor units, or of a count."""
    return str(number) if currency is None else decimal(number, currency)
