"""Whether opportunities run short: projection, verdict and what is said, on the floor's plan in 2026."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from quota.periods import Period
from quota.plans import PlanIndex
from quota.shortage import Projection, projection, target_of, too_late
from schemas.standings import Baseline, Outlook
from tests.unit.chances import baselines, between_by_definition, taught
from tests.unit.floor import a_plan
from tests.unit.pipeline import DAY, PLAN, Q3, Q4, RULE, SCOPE, SEEN, STEADY, judged, with_quota

# The check of the definition: 300 k to win, 60 k won, 105 k from open deals, 58.5 k from 6 new ones a week.
CHECK = Projection(
    scope=SCOPE,
    period=Q4,
    day=DAY,
    lead=60,
    target=300_000_00,
    credited=60_000_00,
    expected=105_000_00.0,
    incoming=58_500_00.0,
    created_per_day=6 / 7,
    average_value=2_000_00.0,
    ratio=1.0,
)


def test_the_check_of_the_definition_is_25_5_percent_short_and_needs_13_8_a_week() -> None:
    assert CHECK.projected == 223_500_00
    assert CHECK.short == pytest.approx(0.255)
    assert CHECK.needed == pytest.approx(13.846, abs=0.001)


def test_needed_creations_would_close_the_gap() -> None:
    assert CHECK.needed is not None
    enough = replace(CHECK, incoming=CHECK.incoming * CHECK.needed / (7 * CHECK.created_per_day))
    assert enough.short == pytest.approx(0.0)


def test_where_nothing_new_can_close_in_time_no_number_of_creations_is_named() -> None:
    assert replace(CHECK, incoming=0.0).needed is None
    assert replace(CHECK, incoming=0.5).needed is not None


def test_where_nothing_is_missing_no_creations_are_needed() -> None:
    assert replace(CHECK, credited=400_000_00).needed == 0.0


def test_the_last_useful_day_is_the_last_from_which_the_lead_reaches_the_period() -> None:
    last = CHECK.last_useful_day
    assert last == date(2026, 11, 1)
    assert last + timedelta(days=CHECK.lead) < Q4.end <= last + timedelta(days=CHECK.lead + 1)


def exactly(outlook: Outlook, lessons: Baseline, period: Period, day: date) -> tuple[Fraction, Fraction]:
    """E and I term by term, as the definition has them."""
    until = max(0, (period.end - day).days - 1)
    after = min(until, max(0, (period.start - day).days - 1))
    won_share = Fraction(lessons.won, lessons.won + lessons.lost)
    own = (outlook.won + 20 * won_share) / (outlook.won + outlook.lost + 20)
    value = (outlook.won_amount + 20 * Fraction(lessons.won_amount, lessons.won)) / (outlook.won + 20)
    chance = {
        created: between_by_definition(lessons, (day - date.fromisoformat(created)).days, after, until)
        for created in (*outlook.open, *outlook.open_unknown)
    }
    waiting = [*outlook.open.items(), *outlook.open_unknown.items()]
    to_come = sum(between_by_definition(lessons, 0, max(0, after - u), until - u) for u in range(1, until + 1))
    return (
        own / won_share * sum(amount * chance[created] for created, amount in waiting),
        own / won_share * Fraction(outlook.created, 28) * value * to_come,
    )


days_open = st.dictionaries(
    st.integers(0, 40).map(lambda age: (DAY - timedelta(days=age)).isoformat()), st.integers(0, 10**7), max_size=5
)


@given(baselines(), days_open, days_open, st.tuples(*[st.integers(0, 30)] * 4), st.sampled_from([-10, 0, 5]))
def test_the_projection_is_its_definition(
    lessons: Baseline, known: dict[str, int], unknown: dict[str, int], counts: tuple[int, ...], distance: int
) -> None:
    won, lost, created, amount = counts
    lessons = changed(lessons, won=won + 1, lost=lost, won_amount=amount * 1000)
    outlook = changed(
        SEEN, open=known, open_unknown=unknown, created=created, won=won, lost=lost, won_amount=amount * 700
    )
    start = DAY + timedelta(days=distance)
    period = Period("quarter", "P", start, start + timedelta(days=15))
    seen = projection(outlook, lessons, 1, period, 0, DAY)
    expected, incoming = exactly(outlook, lessons, period, DAY)
    assert seen.expected == pytest.approx(float(expected), abs=1e-4)
    assert seen.incoming == pytest.approx(float(incoming), abs=1e-4)


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_days_arrived_does_not_touch_a_single_bit(random: Any) -> None:
    amounts = {(DAY - timedelta(days=age)).isoformat(): 10**7 // (age + 1) for age in range(60)}
    shuffled = list(amounts.items())
    random.shuffle(shuffled)
    seen = [projection(changed(SEEN, open=opened), STEADY, 1, Q4, 60, DAY) for opened in (amounts, dict(shuffled))]
    assert seen[0] == seen[1]


def test_a_pipeline_without_closings_says_nothing_of_rates_and_values() -> None:
    seen = projection(SEEN, taught([0], [0], [0]), 1, Q4, 60, DAY)
    assert (seen.ratio, seen.average_value) == (1.0, SEEN.won_amount / (SEEN.won + 20))


def test_only_revenue_of_the_quarter_in_question_is_credited() -> None:
    assert projection(SEEN, STEADY, 1, Q3, 30, DAY).credited == 55_000_00
    assert projection(SEEN, STEADY, 1, Q4, 60, DAY).credited == 0


def test_the_target_is_the_revenue_quota_of_the_quarter_in_company_currency() -> None:
    assert target_of(SCOPE, Q4, PLAN) == 300_000_00
    assert target_of(SCOPE, Q4, with_quota("300000", currency="EUR")) == 375_000_00
    assert target_of(SCOPE, Q4, with_quota("300000", currency="JPY")) is None
    assert target_of(SCOPE, Q4, with_quota("300000", metric="deals_won")) is None
    assert target_of("rep:ben", Q4, PLAN) is None


@pytest.mark.parametrize(
    ("day", "lead", "quarter"),
    [
        (date(2026, 8, 2), 60, "2026-Q4"),
        (date(2026, 8, 1), 60, "2026-Q3"),
        (date(2026, 9, 30), 0, "2026-Q3"),
        (date(2026, 8, 16), None, "2026-Q3"),  # by the lead of the baseline, 45 days
        (date(2026, 8, 17), None, "2026-Q4"),
    ],
)
def test_the_quarter_in_question_contains_the_day_plus_the_lead(day: date, lead: int | None, quarter: str) -> None:
    assert judged(rule=changed(RULE, lead=lead), day=day)[0] == quarter


@pytest.mark.parametrize(
    ("target", "fire", "clear", "reason"),
    [
        ("117700", None, None, "short"),  # by 20.4 %
        ("116900", None, None, "between"),  # 19.9 %
        ("99000", None, None, "between"),  # 5.4 %
        ("98400", None, None, "enough"),  # 4.8 %
        ("105000", 0.1, None, "short"),
        ("105000", None, 0.15, "enough"),
        ("105000", 0.1, 0.15, "short"),
    ],
)
def test_a_fifth_short_fires_and_a_twentieth_clears_unless_the_rule_says_otherwise(
    target: str, fire: float | None, clear: float | None, reason: str
) -> None:
    found = judged(rule=changed(RULE, fire=fire, clear=clear), plan=with_quota(target))[1]
    assert found.reason == reason
    assert (found.holds, found.clears) == (reason == "short", reason == "enough")


def test_the_thresholds_themselves_fire_and_clear() -> None:
    short = projection(SEEN, STEADY, 105_000_00, Q4, 60, DAY).short
    plan = with_quota("105000")
    assert judged(rule=changed(RULE, fire=short), plan=plan)[1].holds is True
    assert judged(rule=changed(RULE, fire=short + 1e-9, clear=short), plan=plan)[1].clears is True


@pytest.mark.parametrize(
    "baseline",
    [
        None,
        changed(STEADY, won=19),
        changed(STEADY, first_closing="2026-06-16"),
        changed(STEADY, first_closing=None),
    ],
)
def test_without_enough_closings_there_is_no_verdict(baseline: Baseline | None) -> None:
    found = judged(baseline=baseline)[1]
    assert (found.holds, found.clears, found.reason) == (None, False, "too_few_closings")


def test_twenty_wins_and_sixty_days_are_enough() -> None:
    assert (
        judged(baseline=changed(STEADY, won=20, won_amount=40_000_00, first_closing="2026-06-15"))[1].holds is not None
    )


def test_until_then_the_plan_s_minimum_of_early_deals_counts() -> None:
    young = changed(STEADY, won=3)
    few = judged(baseline=young, rule=changed(RULE, minimum=31))[1]
    assert (few.holds, few.clears, few.reason) == (True, False, "below_minimum")
    enough = judged(baseline=young, rule=changed(RULE, minimum=30))[1]
    assert (enough.holds, enough.clears, enough.reason) == (False, True, "minimum_reached")
    assert judged(rule=changed(RULE, minimum=31))[1].reason == "short"


def test_while_nobody_knows_a_lead_the_minimum_counts_for_the_current_quarter() -> None:
    rule = changed(RULE, lead=None, minimum=31)
    quarter, found = judged(baseline=changed(STEADY, lead=None), rule=rule)
    assert (quarter, found.reason) == ("2026-Q3", "below_minimum")
    quarter, found = judged(baseline=None, rule=rule)
    assert (quarter, found.reason) == ("2026-Q3", "below_minimum")


@pytest.mark.parametrize("plan", [a_plan(rules=(RULE,)), with_quota("0")])
def test_without_a_target_there_is_no_verdict(plan: PlanIndex) -> None:
    found = judged(plan=plan)[1]
    assert (found.holds, found.clears, found.reason) == (None, False, "no_target")


def test_the_least_of_targets_is_one() -> None:
    assert judged(plan=with_quota("0.01"))[1].reason == "enough"


def test_a_manager_reads_what_is_missing_what_would_close_it_and_until_when() -> None:
    summary, details = judged(plan=with_quota("150000"))[1].tell("firing")
    assert summary == (
        "Central is running short of opportunities for 2026-Q4: USD 93,633 in sight of USD 150,000, USD 56,367 or "
        "37.6 % short. 7 new ones a week are coming in, 12.2 are needed; "
        "those created until 1 November 2026 can close in time."
    )
    assert details["target"] == "150000.00"


def test_a_manager_is_told_when_new_opportunities_cannot_help_any_more() -> None:
    summary, details = judged(outlook=changed(SEEN, created=0), plan=with_quota("150000"))[1].tell("firing")
    assert "None are coming in that could still close in time" in summary
    assert details["needed_a_week"] is None
    assert details["lever"] == "open_deals"


def test_a_manager_reads_that_it_is_enough_again() -> None:
    summary, details = judged(plan=with_quota("90000"))[1].tell("resolved")
    assert details["at_stake"] == "0.00"
    assert summary.startswith("Central has enough opportunities for 2026-Q4 again: USD 93,633 in sight of USD 90,000")


def test_a_manager_reads_the_plain_rule_with_its_low_confidence() -> None:
    found = judged(baseline=changed(STEADY, won=1), rule=changed(RULE, minimum=31))[1]
    summary, details = found.tell("firing")
    assert summary == (
        "Central has 30 early-stage opportunities open for 2026-Q4, fewer than the 31 that the plan asks for "
        "(low confidence: with 1 deal won so far there is no projection yet)."
    )
    assert details["confidence"] == "low"
    assert details["assumptions"] == {"n_won": 1, "first_closing": "2026-01-05"}
    assert "no longer fewer than" in found.tell("resolved")[0]


def test_before_the_first_baseline_a_manager_reads_that_nothing_was_won() -> None:
    summary, details = judged(baseline=None, rule=changed(RULE, minimum=31))[1].tell("firing")
    assert "with 0 deals won so far" in summary
    assert details["assumptions"] == {"n_won": 0, "first_closing": None}


def test_a_manager_reads_that_it_is_too_late_for_new_opportunities() -> None:
    assert too_late(SCOPE, "2026-Q3", PLAN)[0].startswith("New opportunities of Central come too late for 2026-Q3 now")


def test_the_details_carry_every_assumption_and_travel_as_json() -> None:
    details = judged()[1].tell("firing")[1]
    seen = projection(SEEN, STEADY, 300_000_00, Q4, 60, DAY)
    assert msgspec.json.decode(msgspec.json.encode(details)) == details
    assert details["short"] == seen.short
    assert details["at_stake"] == f"{round(seen.target - seen.projected) / 100:.2f}"
    assert (details["early_count"], details["early_amount"], details["early_share"]) == (30, "66000.00", 0.6)
    assert (details["created_a_week"], details["early_created_a_week"]) == (7.0, 5.0)
    assert details["last_useful_creation_day"] == "2026-11-01"
    assert (details["as_of"], details["unit"]) == ("2026-08-14", "USD")
    assert (details["assumptions"]["n"], details["assumptions"]["n_scope"]) == (400, 80)
    assert details["assumptions"]["lead_days"] == 60
