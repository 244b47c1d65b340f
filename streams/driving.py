"""Driving time: the facts of a replay in the order in which they occurred, and a tick at the end of every day."""

import asyncio
import time as monotonic
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec import json

from quota.calendars import WorkCalendar
from schemas.control import Tick
from schemas.plan import Calendar, Plan
from streams import topics
from streams.config import HORIZON_DAYS
from streams.log import Log, Outgoing
from streams.serving.control import SPOT, Control
from streams.waiting import PATIENCE, Patience, until

CHUNK = 2000
"""Records of one append."""
LONGEST_SILENCE = 400
"""Days without a fact that get a tick each; of a longer silence the rest is passed over."""
KEY = b"replay"
_DAY = timedelta(days=1)
_NOBODY = (
    "nobody copies ticks: {seconds:g} s after a tick was asked for it stands in no source topic. "
    "Start a worker on this log (`quotaflow worker`) and run the command again; what was sent counts once"
)


class Evenings:
    """The end of working hours of every calendar day of the company, days off included."""

    def __init__(self, plan: Plan) -> None:
        """By the company's calendar."""
        wanted = plan.company.calendar
        calendar = next((each for each in plan.calendars if each.id == wanted), Calendar(id="default", zone="UTC"))
        self._calendar, self._ends = WorkCalendar(calendar), time.fromisoformat(calendar.ends)

    def of(self, day: date) -> datetime:
        """The evening of a day, in the calendar's zone."""
        return datetime.combine(day, self._ends, tzinfo=self._calendar.zone)

    def day(self, moment: datetime) -> date:
        """The local day of a moment."""
        return self._calendar.local_day(moment)


class Pacer:
    """Lets facts out at `speed` times the pace at which they occurred."""

    def __init__(self, speed: float) -> None:
        """Starts with the first moment that it is asked about."""
        self._speed = speed
        self._start: tuple[datetime, float] | None = None

    def delay(self, moment: datetime) -> float:
        """Seconds until the moment is due."""
        now = monotonic.monotonic()
        if self._start is None:
            self._start = moment, now
        first, began = self._start
        return began + (moment - first).total_seconds() / self._speed - now


class Driver:
    """Appends facts and, unless the log is live, the ticks between them; no fact overtakes a tick.

    What it appends comes from files, so that it is for the caller to make the end of it last.
    """

    def __init__(
        self,
        log: Log,
        evenings: Evenings,
        control: Control,
        *,
        pacer: Pacer | None = None,
        quiet: bool = True,
        patience: float = PATIENCE,
        until: datetime | None = None,
        horizon: int = HORIZON_DAYS,
    ) -> None:
        """`control` is where time stood before; no tick lies after `until`, which is what the clock says.

        What lies more than `horizon` days after that is sent for its dead letter, and moves no time.
        """
        self.ticks = 0
        self.ahead = 0
        """Facts that occurred after `until`."""
        self._log, self._evenings, self._control, self._pacer = log, evenings, control, pacer
        self._quiet, self._patience, self._until = quiet, patience, until
        self._latest = until and until + timedelta(days=horizon)
        self._pending: list[Outgoing] = []
        self._next: date | None = None
        self._at = control.at
        # A tick that an earlier replay asked for may not stand in the source topics yet: it goes before our facts, too.
        self._asked = -1 if control.live else control.end - 1

    async def send(self, occurred_at: datetime, record: Outgoing) -> None:
        """Appends a fact, after every tick that lies before it; facts come in the order of time."""
        self.ahead += self._until is not None and occurred_at > self._until
        if self._latest is None or occurred_at <= self._latest:
            if not self._control.live:
                for tick in self._due(occurred_at):
                    await self._tick(tick)
            await self._pace(occurred_at)
        await self.append(record)

    async def append(self, record: Outgoing) -> None:
        """Appends a record that has no time, with the next facts."""
        self._pending.append(record)
        if len(self._pending) >= CHUNK:
            await self._flush()

    async def finish(self) -> None:
        """Appends what is left and the evening of the last fact, and returns when all of it can be read."""
        if self._next is not None and not self._control.live:
            evening = self._evenings.of(self._next)
            await self._tick(evening if self._until is None else min(evening, self._until))
        await self._flush()
        await self._copied()

    def _due(self, moment: datetime) -> Iterator[datetime]:
        """The evenings before a fact that had no tick yet; the fact's own day gets the next one."""
        if self._next is None:
            self._next = self._evenings.day(moment)
        for silent in range(2 * LONGEST_SILENCE):
            evening = self._evenings.of(self._next)
            if moment <= evening or (self._until is not None and evening > self._until):
                return
            yield evening
            self._next += _DAY
            if silent >= LONGEST_SILENCE:
                self._next = max(self._next, self._evenings.day(moment) - _DAY)

    async def _tick(self, at: datetime) -> None:
        """Asks for a tick, unless time has come so far already."""
        if self._at is not None and at <= self._at:
            return
        await self._pace(at)
        await self._flush()
        record = Outgoing(topics.CONTROL.name, 0, KEY, json.encode(Tick(at, quiet=self._quiet)))
        self._asked = (await self._log.append([record], lasting=False))[-1]
        self._at = at
        self.ticks += 1

    async def _flush(self) -> None:
        """Appends what is pending, once the last tick stands wherever facts are."""
        if self._pending:
            await self._copied()
            records, self._pending = self._pending, []
            await self._log.append(records, lasting=False)

    async def _copied(self) -> None:
        if self._asked >= 0:
            asked, self._asked = self._asked, -1
            await copied(self._log, asked, self._patience)

    async def _pace(self, moment: datetime) -> None:
        if self._pacer is not None and (delay := self._pacer.delay(moment)) > 0:
            await self._flush()
            await asyncio.sleep(delay)


async def copied(log: Log, offset: int, patience: float = PATIENCE) -> None:
    """Returns once the control record at this offset stands in every source partition; raises Stalled."""

    async def position() -> int:
        return (await log.committed([SPOT])).get(SPOT, 0)

    async def reached() -> bool:
        return await position() > offset

    await until(log, reached, Patience(position, patience, _NOBODY.format(seconds=patience)))
