"""A small sales floor for unit tests: two offices, four reps, two zones, three currencies."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from quota.plans import PlanIndex
from schemas.fields import Money, Origin
from schemas.plan import Calendar, Company, Membership, Metric, Pipeline, Plan, Quota, Rate, Rep, Stage, Team

CHICAGO = ZoneInfo("America/Chicago")
BERLIN = ZoneInfo("Europe/Berlin")
HERE = Origin("facts", 0, 0)

REPS = (
    Rep(
        "anna-snelling",
        "Anna Snelling",
        teams=(Membership("dustin", end="2026-07-01"), Membership("west", start="2026-07-01")),
        external={"crm": ("A. Snelling", "4711")},
    ),
    Rep("ben", "Ben", teams=(Membership("dustin"),)),
    Rep("cara", "Cara", teams=(Membership("west"),), calendar="berlin"),
    Rep("dan", "Dan"),
)
TEAMS = (
    Team("central", "Central"),
    Team("dustin", "Dustin Brinkmann", parent="central"),
    Team("west", "West"),
)
CALENDARS = (
    Calendar("chicago", "America/Chicago", holidays={"2026-07-03": "Independence Day, observed"}),
    Calendar("berlin", "Europe/Berlin", starts="08:00", ends="16:30"),
)
STAGES = (
    Stage("prospecting", "open", probability=0.1, early=True),
    Stage("engaging", "open", probability=0.25, early=True, names=("Engaging", "In Contact")),
    Stage("proposal", "open", probability=0.6),
    Stage("won", "won", probability=1.0, names=("Closed Won",)),
    Stage("lost", "lost"),
)


def a_plan(*quotas: Quota, **changes: Any) -> PlanIndex:
    """The floor's plan with these quotas; keyword arguments replace other parts of it."""
    parts: dict[str, Any] = {
        "revision": 1,
        "company": Company("Acme", "USD", calendar="chicago"),
        "reps": REPS,
        "teams": TEAMS,
        "calendars": CALENDARS,
        "pipelines": (Pipeline("sales", STAGES),),
        "quotas": quotas,
        "rates": (Rate("EUR", "2026-01-01", "1.10"), Rate("EUR", "2026-06-01", "1.25")),
        "metrics": (Metric("applications", ("application", "form")),),
    }
    return PlanIndex(Plan(**(parts | changes)))


PLAN = a_plan()


def usd(units: int) -> Money:
    return Money(units * 100, "USD")


def noon(day: str) -> datetime:
    """Twelve o'clock of a day in Chicago."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=CHICAGO)


moments = st.datetimes(
    datetime(2025, 11, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2026, 12, 31),  # noqa: DTZ001 - same
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(minute=0, second=0, microsecond=0))
"""Whole hours in fourteen months that hold two clock changes on each side of the Atlantic."""

performers = st.sampled_from(["A. Snelling", "anna-snelling", "ben", "Cara", "dan", "nobody"])
