from decimal import Decimal
from fractions import Fraction
from statistics import median as plain_median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota import catalogue, metrics
from quota.errors import InvalidRecord
from quota.metrics import median, open_stages, stocks, value, values
from schemas.plan import Company, Conversations, Metric
from schemas.standings import Measure
from tests.unit.floor import PLAN, a_plan

counts = st.integers(0, 3000)
TALKS = [f"talk|meaningful_conversations|2026-03-0{day}|{who}" for day in (1, 2) for who in ("x", "a|b")]


@pytest.mark.parametrize("metric", PLAN.counts)
def test_a_count_is_its_component_and_zero_without_one(metric: str) -> None:
    assert value(metric, {metric: 7, "revenue": 3}, {}, PLAN) == Measure(7)
    assert value(metric, {}, {}, PLAN) == Measure(0)
    assert value(metric, {metric: 123456}, {}, PLAN) == Measure(123456)


@pytest.mark.parametrize("number", [-1, 0, 1999, 2000, 2001])
def test_a_count_may_be_any_number(number: int) -> None:
    assert value("calls_placed", {"calls_placed": number}, {}, PLAN) == Measure(number)


def test_counts_are_the_built_in_ones_and_those_that_the_plan_declares() -> None:
    assert set(PLAN.counts) == {
        "applications",
        "calls_placed",
        "calls_connected",
        "emails_sent",
        "meetings_scheduled",
        "meetings_held",
        "no_shows",
        "chats",
        "conversations",
        "linkedin_touches",
        "proposals_sent",
        "opportunities_created",
        "opportunities_advanced",
        "deals_won",
        "deals_lost",
    }


@given(
    parts=st.dictionaries(
        st.sampled_from(
            [*PLAN.counts, "revenue", "unpriced", "costed", "margin", "won_age|4", "lead|x", "lead|y", *TALKS]
        ),
        counts,
    )
)
def test_all_values_are_what_each_metric_says_alone(parts: dict[str, int]) -> None:
    together = values(parts, PLAN)
    assert set(together) == {name for name, declared in PLAN.metrics.items() if declared.aggregation != "stock"}
    for metric, measure in together.items():
        assert measure == value(metric, parts, None, PLAN)


@given(
    parts=st.dictionaries(
        st.sampled_from(["deals_won", "deals_lost", "revenue", "unpriced", "costed", "won_age|4", "won_age|9"]), counts
    )
)
def test_a_value_is_null_exactly_when_there_is_a_reason(parts: dict[str, int]) -> None:
    won = max(parts.get("deals_won", 0), parts.get("costed", 0), parts.get("unpriced", 0))
    for measure in values(parts | {"deals_won": won}, PLAN).values():
        assert (measure.value is None) == (measure.reason is not None)


def test_revenue_is_money_with_its_unit_and_says_how_many_deals_it_leaves_out() -> None:
    assert value("revenue", {"revenue": 86123400}, {}, PLAN) == Measure("861234.00", "USD")
    assert value("revenue", {}, {}, PLAN) == Measure("0.00", "USD")
    assert value("revenue", {"revenue": 100, "unpriced": 2}, {}, PLAN) == Measure("1.00", "USD", excluded=2)
    yen = a_plan(company=Company("Acme", "JPY", calendar="chicago"))
    assert value("revenue", {"revenue": 1200}, {}, yen) == Measure("1200", "JPY")


def test_win_rate_is_won_of_closed_with_its_number() -> None:
    assert value("win_rate", {"deals_won": 3, "deals_lost": 5}, {}, PLAN) == Measure(0.375, n=8)
    assert value("win_rate", {"deals_lost": 5}, {}, PLAN) == Measure(0.0, n=5)
    assert value("win_rate", {}, {}, PLAN) == Measure(None, n=0, reason="no_closed_deals")


@given(revenue=st.integers(-(10**18), 10**18), won=st.integers(1, 10**6), unpriced=st.integers(0, 10))
def test_average_deal_value_is_rounded_to_the_nearest_cent_ties_to_even(revenue: int, won: int, unpriced: int) -> None:
    measure = value(
        "average_deal_value", {"revenue": revenue, "deals_won": won + unpriced, "unpriced": unpriced}, {}, PLAN
    )
    assert Decimal(str(measure.value)) * 100 == round(Fraction(revenue, won))
    assert (measure.n, measure.excluded) == (won, unpriced or None)


@pytest.mark.parametrize(("revenue", "average"), [(125, "0.62"), (127, "0.64"), (-125, "-0.62"), (-127, "-0.64")])
def test_half_a_cent_goes_to_the_even_one(revenue: int, average: str) -> None:
    assert value("average_deal_value", {"revenue": revenue, "deals_won": 2}, {}, PLAN).value == average


def test_average_deal_value_needs_a_priced_win() -> None:
    assert value("average_deal_value", {}, {}, PLAN).reason == "no_won_deals"
    assert value("average_deal_value", {"deals_won": 1}, {}, PLAN) == Measure("0.00", "USD", n=1)
    unpriced = value("average_deal_value", {"deals_won": 2, "unpriced": 2}, {}, PLAN)
    assert unpriced == Measure(None, n=0, reason="no_priced_deals", excluded=2)


def test_gross_margin_is_over_deals_with_a_cost_and_says_how_many_it_leaves_out() -> None:
    parts = {"deals_won": 5, "costed": 3, "margin": -4005}
    assert value("gross_margin", parts, {}, PLAN) == Measure("-40.05", "USD", n=3, excluded=2)
    assert value("gross_margin", {"deals_won": 3, "costed": 3}, {}, PLAN) == Measure("0.00", "USD", n=3)
    assert value("gross_margin", {"deals_won": 5}, {}, PLAN) == Measure(None, n=0, reason="no_costs", excluded=5)
    assert value("gross_margin", {}, {}, PLAN) == Measure(None, reason="no_won_deals")


def test_the_median_cycle_is_over_wins_of_known_age() -> None:
    parts = {"deals_won": 6, "won_age|4": 2, "won_age|9": 1, "won_age|30": 1, "lost_age|1": 50}
    assert value("cycle_days_median", parts, {}, PLAN) == Measure(6.5, n=4, excluded=2)
    assert value("cycle_days_median", {"deals_won": 1, "won_age|0": 1}, {}, PLAN) == Measure(0.0, n=1)
    assert value("cycle_days_median", {}, {}, PLAN) == Measure(None, reason="no_won_deals")
    unknown = value("cycle_days_median", {"deals_won": 2, "negative_cycle": 1}, {}, PLAN)
    assert unknown == Measure(None, n=0, reason="no_known_cycle", excluded=2)


@given(ages=st.dictionaries(st.integers(0, 300), st.integers(0, 4)))
def test_the_median_of_counted_values_is_that_of_the_values_written_out(ages: dict[int, int]) -> None:
    written_out = [age for age, count in ages.items() for _ in range(count)]
    assert median(ages) == (plain_median(written_out) if written_out else None)


def test_leads_spoken_to_are_counted_once_however_often_spoken_to() -> None:
    parts = {"calls_connected": 9, "lead|acme": 7, "lead|globex": 2, "linkedin_touches": 4, "lost_age|3": 1}
    assert value("leads_spoken_to", parts, {}, PLAN) == Measure(2)
    assert value("leads_spoken_to", {"meetings_held": 1, "lead|acme": 1}, {}, PLAN) == Measure(1)
    assert value("leads_spoken_to", {"chats": 1, "lead|acme": 1}, {}, PLAN) == Measure(1)
    assert value("leads_spoken_to", {"calls_placed": 3}, {}, PLAN) == Measure(0)


def test_contacts_are_counted_once_a_day_by_each_metric_of_conversations() -> None:
    plan = a_plan(metrics=(Metric("vp", conversations=Conversations()), Metric("all", conversations=Conversations())))
    parts = {"chats": 9, "talk|vp|2026-03-01|ann": 4, "talk|vp|2026-03-02|ann": 1, "talk|all|2026-03-01|a|b": 2}
    parts |= {"talk|gone|2026-03-01|ann": 1, "lead|talk|vp|2026-03-01|x": 1}
    expected = {"vp": 2, "all": 1, "meaningful_conversations": 0, "leads_spoken_to": 1, "conversations": 0}
    assert {metric: value(metric, parts, None, plan).value for metric in expected} == expected
    assert {metric: values(parts, plan)[metric].value for metric in expected} == expected
    with_wins = values({**parts, "deals_won": 1}, plan)
    assert {metric: with_wins[metric].value for metric in expected} == expected
    assert values({"deals_won": 1}, plan)["vp"].value == 0
    for spoken in ("calls_connected", "chats", "meetings_held"):
        assert values({spoken: 1, "talk|vp|2026-03-01|ann": 1}, plan)["vp"].value == 1


PIPELINE = {
    "open|engaging": 3,
    "open_unknown|engaging": 2,
    "open_amount|engaging": 1002,
    "open_unknown_amount|engaging": 1000,
    "open|proposal": 1,
    "open_amount|proposal": 505,
}


def test_the_pipeline_is_by_stage_in_order_with_deals_of_unknown_creation() -> None:
    found = [(row.stage.id, row.count, row.amount, row.weighted) for row in open_stages(PIPELINE, PLAN)]
    assert found == [("prospecting", 0, 0, 0), ("engaging", 5, 2002, 500), ("proposal", 1, 505, 303)]
    assert [(row.count, row.amount, row.weighted) for row in open_stages({}, PLAN)] == [(0, 0, 0)] * 3


def test_pipeline_totals_are_the_sums_of_the_stages() -> None:
    assert stocks(open_stages(PIPELINE, PLAN), PLAN) == {
        "pipeline_count": Measure(6),
        "pipeline_amount": Measure("25.07", "USD"),
        "pipeline_weighted": Measure("8.03", "USD"),
        "early_stage_count": Measure(5),
    }
    assert value("early_stage_count", {}, PIPELINE, PLAN) == Measure(5)


def test_pipeline_amounts_say_how_many_deals_are_in_none_of_them() -> None:
    found = stocks(open_stages(PIPELINE | {"open_unpriced|engaging": 2, "open_unpriced|proposal": 1}, PLAN), PLAN)
    assert found["pipeline_count"] == Measure(6)
    assert found["pipeline_amount"] == Measure("25.07", "USD", excluded=3)
    assert found["pipeline_weighted"] == Measure("8.03", "USD", excluded=3)


def test_a_closed_period_has_no_pipeline() -> None:
    for metric in ("pipeline_count", "pipeline_amount", "pipeline_weighted", "early_stage_count"):
        assert value(metric, {}, None, PLAN) == Measure(None, reason="closed_period")


def test_an_unknown_metric_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidRecord, match=r"smiles.*deals_won"):
        value("smiles", {}, {}, PLAN)


def test_every_built_in_metric_has_a_value() -> None:
    parts = {"deals_won": 1, "deals_lost": 1, "costed": 1, "won_age|1": 1}
    for metric in catalogue.BUILT_IN:
        assert metrics.value(metric, parts, {}, PLAN).value is not None


def test_only_what_grows_over_a_period_is_prorated() -> None:
    fixed = {name for name, declared in catalogue.BUILT_IN.items() if not declared.prorated}
    assert fixed == {
        "win_rate",
        "average_deal_value",
        "cycle_days_median",
        "pipeline_count",
        "pipeline_amount",
        "pipeline_weighted",
        "early_stage_count",
    }
