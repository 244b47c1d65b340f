from collections import Counter
from datetime import date, timedelta
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from quota.baselines import baseline
from quota.outlooks import Known, Opened
from quota.periods import period_of
from schemas.standings import Baseline
from tests.unit.floor import PLAN

TODAY = date(2026, 9, 15)
QUARTER = date(2026, 7, 1)
deals = st.lists(
    st.tuples(
        st.sampled_from(["won", "lost", "open", "open_unknown"]),
        st.integers(-5, 400),  # days from its beginning to today
        st.integers(0, 400),  # its age when it closed
    ),
    max_size=25,
)
Deals = list[tuple[str, int, int]]


def floor_of(some: Deals) -> dict[str, dict[str, int]]:
    """Parts by day of deals that began so many days ago; those that would close after today are still open."""
    found: dict[str, Counter[str]] = {}
    for kind, ago, age in some:
        began = TODAY - timedelta(days=ago)
        closes = kind in {"won", "lost"} and age <= ago
        day = began + timedelta(days=age) if closes else began
        parts = found.setdefault(day.isoformat(), Counter())
        if closes:
            parts.update({f"deals_{kind}": 1, f"{kind}_age|{age}": 1})
            parts.update({"revenue": 100} if kind == "won" else {})
        else:
            parts[f"{'open_unknown' if kind == 'open_unknown' else 'open'}|engaging"] += 1
    return {day: dict(parts) for day, parts in found.items()}


def known(some: Deals) -> list[tuple[str, int, date]]:
    """`(kind, age, last day)` of every deal with an age, one by one."""
    found = []
    for kind, ago, age in some:
        began = TODAY - timedelta(days=ago)
        if kind in {"won", "lost"} and age <= ago:
            found.append((kind, age, began + timedelta(days=age)))
        elif kind != "open_unknown" and ago >= 0:
            found.append(("open", ago, TODAY))
    return found


def totals(by_day: dict[str, dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for parts in by_day.values():
        total.update(parts)
    return dict(total)


def taught(day: date, by_day: dict[str, dict[str, int]]) -> Baseline:
    """The baseline of a day, of these days' parts."""
    quarter = period_of("quarter", day, PLAN.calendar("company"))
    within = {at: parts for at, parts in by_day.items() if quarter.start <= date.fromisoformat(at) < quarter.end}
    known = Known(totals(by_day), Opened({}, {}, {}), by_day, (quarter, totals(within)))
    return baseline(day, known, PLAN)


@given(some=deals)
def test_a_baseline_is_what_walking_every_deal_through_its_days_gives(some: Deals) -> None:
    by_day = floor_of(some)
    reached, won_at, lost_at = ([0] * 201 for _ in range(3))
    for kind, age, _ in known(some):
        for day_of_life in range(age + 1):
            reached[min(day_of_life, 200)] += 1
        if kind != "open":
            (won_at if kind == "won" else lost_at)[min(age, 200)] += 1
    before = [age for kind, age, last in known(some) if kind == "won" and last < QUARTER]
    closings = [last.isoformat() for kind, _, last in known(some) if kind != "open"]
    assert taught(TODAY, by_day) == Baseline(
        day="2026-09-15",
        reached=tuple(reached),
        won_at=tuple(won_at),
        lost_at=tuple(lost_at),
        won=sum(won_at),
        lost=sum(lost_at),
        won_amount=100 * sum(won_at),
        first_closing=min(closings, default=None),
        lead=int(median(before) + 0.5) if before else None,
    )


def test_the_lead_is_frozen_for_the_quarter_and_halves_are_rounded_up() -> None:
    by_day = {
        "2026-06-30": {"deals_won": 2, "won_age|40": 1, "won_age|41": 1},
        "2026-07-01": {"deals_won": 9, "won_age|90": 9},
    }
    assert taught(TODAY, by_day).lead == 41
    assert taught(date(2026, 10, 1), by_day).lead == 90
    assert taught(date(2026, 6, 30), by_day).lead is None


def test_wins_of_unknown_age_count_as_wins_but_teach_no_age() -> None:
    by_day = {"2026-06-30": {"deals_won": 3, "won_age|10": 1, "negative_cycle": 1}}
    found = taught(TODAY, by_day)
    assert (found.won, sum(found.won_at), found.lead) == (3, 1, 10)


def test_a_deal_of_today_has_reached_age_zero_and_one_of_tomorrow_has_no_age() -> None:
    by_day = {"2026-09-15": {"open|engaging": 2}, "2026-09-16": {"open|engaging": 1}}
    found = taught(TODAY, by_day)
    assert (found.reached[0], sum(found.reached)) == (2, 2)


def test_the_pool_begins_at_two_hundred_days() -> None:
    by_day = {"2026-09-01": {"deals_lost": 3, "lost_age|199": 1, "lost_age|200": 1, "lost_age|202": 1}}
    found = taught(TODAY, by_day)
    assert (found.reached[199:], found.lost_at[199:]) == ((3, 1 + 3), (1, 2))
