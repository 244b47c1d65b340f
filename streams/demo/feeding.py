"""Feeding the simulated floor: its past at full speed, what was missed since the last run, and then as it happens."""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from operator import attrgetter

from msgspec import json

from quota.plans import PlanIndex
from schemas.control import Live
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams import topics
from streams.demo.inventory import Inventory
from streams.driving import CHUNK, Driver, Evenings
from streams.log import Log, Outgoing
from streams.partitioner import partition
from streams.replay import AnyFact, fact
from streams.serving.control import control
from streams.simulate import between, live
from streams.simulate.deals import STAGES
from streams.simulate.hours import ZONE
from streams.simulate.live import LONGEST

DAYS = 126
"""How far back the past goes: a quarter, and before it the weeks that the shortage rule needs to learn from."""
STRETCH = timedelta(minutes=1)
KEY = b"demo"
_DAY = timedelta(days=1)
TOLD = 7 * _DAY
"""The end of the past, of which people are told: somebody who looks for the first time sees messages, too."""
_SECOND = timedelta(seconds=1)
_EVER = timedelta(days=3650)
_when = attrgetter("occurred_at", "id")


@dataclass(frozen=True)
class Floor:
    """Which floor is played: the same numbers play the same one."""

    reps: int
    seed: int


class Upcoming:
    """Facts in the order of time, handed out as far as time has come."""

    def __init__(self, facts: Iterator[AnyFact]) -> None:
        """The facts come without end."""
        self._facts = facts
        self._next = next(facts)

    @property
    def at(self) -> datetime:
        """When the next fact occurs."""
        return self._next.occurred_at

    def until(self, moment: datetime) -> Iterator[AnyFact]:
        """The facts up to the moment, this included."""
        while self._next.occurred_at <= moment:
            yield self._next
            self._next = next(self._facts)


def upcoming(floor: Floor, held: Inventory, began: datetime) -> Upcoming:
    """The floor's facts from where the log ends, with the bustle of a live floor from `began` on."""
    opened = _morning(held.first or began - DAYS * _DAY)
    since = opened if held.last is None else min(held.last, began)
    past = between(floor.reps, floor.seed, since, began + _EVER, opened=opened)
    return Upcoming(heapq.merge(past, _bustle(floor, held, began), key=_when))


def _morning(moment: datetime) -> datetime:
    """The beginning of the floor's day; whoever continues finds it from the first fact, and plays the same floor."""
    return datetime.combine(moment.astimezone(ZONE).date(), time.min, ZONE)


def _bustle(floor: Floor, held: Inventory, began: datetime) -> Iterator[AnyFact]:
    """What happens live from `began` on, and the end of what was under way when the last run stopped."""
    known = set(held.stories)
    if held.last is not None:
        rest = live(floor.reps, floor.seed, held.last, min(held.last + LONGEST * _SECOND, began))
        yield from (each for each in rest if _story(each) in known)
    while True:
        for each in live(floor.reps, floor.seed, began, began + STRETCH):
            story = _story(each)
            if story and _begins(each):
                known.add(story)
            if story is None or story in known:
                yield each
        began += STRETCH


def _story(said: AnyFact) -> str | None:
    """The meeting or deal that a fact is about; an activity is about nothing but itself."""
    match said:
        case MeetingChanged():
            return said.meeting
        case DealChanged():
            return said.deal
        case _:
            return None


def _begins(said: AnyFact) -> bool:
    """Whether a fact begins a story; what follows a beginning that was never sent would belong to nobody."""
    return said.state == "booked" if isinstance(said, MeetingChanged) else getattr(said, "stage", None) == STAGES[0]


class Feed:
    """Sends the floor into a log that a worker works on."""

    def __init__(self, log: Log, shards: int, plan: PlanIndex, coming: Upcoming, now: Callable[[], datetime]) -> None:
        """`now` is the clock."""
        self.live = False
        self._log, self._shards, self._evenings = log, shards, Evenings(plan.plan)
        self._coming, self._now = coming, now

    async def run(self) -> None:
        """Returns never: the floor goes on."""
        await self.catch_up(self._now())
        while True:
            await self._send(self._coming.until(self._now()), quiet=False)
            await asyncio.sleep((self._coming.at - self._now()).total_seconds())

    async def catch_up(self, now: datetime) -> None:
        """Sends everything that has happened by now and makes the log live, unless it is."""
        found = await control(self._log)
        if not found.live:
            evening = self._evening(now)
            await self._past(evening - TOLD, quiet=True)
            await self._past(evening, quiet=False)
        await self._send(self._coming.until(now), quiet=True)
        if not found.live:
            await self._log.append([Outgoing(topics.CONTROL.name, 0, KEY, json.encode(Live(now)))])
        self.live = True

    def _evening(self, moment: datetime) -> datetime:
        """The last evening that is over."""
        day = self._evenings.day(moment)
        today = self._evenings.of(day)
        return today if today <= moment else self._evenings.of(day - _DAY)

    async def _past(self, end: datetime, *, quiet: bool) -> None:
        driver = Driver(self._log, self._evenings, await control(self._log), quiet=quiet)
        for each in self._coming.until(end):
            await driver.send(each.occurred_at, self._outgoing(each, quiet=quiet))
        await driver.finish()

    async def _send(self, facts: Iterator[AnyFact], *, quiet: bool) -> None:
        records = [self._outgoing(each, quiet=quiet) for each in facts]
        for start in range(0, len(records), CHUNK):
            await self._log.append(records[start : start + CHUNK], lasting=False)

    def _outgoing(self, said: AnyFact, *, quiet: bool) -> Outgoing:
        found = fact(said, quiet=quiet)
        return Outgoing(found.topic, partition(found.key, self._shards), found.key, found.value)
