from fractions import Fraction

from quota.reconciliations import planned, reconcile
from schemas.plan import Quota, Rate
from tests.unit.floor import a_plan
from tests.unit.past import past, the_period

ZERO = Fraction()


def quota(scope: str, target: str, period: str = "month", **said: str) -> Quota:
    return Quota(f"{scope}.{period}", scope, "revenue", period, target, **said)  # type: ignore[arg-type]


def test_the_gap_is_what_is_asked_from_above_without_what_history_suggests_below() -> None:
    plan = a_plan(quota("team:dustin", "1000.00"))
    known = past(plan, {"rep:anna-snelling": [30_000] * 5, "rep:ben": [60_000] * 5})
    june = the_period("2026-06-01", "month", plan)
    found = reconcile("team:dustin", "revenue", june, known, ZERO)
    assert (found.top_down, found.bottom_up, found.gap, found.share) == (100_000, 90_000, 10_000, 0.1)
    assert (found.within, found.reps, found.known) == (False, 2, 2)
    grown = reconcile("team:dustin", "revenue", june, known, Fraction(1, 10))
    assert (grown.bottom_up, grown.within) == (99_000, True)


def test_who_has_no_history_is_counted_and_adds_nothing() -> None:
    plan = a_plan(quota("team:dustin", "1000.00"))
    found = reconcile(
        "team:dustin", "revenue", the_period("2026-06-01", "month", plan), past(plan, {"rep:ben": [5] * 5}), ZERO
    )
    assert (found.bottom_up, found.reps, found.known) == (5, 2, 1)
    nothing = reconcile("team:dustin", "revenue", the_period("2026-06-01", "month", plan), past(plan, {}), ZERO)
    assert (nothing.bottom_up, nothing.gap, nothing.share, nothing.within) == (None, None, None, None)


def test_exactly_the_tolerance_is_within_it() -> None:
    plan = a_plan(quota("rep:ben", "1.00"))
    june = the_period("2026-06-01", "month", plan)
    for value, within in ((95, True), (94, False), (105, True), (106, False)):
        assert reconcile("rep:ben", "revenue", june, past(plan, {"rep:ben": [value] * 5}), ZERO).within is within


def test_children_and_shorter_periods_should_add_up_and_what_is_over_is_said() -> None:
    plan = a_plan(
        quota("team:dustin", "100.00", "quarter"),
        quota("team:dustin", "30.00"),
        quota("rep:ben", "90.00", "quarter"),
        quota("rep:anna-snelling", "20.00", "quarter"),
    )
    found = reconcile("team:dustin", "revenue", the_period("2026-04-01", "quarter", plan), past(plan, {}), ZERO)
    said = {each.what: (each.total, each.over, each.parts, each.of) for each in found.invariants}
    assert said == {"children": (11_000, 1_000, 2, 2), "months": (9_000, -1_000, 3, 3)}


def test_a_year_is_looked_at_by_quarters_and_months_of_which_some_have_a_target() -> None:
    plan = a_plan(quota("rep:ben", "400.00", "year"), quota("rep:ben", "100.00", "quarter", start="2026-07-01"))
    found = reconcile("rep:ben", "revenue", the_period("2026-04-01", "year", plan), past(plan, {}), ZERO)
    assert [(each.what, each.parts, each.of, each.over) for each in found.invariants] == [("quarters", 2, 4, -20_000)]


def test_without_a_target_there_is_nothing_to_compare() -> None:
    plan = a_plan()
    found = reconcile(
        "rep:ben", "revenue", the_period("2026-06-01", "month", plan), past(plan, {"rep:ben": [5] * 5}), ZERO
    )
    assert (found.top_down, found.bottom_up, found.gap, found.invariants) == (None, 5, None, ())


def test_a_target_in_another_currency_counts_at_the_rate_of_the_first_day() -> None:
    plan = a_plan(quota("rep:ben", "100.00", currency="EUR"), rates=(Rate("EUR", "2026-05-15", "1.10"),))
    assert planned("rep:ben", "revenue", the_period("2026-06-01", "month", plan), plan) == 11_000
    assert planned("rep:ben", "revenue", the_period("2026-05-01", "month", plan), plan) is None
