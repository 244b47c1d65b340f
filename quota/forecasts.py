"""What a scope will probably have won by the end of a period, each by a method of its own."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import fsum

from msgspec import Struct
from msgspec.structs import replace

from quota.cells import REVENUE
from quota.hazards import Window, hazards_of
from quota.hindsight import Hindsight, OpenDeal
from quota.outlooks import outlook
from quota.pace import progress
from quota.periods import Period
from quota.shortage import Projection, projection
from quota.simulations import Arrivals, Chance, Simulation, simulate
from schemas.standings import Baseline

EARLIEST = 0.15
"""The share of a period's working time before which nothing is said from its run rate."""
SPREAD = 0.4
"""Of the logarithm of the factor that all chances of a draw share: with it the range held the outcome in eight of ten
cases of the sample data (docs/forecast.md)."""
_RECENT_WINS = 200


class Forecast(Struct, frozen=True):
    """A forecast as of the end of a day, in minor units; what is undefined is None and `reasons` says why.

    `closed` is won already; `weighted` adds what is expected to close in the period, by the stages' probabilities;
    `run_rate` goes on as before; `historical` adds what history makes of open deals and of those yet to be created.
    """

    scope: str
    period: str
    as_of: date
    closed: int
    weighted: int
    run_rate: int | None
    historical: int | None
    simulated: Simulation | None
    expected_from_open: int | None
    expected_from_new: int | None
    open_deals: int
    closing: int
    target: int | None
    reasons: dict[str, str]

    def methods(self) -> dict[str, int | None]:
        """The number of each method."""
        middle = None if self.simulated is None else self.simulated.p50
        return {
            "closed": self.closed,
            "weighted": self.weighted,
            "run_rate": self.run_rate,
            "historical": self.historical,
            "simulated": middle,
        }


def forecast(scope: str, period: Period, target: int | None, seen: Hindsight) -> Forecast:
    """The forecast as of the end of the hindsight's day; what happens later changes nothing."""
    day, lessons = seen.day, seen.lessons
    closed = seen.within(scope, period).get(REVENUE, 0)
    opened = seen.open_deals(scope)
    due = [each for each in opened if closes(each, period, day, lessons.lead)]
    reasons: dict[str, str] = {}
    going_on = _run_rate(closed, scope, period, seen, reasons)
    ahead = _ahead(scope, period, closed, lessons, seen, reasons)
    return Forecast(
        scope=scope,
        period=period.id,
        as_of=day,
        closed=closed,
        weighted=closed + round(fsum((each.amount or 0) * each.chance for each in due)),
        run_rate=going_on,
        historical=None if ahead is None else round(ahead.projected),
        simulated=None if ahead is None else _simulated(ahead, lessons, opened, target, seen),
        expected_from_open=None if ahead is None else round(ahead.expected),
        expected_from_new=None if ahead is None else round(ahead.incoming),
        open_deals=len(opened),
        closing=len(due),
        target=target,
        reasons=reasons,
    )


def closes(deal: OpenDeal, period: Period, day: date, lead: int | None) -> bool:
    """Whether the deal is expected to close in the period: on its date, else one usual cycle after it was created.

    One that is overdue is expected any day now; without a date and while no cycle is known, so is every one.
    """
    expected = deal.expected_close or (None if lead is None else deal.created + timedelta(days=lead))
    tomorrow = day + timedelta(days=1)
    return period.start <= max(tomorrow, expected or tomorrow) < period.end


def in_time(deal: OpenDeal, window: Window, ratio: float) -> float:
    """The probability that the deal is won within the window: by its age, times how the scope wins against all."""
    return min(1.0, ratio * window[deal.created.isoformat()])


def _run_rate(closed: int, scope: str, period: Period, seen: Hindsight, reasons: dict[str, str]) -> int | None:
    elapsed = progress(seen.plan.calendar(scope), period, seen.until).elapsed
    if elapsed >= EARLIEST:
        return round(closed / elapsed)
    reasons["run_rate"] = "too_early"
    return None


def _ahead(
    scope: str, period: Period, closed: int, lessons: Baseline, seen: Hindsight, reasons: dict[str, str]
) -> Projection | None:
    if not lessons.won:
        reasons |= dict.fromkeys(("historical", "simulated"), "no_won_deals")
        return None
    found = outlook(scope, seen.day, seen.known(scope), seen.plan)
    return projection(replace(found, credited={period.id: closed}), lessons, 0, period, lessons.lead or 0, seen.day)


def _simulated(
    ahead: Projection, lessons: Baseline, opened: Sequence[OpenDeal], target: int | None, seen: Hindsight
) -> Simulation:
    window = hazards_of(lessons).window(seen.day, ahead.period.start, ahead.period.end)
    found = [Chance(each.amount, in_time(each, window, ahead.ratio)) for each in opened if each.amount]
    chances = [each for each in found if each.probability > 0]
    usual = [each.amount for each in seen.won_deals(ahead.scope) or seen.won_deals("company")][-_RECENT_WINS:]
    mean = ahead.ratio * ahead.created_per_day * window.arrivals
    seed = f"{ahead.scope}|{ahead.period.id}|{seen.day}"
    return simulate(ahead.credited, chances, Arrivals(mean, (*usual,)), SPREAD, target, seed)
