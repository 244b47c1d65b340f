from datetime import UTC, date, datetime

import pytest

from quota.errors import InvalidRecord
from quota.histories import Histories, unit_of, units, written
from quota.standings import standing
from tests.unit.floor import PLAN
from tests.unit.past import NOW, past, the_period

OCTOBER = the_period("2026-10-01", "month", PLAN)


def test_history_is_what_was_over_before_a_period_the_oldest_first() -> None:
    known = past(PLAN, {"rep:ben": [100, 200, 300, 400, 500, 600, 700, 800, 900]})
    months = known.over("rep:ben", "month", OCTOBER.start, 3)
    assert [month.id for month in months] == ["2026-07", "2026-08", "2026-09"]
    assert known.values("rep:ben", "revenue", months) == [700, 800, 900]


def test_it_begins_after_the_first_standing_and_a_month_in_which_nothing_happened_is_nothing() -> None:
    known = past(PLAN, {"rep:ben": [None, None, None, None, 500, None, 700]})
    months = known.over("rep:ben", "month", OCTOBER.start, 12)
    assert [month.id for month in months] == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09"]
    assert known.values("rep:ben", "revenue", months) == [500, 0, 700, 0, 0]


def test_a_period_that_is_not_over_is_no_history() -> None:
    """August is asked for in the middle of July: July itself is left out."""
    known = past(PLAN, {"rep:ben": [1, 2, 3, 4, 5, 6, 7]}, now=datetime(2026, 7, 15, tzinfo=UTC))
    assert [month.id for month in known.over("rep:ben", "month", date(2026, 8, 1), 2)] == ["2026-05", "2026-06"]


def test_of_a_scope_of_which_nothing_is_known_there_is_no_history() -> None:
    assert past(PLAN, {}).over("rep:ben", "month", OCTOBER.start, 12) == []
    assert Histories([], PLAN).now is None
    assert past(PLAN, {"rep:dan": [1]}).over("rep:ben", "month", OCTOBER.start, 12) == []


def test_of_a_scope_to_which_nothing_ever_happened_there_is_no_history() -> None:
    """It has quotas, so that it stands in every month, with nothing."""
    known = past(PLAN, {"rep:ben": [100, 200]})
    idle = [standing("rep:dan", the_period(f"2026-0{n}-01", "month", PLAN), {}, {}, PLAN, NOW) for n in (1, 2, 3)]
    both = Histories([*idle, *known.by_place.values()], PLAN)
    assert both.over("rep:dan", "month", OCTOBER.start, 12) == []
    assert len(both.over("rep:ben", "month", OCTOBER.start, 12)) == 9


def test_an_undefined_number_is_left_out_and_not_taken_for_nothing() -> None:
    known = past(PLAN, {"rep:ben": [100, 200]})
    months = known.over("rep:ben", "month", date(2026, 3, 1), 12)
    assert known.values("rep:ben", "gross_margin", months) == []
    assert known.values("rep:ben", "calls_placed", months) == [0, 0]


def test_only_what_adds_up_over_periods_and_people_has_a_unit() -> None:
    assert (unit_of("revenue", PLAN), unit_of("calls_placed", PLAN)) == ("USD", None)
    for metric in ("win_rate", "average_deal_value", "leads_spoken_to", "pipeline_amount", "applause"):
        with pytest.raises(InvalidRecord, match=f"{metric} does not add up"):
            unit_of(metric, PLAN)


def test_money_is_minor_units_and_a_count_is_whole() -> None:
    assert (units("12.50", "USD"), units("12", None)) == (1250, 12)
    assert (written(1250, "USD"), written(12, None)) == ("12.50", "12")
    with pytest.raises(InvalidRecord, match="not a whole number"):
        units("12.5", None)
    with pytest.raises(InvalidRecord, match="more digits than USD"):
        units("12.505", "USD")
