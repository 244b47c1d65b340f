"""How numbers, names and days are said."""

from datetime import date

import pytest

from quota.wording import about, amount, counted, metric_name, name_of, number, percent, quantity, spoken_day
from schemas.plan import Metric
from tests.unit.floor import PLAN, a_plan


@pytest.mark.parametrize(
    ("minor_units", "currency", "said"),
    [
        (105_400, "USD", "USD 1,054"),
        (105_450, "USD", "USD 1,054.50"),
        (-105_405, "EUR", "EUR -1,054.05"),
        (5, "USD", "USD 0.05"),
        (-5, "USD", "USD -0.05"),
        (1_234_567, "JPY", "JPY 1,234,567"),
        (1_234_500, "KWD", "KWD 1,234.500"),
    ],
)
def test_money_has_its_currency_and_no_needless_cents(minor_units: int, currency: str, said: str) -> None:
    assert amount(minor_units, currency) == said


def test_estimates_are_said_to_the_whole_unit() -> None:
    assert about(105_450.7, "USD") == "USD 1,055"
    assert about(-49.0, "USD") == "USD 0"
    assert about(1234.4, "JPY") == "JPY 1,234"


def test_numbers_have_at_most_one_digit_after_the_point() -> None:
    assert [number(13.846), number(6.0), number(1234.56), number(-0.04)] == ["13.8", "6", "1,234.6", "0"]
    assert percent(0.255) == "25.5 %"
    assert quantity(12, None) == "12"
    assert quantity("-1054.50", "USD") == "USD -1,054.50"


def test_days_and_counts_read_as_people_write_them() -> None:
    assert spoken_day(date(2026, 11, 4)) == "4 November 2026"
    assert counted(1, "deal", "deals") == "1 deal"
    assert counted(1200, "deal", "deals") == "1,200 deals"


def test_scopes_and_metrics_have_the_names_of_the_plan() -> None:
    plan = a_plan(metrics=(Metric("applications", ("form",), name="Applications taken"), Metric("visits", ("visit",))))
    assert [name_of(scope, PLAN) for scope in ("company", "team:dustin", "rep:ben", "rep:gone")] == [
        "Acme",
        "Dustin Brinkmann",
        "Ben",
        "rep:gone",
    ]
    assert metric_name("applications", plan) == "Applications taken"
    assert metric_name("visits", plan) == "visits"
    assert metric_name("calls_placed", plan) == "calls placed"
