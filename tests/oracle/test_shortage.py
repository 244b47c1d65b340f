from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from math import prod
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import crm, shortage
from tests.oracle.shortage import Daily, Transition


@pytest.fixture(scope="module")
def evaluated(sample: Path) -> list[Daily]:
    return shortage.evaluations(sample)


def test_the_quarter_in_question_is_the_one_that_the_lead_reaches() -> None:
    before, after = shortage.horizon(date(2017, 11, 4)), shortage.horizon(date(2017, 11, 5))

    assert (before.period, before.to_last, before.to_before_first) == ("2017-Q4", 57, 0)
    assert (after.period, after.first) == ("2018-Q1", date(2018, 1, 1))
    assert (after.to_last, after.to_before_first) == (56 + 90, 56)


def test_open_deals_are_at_risk_up_to_their_age_and_the_future_is_unknown(tiny: Path) -> None:
    # On 30 June: D1 won at 92, D2 at 10, D3 at 29; D4 lost at 89; D5 open at 89; D6 open at 0.
    won, lost = shortage.hazards(crm.deals(tiny), date(2017, 6, 30))

    assert {age: share for age, share in enumerate(won) if share} == {10: 1 / 5, 29: 1 / 4, 92: 1 / 1}
    assert {age: share for age, share in enumerate(lost) if share} == {89: 1 / 3}


@st.composite
def hazard_rates(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    drawn = st.lists(st.floats(0, 0.5), min_size=20, max_size=20)
    older = [0.0] * (shortage.OLDEST - 19)
    return draw(drawn) + older, draw(drawn) + older


@given(rates=hazard_rates(), age=st.integers(0, 15), days=st.integers(0, 12))
def test_chances_are_the_sum_of_products_of_their_definition(
    rates: tuple[list[float], list[float]], age: int, days: int
) -> None:
    won, lost = rates
    by_definition = sum(
        won[u] * prod(1 - won[v] - lost[v] for v in range(age + 1, u)) for u in range(age + 1, age + days + 1)
    )

    assert shortage.chances(won, lost, days)[days][age] == pytest.approx(by_definition)


def test_the_example_of_the_definition_is_short_by_a_quarter_and_needs_14_a_week() -> None:
    assert shortage.shortfall(300, 60, 105, 58.5) == pytest.approx(0.255)
    assert shortage.needed(6, 300, 60, 105, 58.5) == pytest.approx(13.8, abs=0.05)


def test_a_book_holds_what_was_known_that_evening(tiny: Path) -> None:
    today = date(2017, 6, 29)
    books = shortage.books(crm.deals(tiny), crm.scopes_of(tiny), today, shortage.horizon(today))

    ann = books["rep:ann-lee"]
    assert (ann.won, ann.lost, ann.revenue, ann.credited, ann.recent) == (2, 0, 301, 0, 0)
    assert {age: amount for age, amount in enumerate(ann.open_amount) if amount} == {28: 55, 88: 55}
    assert (books["company"].open_count, sum(books["company"].open_amount)) == (3, 55 + 55 + 4821)


def test_creations_count_for_28_days(tiny: Path) -> None:
    deals, chains = crm.deals(tiny), crm.scopes_of(tiny)
    created = {
        today: shortage.books(deals, chains, today, shortage.horizon(today))["rep:ann-lee"].recent
        for today in (date(2017, 5, 31), date(2017, 6, 1), date(2017, 6, 28), date(2017, 6, 29))
    }

    assert list(created.values()) == [0, 1, 1, 0]  # D3 of 1 June


def evaluations_of(*shorts: float, period: str = "2017-Q3", first: date = date(2017, 5, 8)) -> list[Daily]:
    days = shortage.working_days(first, first + timedelta(days=100))
    return [
        Daily(
            scope="company",
            period=period,
            day=day,
            target=1,
            credited=0,
            expected=0,
            incoming=0,
            created_per_day=0,
            ratio=1,
            average_value=1,
            chance_by_age=(),
            chance_of_new=0,
            early_count=0,
            early_amount=0,
            short=short,
        )
        for short, day in zip(shorts, days, strict=False)
    ]


def test_it_fires_on_the_fifth_day_in_a_row_and_clears_at_five_percent() -> None:
    values = evaluations_of(0.2, 0.3, 0.2, 0.2, 0.19, 0.2, 0.2, 0.2, 0.2, 0.2, 0.06, 0.05, 0.3)

    assert shortage.transitions(values) == [
        Transition("company", "2017-Q3", "firing", date(2017, 5, 19), "short"),
        Transition("company", "2017-Q3", "resolved", date(2017, 5, 23), "enough"),
    ]


def test_the_next_quarter_closes_what_is_open_and_counts_anew() -> None:
    values = evaluations_of(*[0.3] * 5)
    values += evaluations_of(*[0.3] * 5, period="2017-Q4", first=date(2017, 5, 15))

    assert shortage.transitions(values) == [
        Transition("company", "2017-Q3", "firing", date(2017, 5, 12), "short"),
        Transition("company", "2017-Q3", "resolved", date(2017, 5, 15), "too_late"),
        Transition("company", "2017-Q4", "firing", date(2017, 5, 19), "short"),
    ]


def test_verdicts_begin_sixty_days_after_the_first_closing(evaluated: list[Daily]) -> None:
    days = sorted({value.day for value in evaluated})

    assert (days[0], days[-1]) == (date(2017, 5, 1), date(2017, 12, 29))
    assert len(evaluated) == len(days) * 40


def test_on_the_sample_the_company_fires_once_and_central_recovers_on_21_july(evaluated: list[Daily]) -> None:
    found = shortage.transitions(evaluated)
    central = [t for t in found if (t.scope, t.period) == ("team:central", "2017-Q3")]

    assert [t for t in found if t.scope == "company"] == [
        Transition("company", "2018-Q1", "firing", date(2017, 11, 10), "short")
    ]
    assert [(t.kind, t.day, t.reason) for t in central] == [
        ("firing", date(2017, 5, 19), "short"),
        ("resolved", date(2017, 7, 21), "enough"),
    ]


def test_on_the_sample_no_scope_has_more_than_two_episodes_and_firings_alternate(evaluated: list[Daily]) -> None:
    found = shortage.transitions(evaluated)
    episodes = Counter((t.scope, t.period) for t in found if t.kind == "firing")

    assert max(episodes.values()) == 2
    for scope in {t.scope for t in found}:
        kinds = [t.kind for t in found if t.scope == scope]
        assert kinds[0] == "firing"
        assert all(first != second for first, second in pairwise(kinds)), scope


def test_no_threshold_of_the_sample_hangs_on_rounding(evaluated: list[Daily]) -> None:
    for threshold in (shortage.FIRE, shortage.CLEAR):
        assert min(abs(value.short - threshold) for value in evaluated) > 1e-5


def test_beyond_the_oldest_age_the_pooled_rates_go_on() -> None:
    won, lost = ([0.0] * shortage.OLDEST + [rate] for rate in (0.1, 0.2))

    assert shortage.chances(won, lost, 3)[3][shortage.OLDEST] == pytest.approx(0.1 + 0.7 * 0.1 + 0.49 * 0.1)


def test_on_the_sample_half_of_the_reps_fire_on_at_most_22_percent_of_days(evaluated: list[Daily]) -> None:
    days = sorted({value.day for value in evaluated})
    found = {(t.scope, t.day): t.kind == "firing" for t in shortage.transitions(evaluated)}
    shares = []
    for rep in sorted({value.scope for value in evaluated if value.scope.startswith("rep:")}):
        firing, count = False, 0
        for day in days:
            firing = found.get((rep, day), firing)
            count += firing
        shares.append(count / len(days))

    assert round(median(shares), 2) == 0.22
