from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.funnels import Funnel, Share, funnel, uplift
from quota.journeys import journey
from schemas.deals import DealChanged
from tests.unit.floor import PLAN, noon
from tests.unit.test_deals import change, record, some_changes

START, END = noon("2026-01-01"), noon("2026-12-01")
OPEN = ["prospecting", "engaging", "proposal"]
histories = st.lists(some_changes, min_size=1, max_size=5)


def found(*deals: tuple[DealChanged, ...], start: datetime = START, end: datetime = END) -> Funnel:
    return funnel([journey(record(*facts), PLAN) for facts in deals], PLAN, start, end)


def went(*visits: tuple[str, str]) -> tuple[DealChanged, ...]:
    return tuple(change(day, stage, id=f"{day}-{stage}") for day, stage in visits)


@given(histories)
def test_further_stages_are_reached_by_fewer_and_bounds_hold_the_share(told: list[list[DealChanged]]) -> None:
    said = found(*(tuple(facts) for facts in told))
    for one in OPEN:
        counts = [said.converted[one, other].k for other in [*OPEN, "won"] if (one, other) in said.converted]
        if len(counts) > 2:
            assert counts[:-1] == sorted(counts[:-1], reverse=True)
        assert all(0 <= count <= said.converted[one, "won"].n for count in counts)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_lies_between_0_and_1(k: int, more: int) -> None:
    share = Share(k, k + more)
    if share.n:
        assert share.value is not None
        assert share.interval is not None
        low, high = share.interval
        assert 0 <= low <= share.value <= high <= 1
    else:
        assert (share.value, share.interval) == (None, None)


def test_three_of_eight_lie_between_14_and_69_percent() -> None:
    interval = Share(3, 8).interval
    assert interval is not None
    assert (round(interval[0], 2), round(interval[1], 2)) == (0.14, 0.69)


def test_skipped_stages_count_as_passed_re_entries_not_and_lost_ones_stay_in_the_denominator() -> None:
    said = found(
        went(("2026-02-01", "prospecting"), ("2026-02-05", "proposal"), ("2026-02-09", "won")),
        went(
            ("2026-02-01", "prospecting"),
            ("2026-02-05", "engaging"),
            ("2026-02-09", "prospecting"),
            ("2026-02-12", "engaging"),
        ),
        went(("2026-02-01", "prospecting"), ("2026-02-05", "lost")),
        went(("2026-02-01", "engaging")),
    )
    assert said.converted["prospecting", "engaging"] == Share(3, 4)
    assert said.converted["prospecting", "proposal"] == Share(1, 4)
    assert said.converted["engaging", "proposal"] == Share(1, 3)
    assert said.converted["engaging", "won"] == Share(1, 3)
    assert said.regressions == 1


def test_a_cohort_is_those_who_first_came_to_the_stage_in_the_period() -> None:
    early = went(("2025-11-01", "prospecting"), ("2026-02-01", "engaging"), ("2026-03-01", "won"))
    said = found(early)
    assert said.converted["prospecting", "won"] == Share(0, 0)
    assert said.converted["engaging", "won"] == Share(1, 1)


def test_the_chance_to_win_is_of_those_that_are_closed() -> None:
    said = found(
        went(("2026-02-01", "prospecting"), ("2026-02-05", "won")),
        went(("2026-02-01", "prospecting"), ("2026-02-05", "lost")),
        went(("2026-02-01", "engaging"), ("2026-02-05", "lost"), ("2026-02-07", "won")),
        went(("2026-02-01", "proposal")),
    )
    assert (said.won["prospecting"], said.won["proposal"]) == (Share(2, 3), Share(2, 2))


def test_the_time_in_a_stage_is_the_median_of_visits_that_ended() -> None:
    said = found(
        went(("2026-02-01", "prospecting"), ("2026-02-05", "engaging"), ("2026-02-20", "won")),
        went(("2026-02-01", "prospecting"), ("2026-02-11", "engaging")),
    )
    assert said.days == {"prospecting": 7.0, "engaging": 15.0, "proposal": None}


def test_deleted_deals_never_were() -> None:
    gone = (*went(("2026-02-01", "prospecting"), ("2026-02-05", "won")), change("2026-02-06", deleted=True))
    said = found(gone)
    assert said.won["prospecting"] == Share(0, 0)
    assert said.converted["prospecting", "won"] == Share(0, 0)


@pytest.mark.parametrize(("now", "then", "worth"), [((27, 100), (65, 100), 375_250), ((1, 3), (1, 3), 0)])
def test_moving_a_deal_on_is_worth_its_amount_times_what_the_chance_rises_by(
    now: tuple[int, int], then: tuple[int, int], worth: int
) -> None:
    assert uplift(987_500, Share(*now), Share(*then)) == worth
    assert uplift(100, Share(1, 3), Share(2, 3)) == Fraction(100, 3)
    assert uplift(100, Share(0, 0), Share(2, 3)) is None
