"""The last standing of every scope and period."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import json

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.standings import Standing
from streams import topics
from streams.log import Log, Spot

KINDS = ("day", "week", "month", "quarter", "year")
STANDING = b'{"type":"standing"'
"""How the value of a standing begins."""
_decode = json.Decoder(Standing).decode


async def standings(log: Log, shards: int) -> list[Standing]:
    """The last standing of every scope and period, in no particular order."""
    said: dict[bytes, bytes] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(topics.STANDINGS.name, shard)):
            for record in chunk:
                if record.key is not None and record.value is not None and record.value.startswith(STANDING):
                    said[record.key] = record.value
    return [_decode(value) for value in said.values()]


def kept(found: Iterable[Standing], plan: PlanIndex) -> list[Standing]:
    """Those of the plan's scopes and periods; the log still holds the last words about what earlier plans had."""
    return [each for each in found if each.scope in plan.scopes and is_period(each.scope, each.period, plan)]


def is_period(scope: str, name: str, plan: PlanIndex) -> bool:
    """Whether the plan keeps a period of that id for the scope."""
    try:
        return kept_period(scope, name, plan) == name
    except InvalidRecord:
        return False


def kept_period(scope: str, text: str, plan: PlanIndex) -> str:
    """The id of the period that the text names for the scope; InvalidRecord if the plan keeps none of its kind."""
    period = parse_period(text, plan.calendar(scope))
    if period.kind not in plan.kinds():
        raise InvalidRecord(f"the plan keeps no period of this kind; it keeps {', '.join(plan.kinds())}")
    return period.id


def ordered(found: Iterable[Standing], plan: PlanIndex) -> list[Standing]:
    """The company first, then each team before what is in it, then what nobody owns; short periods before long ones."""
    places = {scope: place for place, scope in enumerate(family(plan))}

    def key(standing: Standing) -> tuple[int, str, int, str]:
        period = parse_period(standing.period, plan.calendar(standing.scope))
        return places.get(standing.scope, len(places)), standing.scope, KINDS.index(period.kind), period.id

    return sorted(found, key=key)


def current(found: Iterable[Standing], plan: PlanIndex) -> list[Standing]:
    """Those whose period is under way at the last moment that any of them knows."""
    found = [*found]
    now = max((standing.as_of for standing in found), default=None)
    return [
        standing for standing in found if now is not None and _under_way(standing, now, plan.calendar(standing.scope))
    ]


def _under_way(standing: Standing, now: datetime, calendar: WorkCalendar) -> bool:
    period = parse_period(standing.period, calendar)
    return period.start <= calendar.local_day(now) < period.end


def family(plan: PlanIndex) -> list[str]:
    """Every scope of the plan, parents before children, children by name."""
    lines = {f"team:{team.id}": _line(f"team:{team.id}", plan) for team in plan.plan.teams}
    for rep in plan.plan.reps:
        team = rep.teams[-1].team if rep.teams else None
        above = lines.get(f"team:{team}", ()) if team else ()
        lines[f"rep:{rep.id}"] = (*above, f"rep:{rep.id}")
    return ["company", *sorted(lines, key=lambda scope: lines[scope]), "unassigned"]


def _line(team: str, plan: PlanIndex) -> tuple[str, ...]:
    parents = {f"team:{each.id}": f"team:{each.parent}" if each.parent else None for each in plan.plan.teams}
    line: list[str] = []
    at: str | None = team
    while at is not None and at not in line:
        line.insert(0, at)
        at = parents.get(at)
    return tuple(line)
