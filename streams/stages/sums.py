"""Sums of cells by scope and period, kept by difference, and which of them changed since the last tick."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache

from msgspec.structs import replace

from quota.cells import add
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.standings import standing
from schemas.credits import Parts
from schemas.standings import Standing

day_of = cache(date.fromisoformat)
OPEN = ("open|", "open_amount|", "open_unknown|", "open_unknown_amount|")
"""Components of open deals; they stand in the cell of the day a deal was created."""
FLEETING = ("lead|", "won_deal|")
"""Components that a total over all time does not need."""


class Sums:
    """What scopes have by day, by period, in the pipeline and in total; components that are zero are absent."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.days: dict[str, dict[str, Parts]] = {}
        self.opened: dict[str, dict[str, Parts]] = {}
        self.pipeline: dict[str, Parts] = {}
        self.totals: dict[str, Parts] = {}
        self.periods: dict[tuple[str, str], Parts] = {}
        self.known: dict[tuple[str, str], Period] = {}
        self.touched: dict[tuple[str, str], bool] = {}
        self.won: dict[tuple[str, str], bool] = {}

    def add(self, scope: str, day: str, parts: Parts, sign: int, plan: PlanIndex, *, quiet: bool) -> None:
        """Adds (sign 1) or takes away (-1) a cell's parts everywhere they count."""
        add(self.days.setdefault(scope, {}).setdefault(day, {}), parts, sign)
        if not self.days[scope][day]:
            del self.days[scope][day]
        opened = {part: n for part, n in parts.items() if part.startswith(OPEN)}
        rest = {part: n for part, n in parts.items() if part not in opened} if opened else parts
        if opened:
            self._add_opened(scope, day, opened, sign)
        if rest:
            self._add_rest(scope, day, rest, sign, plan, quiet=quiet)
        else:
            # A change of the pipeline alone shows in the standings that are current, which are found at the tick.
            self.touched[scope, ""] = quiet and self.touched.get((scope, ""), True)

    def _add_opened(self, scope: str, day: str, opened: Parts, sign: int) -> None:
        add(self.pipeline.setdefault(scope, {}), opened, sign)
        days = self.opened.setdefault(scope, {})
        add(days.setdefault(day, {}), opened, sign)
        if not days[day]:
            del days[day]

    def _add_rest(self, scope: str, day: str, rest: Parts, sign: int, plan: PlanIndex, *, quiet: bool) -> None:
        lasting = {part: n for part, n in rest.items() if not part.startswith(FLEETING)}
        add(self.totals.setdefault(scope, {}), lasting, sign)
        for period in self._periods(scope, day, plan):
            key = scope, period.id
            add(self.periods.setdefault(key, {}), rest, sign)
            self.touched[key] = quiet and self.touched.get(key, True)
        if scope.startswith("rep:") and any(part.startswith("won_deal|") for part in rest):
            self.won[scope, day] = quiet and self.won.get((scope, day), True)

    def _periods(self, scope: str, day: str, plan: PlanIndex) -> list[Period]:
        calendar = plan.calendar(scope)
        found = [period_of(kind, day_of(day), calendar) for kind in plan.kinds()]
        self.known.update({(scope, period.id): period for period in found})
        return found

    def touch_all(self) -> None:
        """Everything is to be said anew."""
        self.touched.update(dict.fromkeys(self.periods, False))
        self.won.update({(scope, day): False for scope, days in self.days.items() for day, parts in days.items()
                         if scope.startswith("rep:") and any(part.startswith("won_deal|") for part in parts)})  # fmt: skip

    def settle(self) -> None:
        """What changed has been said."""
        self.touched, self.won = {}, {}

    def standings(
        self, plan: PlanIndex, scopes: Iterable[str], before: datetime | None, at: datetime, *, due: bool, sender: str
    ) -> Iterator[Standing]:
        """The standings that changed, and if due those of all current and just closed periods."""
        wanted = {key: quiet for key, quiet in self.touched.items() if key[1]}
        current = {scope for scope, period in self.touched if not period}
        for scope in {*scopes, *current} if due else current:
            for period in self._running(scope, plan, before, at):
                key = scope, period.id
                wanted.setdefault(key, bool(self.touched.get((scope, ""), False)))
        for (scope, period_id), quiet in sorted(wanted.items()):
            parts, open_parts = self.periods.get((scope, period_id), {}), self.pipeline.get(scope, {})
            found = standing(scope, self.known[scope, period_id], parts, open_parts, plan, at)
            yield replace(found, sender=sender, revision=plan.revision, quiet=quiet)

    def _running(self, scope: str, plan: PlanIndex, before: datetime | None, at: datetime) -> list[Period]:
        """The periods that hold this moment, and those that have closed since the moment before."""
        calendar = plan.calendar(scope)
        days = [calendar.local_day(moment).isoformat() for moment in (before, at) if moment is not None]
        return [period for day in sorted(set(days)) for period in self._periods(scope, day, plan)]
