"""Standings of months that are over, as if a log held them: numbers to set quotas by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from quota.histories import Histories
from quota.money import decimal
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.standings import standing
from schemas.standings import Measure, Standing

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
Past = Mapping[str, Sequence[int | None]]
"""By scope what each month of 2026 came to, from January on; None is a month of which nothing stands."""


def the_period(text: str, kind: str, plan: PlanIndex, scope: str = "company") -> Period:
    """The period of a kind that holds a day."""
    return period_of(kind, date.fromisoformat(text), plan.calendar(scope))


def past(plan: PlanIndex, revenues: Past, now: datetime = NOW, kind: str = "month", **counts: Past) -> Histories:
    """What stands at a moment of so much revenue in minor units, and of so many of other metrics.

    Each scope is known for one period more, the one before its first, whose number is too large to be overlooked.
    """
    today = period_of("month", plan.calendar("unassigned").local_day(now), plan.calendar("unassigned"))
    said: dict[tuple[str, str], Standing] = {}
    if revenues or counts:
        said["unassigned", today.id] = standing("unassigned", today, {}, {}, plan, now)
    for metric, values in {"revenue": revenues, **counts}.items():
        for scope, months in values.items():
            begun = next(number for number, value in enumerate(months) if value is not None)
            for number, value in ((begun - 1, 10**9), *enumerate(months)):
                if value is not None:
                    period = _nth(number, kind, plan, scope)
                    before = said.get((scope, period.id)) or standing(scope, period, {}, {}, plan, now)
                    measure = Measure(decimal(value, "USD"), "USD") if metric == "revenue" else Measure(value)
                    before.metrics[metric] = measure
                    said[scope, period.id] = before
    return Histories(said.values(), plan)


def _nth(number: int, kind: str, plan: PlanIndex, scope: str) -> Period:
    period = period_of(kind, date(2026, 1, 1), plan.calendar(scope))
    for _ in range(number):
        period = period_of(kind, period.end, plan.calendar(scope))
    return period if number >= 0 else period_of(kind, date(2025, 12, 24), plan.calendar(scope))
