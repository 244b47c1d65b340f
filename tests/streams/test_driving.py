"""Driving time: every fact once and in order, a tick at every evening between, and none overtaken."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from schemas.control import Tick
from schemas.plan import Calendar, Company, Plan
from streams import topics
from streams.config import HORIZON_DAYS
from streams.driving import LONGEST_SILENCE, Driver, Evenings, Pacer
from streams.log import Log, Outgoing, Spot
from streams.serving.control import SPOT, Control
from streams.waiting import Stalled

ZONE = ZoneInfo("America/Chicago")
PLAN = Plan(0, Company("x", "USD"), calendars=(Calendar("default", "America/Chicago", ends="18:00"),))
EVENINGS = Evenings(PLAN)
START = datetime(2017, 3, 9, 12, tzinfo=UTC)
NEW = Control(live=False, at=None, end=0)
_decode = json.Decoder(Tick).decode


class Tape:
    """A log that writes down what was appended, whose clock copies every tick `lazily` or not at all."""

    def __init__(self, *, copies: bool = True, asked: int = 0) -> None:
        self.records: list[Outgoing] = []
        self.early: list[Outgoing] = []
        self._copies, self._asked, self._copied = copies, asked, 0

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        for record in records:
            if record.topic == topics.CONTROL.name:
                self._asked += 1
            elif self._copied < self._asked:
                self.early.append(record)
            self.records.append(record)
        return [self._asked - 1] * len(records)

    async def committed(self, spots: Iterable[Spot]) -> Mapping[Spot, int]:
        if self._copies:
            self._copied = self._asked
        return {SPOT: self._copied}

    @property
    def ticks(self) -> list[datetime]:
        return [moment for record in self.records if (moment := tick_of(record)) is not None]


def tick_of(record: Outgoing) -> datetime | None:
    return _decode(record.value or b"").at if record.topic == topics.CONTROL.name else None


def fact(moment: datetime) -> Outgoing:
    return Outgoing(topics.DEALS.name, 0, b"d", moment.isoformat().encode())


def drive(moments: Sequence[datetime], control: Control = NEW, until: datetime | None = None) -> Tape:
    tape = Tape(asked=control.end)

    async def run() -> None:
        driver = Driver(cast(Log, tape), EVENINGS, control, until=until)
        for moment in moments:
            await driver.send(moment, fact(moment))
        await driver.finish()
        assert driver.ticks == len(tape.ticks)
        assert driver.ahead == (0 if until is None else sum(moment > until for moment in moments))

    asyncio.run(run())
    return tape


hours = st.integers(0, 24 * 12).map(lambda hour: START + timedelta(hours=hour))
moments = st.lists(hours, min_size=1, max_size=12).map(sorted)


@settings(deadline=None, max_examples=60)
@given(moments)
def test_every_fact_is_sent_once_in_order_between_the_ticks_it_belongs_to(given_moments: list[datetime]) -> None:
    tape = drive(given_moments)
    sent = [record for record in tape.records if tick_of(record) is None]
    assert sent == [fact(moment) for moment in given_moments]
    passed: datetime | None = None
    for record in tape.records:
        tick = tick_of(record)
        if tick is not None:
            passed = tick
        elif passed is not None:
            assert datetime.fromisoformat((record.value or b"").decode()) > passed
    assert passed is not None
    assert given_moments[-1] <= passed


@settings(deadline=None, max_examples=60)
@given(moments)
def test_there_is_one_tick_at_the_end_of_every_calendar_day(given_moments: list[datetime]) -> None:
    ticks = drive(given_moments).ticks
    local = [tick.astimezone(ZONE) for tick in ticks]
    assert {(tick.hour, tick.minute) for tick in local} == {(18, 0)}
    assert local[0].date() == given_moments[0].astimezone(ZONE).date()
    assert [tick.date() for tick in local] == [local[0].date() + timedelta(days=n) for n in range(len(local))]


@settings(deadline=None, max_examples=60)
@given(moments)
def test_no_fact_is_sent_while_an_earlier_tick_is_not_copied(given_moments: list[datetime]) -> None:
    assert drive(given_moments).early == []


def test_a_tick_that_a_killed_replay_had_asked_for_is_copied_before_the_next_one_sends_facts() -> None:
    tape = drive([START, START + timedelta(days=2)], Control(live=False, at=START + timedelta(days=1), end=2))
    assert (tape.early, len(tape.records)) == ([], 4)


@settings(deadline=None, max_examples=60)
@given(moments, hours)
def test_time_that_has_come_further_is_not_turned_back(given_moments: list[datetime], reached: datetime) -> None:
    ticks = drive(given_moments, Control(live=False, at=reached, end=0)).ticks
    assert ticks == [tick for tick in drive(given_moments).ticks if tick > reached]


@settings(deadline=None, max_examples=60)
@given(moments, hours)
def test_time_goes_no_further_than_the_clock_but_as_far_as_that(given_moments: list[datetime], now: datetime) -> None:
    tape, whole = drive(given_moments, until=now), drive(given_moments)
    assert [record for record in tape.records if tick_of(record) is None] == list(map(fact, given_moments))
    assert tape.ticks == sorted({min(tick, now) for tick in whole.ticks})


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_fact_that_will_be_set_aside_for_lying_too_far_ahead_is_sent_and_moves_no_time(seconds: int) -> None:
    now = START + timedelta(days=30)
    far = now + timedelta(days=HORIZON_DAYS, seconds=seconds)
    tape = drive([START, far], until=now)
    assert tape.records.count(fact(far)) == 1
    assert tape.ticks == (drive([START], until=now).ticks if seconds else drive([START, now], until=now).ticks)


def test_a_live_log_gets_the_facts_and_no_ticks() -> None:
    tape = drive([START, START + timedelta(days=3)], Control(live=True, at=START, end=0))
    assert [tick_of(record) for record in tape.records] == [None, None]


def test_no_facts_move_no_time() -> None:
    assert drive([]).records == []


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [(date(2017, 3, 11), 24), (date(2017, 3, 12), 23), (date(2017, 11, 4), 23), (date(2017, 11, 5), 24)],
)
def test_an_evening_is_an_evening_there_on_both_sides_of_a_clock_change(day: date, utc_hour: int) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert EVENINGS.of(day).astimezone(UTC) == midnight + timedelta(hours=utc_hour)


def test_a_fact_on_the_stroke_of_the_evening_belongs_to_that_day() -> None:
    evening = EVENINGS.of(date(2017, 3, 9))
    assert [tick_of(record) for record in drive([evening]).records] == [None, evening]


def test_a_silence_of_years_is_passed_over_after_a_while() -> None:
    far = START + timedelta(days=20_000)
    ticks = drive([START, far]).ticks
    assert len(ticks) <= LONGEST_SILENCE + 3
    assert ticks[-1] >= far > ticks[-2]
    assert ticks == sorted(ticks)


def test_nobody_who_copies_ticks_is_an_error_that_says_what_to_start() -> None:
    async def run() -> None:
        driver = Driver(cast(Log, Tape(copies=False)), EVENINGS, NEW, patience=0.1)
        await driver.send(START, fact(START))
        await driver.finish()

    with pytest.raises(Stalled, match="quotaflow worker"):
        asyncio.run(run())


@pytest.mark.parametrize("speed", [1.0, 86_400.0])
def test_a_pacer_lets_facts_out_so_much_faster_than_they_happened(speed: float) -> None:
    pacer = Pacer(speed)
    assert pacer.delay(START) <= 0
    assert pacer.delay(START + timedelta(days=10)) == pytest.approx(864_000 / speed, abs=0.5)


def test_a_paced_replay_waits() -> None:
    tape = Tape()

    async def run() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        driver = Driver(cast(Log, tape), EVENINGS, NEW, pacer=Pacer(864_000))
        for moment in (START, START + timedelta(days=2)):
            await driver.send(moment, fact(moment))
        await driver.finish()
        return loop.time() - began

    assert asyncio.run(run()) >= 0.2
