"""What the API answers, from the bytes that its source holds: the same bytes for the same log, whatever the source."""

import asyncio
from collections.abc import Iterable
from datetime import date

from msgspec import json

from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.standings import Standing
from streams.api.questions import AskedAlerts
from streams.api.source import Alerts
from streams.serving import documents, transitions
from streams.serving.latest import order
from streams.serving.standings import KINDS

BREATH = 64
"""Documents that are made before others in the process have their turn."""
Place = tuple[str, date, int, str]
_standing = json.Decoder(Standing).decode
_transition = json.Decoder(Transition).decode


def standing(value: bytes, plan: PlanIndex) -> bytes:
    """The document of one standing."""
    return json.encode(_document(_standing(value), plan))


async def standings(values: Iterable[bytes | None], plan: PlanIndex) -> bytes:
    """The documents of those that there are, by scope and by when their periods begin, short ones first."""
    found: list[tuple[Place, documents.Document]] = []
    for value in values:
        if value is not None:
            said = _standing(value)
            found.append((_place(said, plan), _document(said, plan)))
            if len(found) % BREATH == 0:
                await asyncio.sleep(0)
    return json.encode({"standings": [shown for _, shown in sorted(found, key=lambda each: each[0])]})


def _document(said: Standing, plan: PlanIndex) -> documents.Document:
    return documents.document(said, plan.calendar(said.scope))


def _place(said: Standing, plan: PlanIndex) -> Place:
    period = parse_period(said.period, plan.calendar(said.scope))
    return said.scope, period.start, KINDS.index(period.kind), period.id


def alerts(found: Alerts, asked: AskedAlerts) -> bytes:
    """The documents of the alerts that are asked for, by the tick of their last transition."""
    kept = (_transition(value) for value in found.values if asked.everything or transitions.FIRING in value)
    chosen = sorted((each for each in kept if _wanted(each, found.floor, asked)), key=order)
    return json.encode({"alerts": [transitions.document(each) for each in chosen]})


def _wanted(each: Transition, floor: str, asked: AskedAlerts) -> bool:
    if asked.scope is not None and each.scope != asked.scope:
        return False
    return each.transition == "firing" or (asked.everything and order(each) >= floor)
