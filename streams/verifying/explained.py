"""`explain` against itself: contributions must add up to the number that they explain, exactly."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from statistics import median

from quota import metrics
from quota.credits import fan_out
from quota.money import decimal
from quota.periods import parse_period
from quota.plans import PlanIndex
from streams.log import Log
from streams.serving.contributions import Contribution, merged, valued
from streams.serving.entities import entities
from streams.verifying.verdict import Difference


async def by_scope(log: Log, shards: int, plan: PlanIndex) -> dict[str, list[Contribution]]:
    """What every stored entity adds, by scope, and there by day and entity."""
    found: dict[str, list[Contribution]] = {}
    async for entity in entities(log, shards, plan):
        for (scope, day), parts in fan_out(entity.adds, plan).items():
            found.setdefault(scope, []).append(Contribution(entity, day, parts))
    for each in found.values():
        each.sort(key=lambda one: (one.day, one.entity.kind, one.entity.id))
    return found


class Explained:
    """The sums that `explain` shows, for one scope after the other."""

    def __init__(self, contributions: Mapping[str, Sequence[Contribution]], plan: PlanIndex) -> None:
        self._all, self._plan = contributions, plan
        self.numbers = 0

    def differences(self, scope: str, name: str) -> Iterator[Difference]:
        """Every metric of the period whose contributions do not add up to its number."""
        everything, period = self._all.get(scope, ()), parse_period(name, self._plan.calendar(scope))
        first = bisect_left(everything, period.start.isoformat(), key=lambda each: each.day)
        end = bisect_left(everything, period.end.isoformat(), key=lambda each: each.day)
        within = everything[first:end]
        parts = merged(within)
        for metric, declared in self._plan.metrics.items():
            if declared.aggregation == "stock":
                continue
            number = metrics.value(metric, parts, None, self._plan).value
            yield from self._compared(f"{scope} {name}", metric, number, [*valued(metric, within, self._plan)])

    def stocks(self, scope: str) -> Iterator[Difference]:
        """The same for what is open now."""
        everything = self._all.get(scope, ())
        parts = merged(everything)
        for metric, declared in self._plan.metrics.items():
            if declared.aggregation == "stock":
                number = metrics.value(metric, parts, parts, self._plan).value
                yield from self._compared(scope, metric, number, [*valued(metric, everything, self._plan)])

    def _compared(
        self, subject: str, metric: str, number: float | str | None, shares: Sequence[Contribution]
    ) -> Iterator[Difference]:
        self.numbers += 1
        total = self._total(metric, shares)
        if number is not None and total != number:
            cause = f"{metric} is {number}, its {len(shares)} contributions add up to {total}"
            yield Difference("explanation", subject, cause)

    def _total(self, metric: str, shares: Sequence[Contribution]) -> float | str | None:
        declared = self._plan.metrics[metric]
        above, below = sum(each.above for each in shares), sum(each.below or 0 for each in shares)
        if declared.aggregation == "quantile":
            return float(median(each.above for each in shares)) if shares else None
        if declared.kind == "money":
            # `round` sends a tie to the even unit; a fraction of integers is exact where a float is not.
            whole = round(Fraction(above, below)) if below else above
            return decimal(whole, self._plan.currency)
        return above / below if below else above
