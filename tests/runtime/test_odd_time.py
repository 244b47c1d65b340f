"""Facts that come late, early, at clock changes, on leap days or from long ago: the numbers of plain computations."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import json

from schemas.activities import Activity
from schemas.alerts import Transition
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.plan import Calendar, Company, Membership, Pipeline, Plan, Quota, Rep, Rule, Stage, Team
from schemas.standings import Standing
from streams import topics
from streams.log import Outgoing, Spot
from streams.partitioner import partition
from tests.runtime.chaos import schedule
from tests.runtime.history import SHARDS, Fact, History
from tests.runtime.outcome import Outcome
from tests.runtime.world import calm

ZONES = {
    "anna": "America/Sao_Paulo",  # skipped midnight each spring until 2018
    "ben": "Asia/Beirut",  # skips midnight still
    "cara": "Pacific/Apia",  # skipped all of 30 December 2011
    "dan": "America/Chicago",
    "leah": "Asia/Kathmandu",  # a quarter of an hour beside the others
    "owl": "America/Chicago",
    "bat": "Asia/Beirut",
}
NIGHTS = ("owl", "bat")
"""Who work in the first six hours of Sundays, when clocks change."""
LEAP = date(2024, 2, 29)
"""When Leah is hired, and her team begins to count what she does."""
EDGES = [
    datetime(1970, 1, 1, 12, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2000, 2, 29, 12, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2018, 2, 18, 2, tzinfo=UTC),
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2024, 2, 28, 18, 15, tzinfo=UTC),
    datetime(2024, 3, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 8, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 10, 24, 21, tzinfo=UTC),
    datetime(2026, 11, 1, 7, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
    datetime(2100, 2, 28, 23, tzinfo=UTC),
    datetime(2199, 12, 30, 12, tzinfo=UTC),
]
HIRED = [(datetime(2024, 2, 28, 18, minute, tzinfo=UTC), "leah") for minute in (14, 15)]
"""The last minute of the day before Leah is hired, and the first one of that day."""
LAST = datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)
TIME = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""Where time stands at the first tick."""
Numbers = dict[tuple[str, str, str], int]
"""(scope, period id, metric) → pieces or cents."""


def plan(revision: int) -> Plan:
    """A team in many zones that Leah joins on a leap day."""
    since = {"leah": str(LEAP)}
    reps = [
        Rep(name, name, (Membership("all", since.get(name)),), calendar=name, hired=since.get(name)) for name in ZONES
    ]
    zones = [Calendar("default", "UTC"), *(Calendar(name, zone) for name, zone in ZONES.items() if name not in NIGHTS)]
    zones += [Calendar(name, ZONES[name], (6,), "00:00", "06:00") for name in NIGHTS]
    quotas = [Quota("q", "rep:dan", "calls_placed", "month", "10"), Quota("w", "company", "revenue", "month", "500")]
    quotas += [Quota(name, f"rep:{name}", "calls_placed", "day", "7") for name in NIGHTS]
    stages = (Stage("open", "open", early=True), Stage("won", "won"), Stage("lost", "lost"))
    return Plan(
        revision=revision,
        company=Company("Odd", "USD", periods=("day", "week", "month", "quarter", "year")),
        reps=tuple(reps),
        teams=(Team("all", "All"),),
        calendars=tuple(zones),
        pipelines=(Pipeline("main", stages),),
        quotas=tuple(quotas),
        rules=(
            Rule("won", "deal_won"),
            Rule("pace", "behind_pace", days=1),
            Rule("early", "early_stage_shortage", minimum=1, days=1),
        ),
    )


def story(*steps: Fact | datetime) -> History:
    """Facts and ticks in this order in every partition; the plan comes first."""
    partitions: dict[Spot, list[Outgoing]] = {
        Spot(topic.name, shard): [] for topic in topics.SOURCES for shard in range(SHARDS)
    }
    told: list[PlanMarker | Fact | datetime] = [PlanMarker(1, 0, "control"), *steps]
    for number, step in enumerate(told):
        if isinstance(step, Activity | DealChanged):
            key = (step.performer if isinstance(step, Activity) else step.deal).encode()
            topic = topics.ACTIVITIES if isinstance(step, Activity) else topics.DEALS
            spot = Spot(topic.name, partition(key, SHARDS))
            partitions[spot].append(Outgoing(*spot, key, json.encode(step)))
            continue
        steering = Tick(step, number, "control") if isinstance(step, datetime) else step
        for spot, records in partitions.items():
            records.append(Outgoing(*spot, b"control", json.encode(steering)))
    return History(partitions, [step for step in steps if isinstance(step, Activity | DealChanged)], 1, plan)


def call(name: str, at: datetime, performer: str) -> Activity:
    return Activity(name, "phone", at, performer, "call_placed")


def won(name: str, at: datetime, owner: str) -> DealChanged:
    return DealChanged(name, "crm", at, name, owner=owner, stage="won", amount=Money(10_000, "USD"))


def plainly(facts: Sequence[Fact]) -> Numbers:
    """What plain arithmetic on local days gives."""
    found: Counter[tuple[str, str, str]] = Counter()
    for fact in facts:
        who = fact.performer if isinstance(fact, Activity) else str(getattr(fact, "owner", ""))
        day = fact.occurred_at.astimezone(ZoneInfo(ZONES[who])).date()
        scopes = [f"rep:{who}", "company", *(["team:all"] if who != "leah" or day >= LEAP else [])]
        metrics = {"calls_placed": 1} if isinstance(fact, Activity) else {"deals_won": 1, "revenue": 10_000}
        for scope in scopes:
            for period in periods(day):
                found.update({(scope, period, metric): number for metric, number in metrics.items()})
    return dict(found)


def periods(day: date) -> list[str]:
    year, week, _ = day.isocalendar()
    month = f"{day:%Y-%m}"
    return [str(day), f"{year}-W{week:02}", month, f"{day.year}-Q{(day.month - 1) // 3 + 1}", str(day.year)]


def published(outcome: Outcome) -> Numbers:
    found = {}
    for value in outcome[0].values():
        if value.startswith(b'{"type":"standing"'):
            standing = json.decode(value, type=Standing)
            for metric in ("calls_placed", "deals_won", "revenue"):
                said = standing.metrics[metric].value
                number = round(float(said) * 100) if isinstance(said, str) else said
                if number:
                    found[standing.scope, standing.period, metric] = int(number)
    return found


def transitions(outcome: Outcome, kind: str) -> list[Transition]:
    said = [json.decode(value, type=Transition) for values in outcome[1] for value in values]
    return [each for each in said if each.kind == kind]


moments = st.builds(
    lambda edge, quarters, offset: (edge + timedelta(minutes=15 * quarters)).astimezone(
        timezone(timedelta(hours=offset))
    ),
    st.sampled_from(EDGES),
    st.integers(-48, 48),
    st.integers(-12, 14),
)
calls = st.lists(st.tuples(moments, st.sampled_from([*ZONES])), max_size=6)


@settings(max_examples=30, deadline=None)
@given(placed=calls, wins=calls, late=calls, luck=st.integers(0, 9999))
@example(
    placed=[(EDGES[0] - timedelta(hours=12), "dan")], wins=[(EDGES[-1], "cara")], late=[(EDGES[3], "cara")], luck=1
)
@example(placed=HIRED, wins=[(EDGES[6], "leah")], late=[(EDGES[7], "leah")], luck=2)
@example(placed=[], wins=[(LAST, "cara"), (LAST, "dan")], late=[(datetime(1970, 1, 1, tzinfo=UTC), "dan")], luck=3)
def test_whenever_facts_happened_and_come_they_count_on_their_local_day(
    placed: list[tuple[datetime, str]], wins: list[tuple[datetime, str]], late: list[tuple[datetime, str]], luck: int
) -> None:
    early: list[Fact] = [call(f"c{n}", *each) for n, each in enumerate(placed)]
    early += [won(f"d{n}", *each) for n, each in enumerate(wins)]
    afterwards = [call(f"late{n}", *each) for n, each in enumerate(late)]
    random.Random(luck).shuffle(early)
    history = story(*early, TIME, *afterwards, TIME + timedelta(days=40))
    found, _ = schedule(history, f"odd {luck}", trouble=True)
    assert published(found) == plainly([*early, *afterwards])
    fired = Counter(
        (each.scope, each.period, each.subject)
        for each in transitions(found, "deal_won")
        if each.transition == "firing"
    )
    days = [(owner, at.astimezone(ZoneInfo(ZONES[owner])).date()) for at, owner in wins]
    assert fired == Counter((f"rep:{owner}", str(day), f"d{n}") for n, (owner, day) in enumerate(days))


def test_a_closed_month_is_restated_by_what_comes_days_late_and_looks_as_if_it_had_come_in_time() -> None:
    # Of nine calls expected by the 28th two are behind, five are not (Poisson 0.006 and 0.11).
    dates = [datetime(2026, 10, day, 15, tzinfo=UTC) for day in (5, 6, 7, 8, 9)]
    placed: list[Fact] = [call(f"c{n}", at, "dan") for n, at in enumerate(dates)]
    sold: list[Fact] = [won(f"d{n}", at, "dan") for n, at in enumerate(dates[:3])]
    ticks = [datetime(2026, 10, 28, 23, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC)]
    ends = [datetime(2026, 11, 9, hour, tzinfo=UTC) for hour in (12, 13)]
    late = calm(story(*placed[:2], *ticks, *placed[2:], *sold, *ends), each=False)
    timely = calm(story(*placed, *sold, *ticks, *ends), each=False)
    for key in (b"rep:dan|2026-10", b"company|2026-10", b"team:all|2026-Q4", b"rep:dan|2026-10-09"):
        one, other = (json.decode(each[0][key], type=Standing) for each in (late, timely))
        assert [(q.attained, q.attainment, q.gap, q.status) for q in one.quotas] == [
            (q.attained, q.attainment, q.gap, q.status) for q in other.quotas
        ]
        assert one.metrics == other.metrics
    month = json.decode(late[0][b"rep:dan|2026-10"], type=Standing)
    assert [(str(quota.attained), quota.status) for quota in month.quotas] == [("5", "missed")]
    assert [each.transition for each in transitions(late, "deal_won") if each.subject == "d0"] == ["firing", "resolved"]
    fired = [
        [each.transition for each in transitions(told, "behind_pace") if each.scope == "rep:dan"]
        for told in (late, timely)
    ]
    assert fired == [["firing", "resolved"], []]


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=2), timedelta(days=200)])
def test_a_source_whose_clock_is_ahead_counts_on_the_day_that_it_names(ahead: timedelta) -> None:
    told: list[Fact] = [call("now", TIME, "dan"), call("ahead", TIME + ahead, "dan"), won("d", TIME + ahead, "dan")]
    found = calm(story(*told, TIME, TIME + timedelta(days=1)), each=False)
    assert published(found) == plainly(told)
    assert published(calm(story(TIME, *reversed(told), TIME + timedelta(days=1)), each=False)) == plainly(told)


@pytest.mark.parametrize(
    ("who", "midnight", "hours"),
    [
        ("owl", datetime(2026, 3, 8, 6, tzinfo=UTC), 5),
        ("owl", datetime(2026, 3, 15, 5, tzinfo=UTC), 6),
        ("owl", datetime(2026, 11, 1, 5, tzinfo=UTC), 7),
        ("bat", datetime(2026, 3, 28, 22, tzinfo=UTC), 5),
        ("bat", datetime(2026, 10, 24, 22, tzinfo=UTC), 6),
    ],
)
def test_on_days_of_a_clock_change_pace_counts_the_hours_that_really_pass(
    who: str, midnight: datetime, hours: int
) -> None:
    day = str((midnight + timedelta(hours=3)).astimezone(ZoneInfo(ZONES[who])).date())
    placed = [call(f"c{n}", midnight + timedelta(minutes=20 * n), who) for n in range(4)]
    for passed in range(1, hours):
        found = calm(story(*placed, midnight + timedelta(hours=passed)), each=False)
        standing = json.decode(found[0][f"rep:{who}|{day}".encode()], type=Standing)
        (quota,) = standing.quotas
        assert quota.attained == 4
        assert quota.elapsed == pytest.approx(passed / hours, abs=1e-6)
    found = calm(story(*placed, midnight + timedelta(hours=hours)), each=False)
    (quota,) = json.decode(found[0][f"rep:{who}|{day}".encode()], type=Standing).quotas
    assert (quota.attained, quota.status) == (4, "missed")
