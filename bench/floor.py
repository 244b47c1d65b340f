"""The benchmark's sales floor: reps in teams of twenty, teams in ten regions, two time zones, quotas for everybody."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.plan import (
    Calendar,
    Company,
    Membership,
    Pipeline,
    Plan,
    Quota,
    Rate,
    Rep,
    Route,
    Rule,
    Stage,
    Team,
)

FIRST = date(2026, 3, 16)
"""A Monday; thirty days from there cross the end of a month and of a quarter, and a change to summer time."""
ZONES = {"americas": "America/Chicago", "europe": "Europe/Berlin"}
CURRENCIES = {"americas": "USD", "europe": "EUR"}
TEAM_SIZE, REGIONS = 20, 10
STAGES = (
    Stage("qualification", "open", probability=0.1, early=True),
    Stage("discovery", "open", probability=0.25, early=True),
    Stage("proposal", "open", probability=0.5),
    Stage("negotiation", "open", probability=0.75),
    Stage("closed-won", "won", probability=1.0),
    Stage("closed-lost", "lost"),
)
OPEN = tuple(stage.id for stage in STAGES if stage.kind == "open")
WON, LOST = STAGES[-2].id, STAGES[-1].id


def side(rep: int) -> str:
    """The half of the company in which the rep sells, whose calendar and currency are the rep's."""
    return "americas" if _region(_team(rep)) % 2 == 0 else "europe"


def opening(day: int, rep: int) -> datetime:
    """Nine o'clock of the rep's wall on this day of the benchmark."""
    first = datetime(FIRST.year, FIRST.month, FIRST.day, 9, tzinfo=ZoneInfo(ZONES[side(rep)]))
    return first + timedelta(days=day)


def over(day: int) -> datetime:
    """When everybody's working day is over: midnight in Greenwich."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day + 1)


def name(rep: int) -> str:
    """A rep as telephone, mail and calendar call it; the CRM has the plan's own id."""
    return f"rep.{rep:05d}@sales.example.com"


def plan(reps: int) -> Plan:
    """Everybody in it has quotas for calls, new opportunities and revenue; all rules are on, and someone is told."""
    teams = [Team(f"team-{n:04d}", f"Team {n}", f"region-{_region(n)}") for n in range(-(-reps // TEAM_SIZE))]
    regions = [Team(f"region-{n}", f"Region {n}", calendar=("americas", "europe")[n % 2]) for n in range(REGIONS)]
    return Plan(
        revision=1,
        company=Company("Benchmark", "USD", "americas"),
        reps=tuple(_rep(rep) for rep in range(reps)),
        teams=(*regions, *teams),
        calendars=tuple(Calendar(calendar, zone) for calendar, zone in ZONES.items()),
        pipelines=(Pipeline("new-business", STAGES),),
        quotas=tuple(_quotas(reps, len(teams))),
        rules=(
            Rule("shortage", "early_stage_shortage"),
            Rule("pace", "behind_pace"),
            Rule("won", "deal_won"),
        ),
        rates=(Rate("EUR", "2026-01-01", "1.08"), Rate("EUR", "2026-04-01", "1.1")),
        routes=(
            Route("wins", "wins-channel", "console", ("won",)),
            Route("leaders", "sales-leaders", "console", ("shortage", "pace"), ("team:region-0", "team:region-1")),
        ),
    )


def _team(rep: int) -> int:
    return rep // TEAM_SIZE


def _region(team: int) -> int:
    return team % REGIONS


def _rep(rep: int) -> Rep:
    called: dict[str, tuple[str, ...]] = {source: (name(rep),) for source in ("dialer", "engagement", "calendar")}
    return Rep(f"rep-{rep:05d}", f"Rep {rep}", (Membership(f"team-{_team(rep):04d}"),), called)


def _quotas(reps: int, teams: int) -> list[Quota]:
    found = []
    for scope, size in (
        *((f"rep:rep-{rep:05d}", 1) for rep in range(reps)),
        *((f"team:team-{team:04d}", TEAM_SIZE) for team in range(teams)),
        *((f"team:region-{region}", max(1, reps // REGIONS)) for region in range(REGIONS)),
        ("company", reps),
    ):
        of = scope.replace(":", ".")
        found += [
            Quota(f"calls.{of}", scope, "calls_placed", "day", str(12 * size)),
            Quota(f"opportunities.{of}", scope, "opportunities_created", "month", str(20 * size)),
            Quota(f"revenue.{of}", scope, "revenue", "quarter", str(120_000 * size), "USD"),
        ]
    return found
