"""The simulated floor in real time: busy at any hour, each second's chance its own, so nothing need be remembered."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from streams.replay.lines import AnyFact
from streams.simulate.days import activity, outcome, story
from streams.simulate.deals import STAGES, change, dollars
from streams.simulate.hours import rng
from streams.simulate.people import Person, people

LONGEST = 120
"""Seconds from a live deal's or meeting's beginning to its end."""

_KINDS = ("call_placed", "call_placed", "call_placed", "call_connected", "email_sent", "email_sent", "chat")


def live(reps: int, seed: int, since: datetime, until: datetime) -> list[AnyFact]:
    """The facts after `since` up to `until`, in order of time; stretches that follow one another leave nothing out."""
    staff = people(reps)
    found: list[AnyFact] = []
    for second in range(int(since.timestamp()) - LONGEST, int(until.timestamp()) + 1):
        found += (fact for fact in _begun(staff, second, seed) if since < fact.occurred_at <= until)
    return sorted(found, key=lambda fact: (fact.occurred_at, fact.id))


def _begun(staff: list[Person], second: int, seed: int) -> Iterator[AnyFact]:
    chance = rng(seed, "live", second)
    person, name = chance.choice(staff), f"live-{second}"
    at = datetime.fromtimestamp(second, UTC)
    drawn = chance.random()
    if drawn < 0.6:
        yield activity(name, at, person, chance.choice(_KINDS), f"lead-{person.number}-{chance.randrange(80)}")
    elif drawn < 0.7:
        starts = at + timedelta(seconds=chance.randrange(5, 30))
        yield from story(name, person, (at, starts, starts + timedelta(seconds=20)), outcome(chance))
    elif drawn < 0.75:
        yield from _deal(name, person, at, chance)


def _deal(name: str, person: Person, at: datetime, chance: Random) -> Iterator[AnyFact]:
    """A deal that runs through its stages within two minutes."""
    amount = dollars(chance.lognormvariate(7.5, 0.5))
    said: dict[str, object] = {"owner": person.id, "amount": amount, "lead": f"lead-{name}"}
    for stage in STAGES:
        yield change(name, at, stage, said)
        at += timedelta(seconds=chance.randrange(5, 24))
        if chance.random() > person.skill:
            yield change(name, at, "lost", {})
            return
        said = {}
    yield change(name, at, "won", {"cost": dollars(amount.minor_units / 100 * 0.6)})
