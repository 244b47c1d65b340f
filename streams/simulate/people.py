"""Who works on the simulated floor, and how: everything about a rep follows from its number."""

from dataclasses import dataclass
from datetime import date

from quota.plans import slug

_FIRST = (
    "Amara", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Keiko", "Liam",
    "Mei", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Wanda", "Yusuf",
)  # fmt: skip
_LAST = (
    "Abbott", "Barros", "Costa", "Dahl", "Eriksen", "Fontaine", "Garcia", "Haas", "Ivanov", "Jansen", "Kaya", "Lind",
    "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Tanaka", "Ueda", "Varga", "Weber", "Young",
)  # fmt: skip
TEAM_SIZE = 4
SLUMP_WEEKS, CYCLE_WEEKS = 4, 11


@dataclass(frozen=True)
class Person:
    """A rep: `drive` scales its activities, `skill` is the chance that a deal passes a stage."""

    number: int
    name: str
    id: str
    drive: float
    skill: float

    def prospecting(self, day: date) -> float:
        """What share of the usual number of deals the rep opens on a day.

        Every third rep, and every third team as a whole, is for some weeks so busy closing that it opens few deals, and
        makes up for it afterwards.
        """
        team, week = self.number // TEAM_SIZE, day.toordinal() // 7
        if team % 3 == 2:
            return _wave(week + team)
        return _wave(week + 3 * self.number) if self.number % 3 == 0 else 1.0


def people(reps: int) -> list[Person]:
    """The first so many reps; the example plan `demo` knows the first twelve."""
    return [_person(number) for number in range(reps)]


def _person(number: int) -> Person:
    size = len(_FIRST)
    first, last = _FIRST[number % size], _LAST[(7 * number + number // size) % size]
    again = number // (size * size)
    name = f"{first} {last}" + (f" {again + 1}" if again else "")
    return Person(number, name, slug(name), 0.8 + 0.1 * (number * 5 % 6), 0.74 + 0.015 * (number * 7 % 8))


def _wave(week: int) -> float:
    phase = week % CYCLE_WEEKS
    if phase < SLUMP_WEEKS:
        return 0.1
    return 2.2 if phase < SLUMP_WEEKS + 3 else 1.1
