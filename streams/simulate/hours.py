"""Working hours of the simulated floor: Monday to Friday, nine to six in New York."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
_OPENS, _SECONDS = 9, 9 * 3600


def is_working(day: date) -> bool:
    """Whether the floor is open on a day."""
    return day.weekday() < 5


def moment(day: date, rng: Random) -> datetime:
    """Some second within the day's working hours, in UTC."""
    opening = datetime.combine(day, time(_OPENS), ZONE)
    return (opening + timedelta(seconds=rng.randrange(_SECONDS))).astimezone(UTC)


def later(day: date, days: float) -> date:
    """The first working day at least so many days later."""
    day += timedelta(days=round(days))
    while not is_working(day):
        day += timedelta(days=1)
    return day


def rng(*parts: object) -> Random:
    """Chance that depends on these parts alone."""
    return Random(":".join(map(str, parts)))  # noqa: S311 # a simulation, nothing to protect
