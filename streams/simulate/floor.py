"""A sales floor that is a pure function of its seed: any stretch of its time can be asked for again."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from streams.replay.lines import AnyFact
from streams.simulate.days import activities, meetings
from streams.simulate.deals import deals
from streams.simulate.hours import ZONE, is_working
from streams.simulate.people import Person, people


def floor(reps: int, days: int, seed: int, end: datetime) -> Iterator[AnyFact]:
    """What so many reps do in so many days before `end`, in order of time; nothing was open before."""
    start = end - timedelta(days=days)
    return between(reps, seed, start, end, opened=start)


def between(reps: int, seed: int, since: datetime, until: datetime, *, opened: datetime) -> Iterator[AnyFact]:
    """The facts from `since` until before `until` of a floor that opened its doors at `opened`, in order of time."""
    staff = people(reps)
    waiting: list[tuple[datetime, str, AnyFact]] = []
    day, last = opened.astimezone(ZONE).date(), until.astimezone(ZONE).date()
    while day <= last:
        for fact in _from_stories(_begun(staff, day, seed), opened):
            if since <= fact.occurred_at < until:
                heapq.heappush(waiting, (fact.occurred_at, fact.id, fact))
        day += timedelta(days=1)
        while waiting and (day > last or waiting[0][0].astimezone(ZONE).date() < day):
            yield heapq.heappop(waiting)[2]


def _from_stories(stories: Iterator[Sequence[AnyFact]], opened: datetime) -> Iterator[AnyFact]:
    for story in stories:
        if story[0].occurred_at >= opened:
            yield from story


def _begun(staff: list[Person], day: date, seed: int) -> Iterator[Sequence[AnyFact]]:
    """Everything that begins on a day, each with all that follows from it."""
    if not is_working(day):
        return
    for person in staff:
        yield from ([activity] for activity in activities(person, day, seed))
        yield from meetings(person, day, seed)
        yield from deals(person, day, seed)
