from datetime import date, timedelta
from fractions import Fraction

import pytest

from quota.accuracy import accuracy, within
from quota.forecasts import Forecast, closes, forecast, in_time
from quota.hazards import hazards_of
from quota.hindsight import Hindsight, OpenDeal
from quota.holdups import Limits, holdups, limits
from quota.periods import parse_period
from quota.simulations import Simulation
from schemas.deals import DealChanged, DealRecord
from tests.unit.chances import by_definition, taught
from tests.unit.floor import PLAN, noon, usd
from tests.unit.test_deals import change, record

JUNE = parse_period("2026-06", PLAN.calendar("company"))
Q2 = parse_period("2026-Q2", PLAN.calendar("company"))


def deal(*received: DealChanged) -> DealRecord:
    return record(*received)


def won(day: str, amount: int, after: int = 30) -> DealRecord:
    began = (date.fromisoformat(day) - timedelta(days=after)).isoformat()
    return deal(change(began, "engaging", "ben"), change(day, "won", amount=usd(amount)))


def opened(day: str, amount: int, stage: str = "engaging", **said: str) -> DealRecord:
    return deal(change(day, stage, "ben", amount=usd(amount), **said))


def said(*records: DealRecord, day: str = "2026-06-12", target: int | None = None) -> Forecast:
    return forecast("rep:ben", JUNE, target, Hindsight(records, date.fromisoformat(day), PLAN))


def an_open_deal(**other: object) -> OpenDeal:
    known = {
        "deal": "d",
        "owner": "rep:ben",
        "stage": "engaging",
        "chance": 0.25,
        "amount": 1000,
        "created": date(2026, 6, 1),
        "entered": noon("2026-06-01"),
        "changed": date(2026, 6, 1),
        "expected_close": None,
    }
    return OpenDeal(**(known | other))  # type: ignore[arg-type]


def test_won_deals_count_once_lost_ones_not_and_only_those_due_are_weighted() -> None:
    found = said(
        won("2026-06-05", 100),
        won("2026-05-28", 70),
        deal(change("2026-05-20", "engaging", "ben", amount=usd(900)), change("2026-06-10", "lost")),
        opened("2026-06-01", 40, expected_close="2026-06-25"),
        opened("2026-06-01", 80, "proposal", expected_close="2026-06-30"),
        opened("2026-06-01", 500, expected_close="2026-07-02"),
    )
    assert found.closed == 100_00
    assert found.weighted == 100_00 + 10_00 + 48_00
    assert (found.open_deals, found.closing) == (3, 2)


def test_the_run_rate_goes_on_as_the_working_time_so_far_went() -> None:
    """Ten of June's 22 working days are over on the evening of the 12th."""
    assert said(won("2026-06-05", 100)).run_rate == round(Fraction(100_00 * 22, 10))


def test_before_15_percent_of_the_time_nothing_is_said_from_the_run_rate() -> None:
    found = said(won("2026-06-02", 100), day="2026-06-03")
    assert (found.run_rate, found.reasons["run_rate"]) == (None, "too_early")
    assert said(won("2026-06-02", 100), day="2026-05-30").closed == 0


def test_history_makes_of_open_deals_what_became_of_others_at_their_age() -> None:
    """Two were won at 30 days and one lost: of one that is 20 days old two thirds, if nothing new comes."""
    lost = deal(change("2026-05-01", "engaging", "ben"), change("2026-05-31", "lost"))
    records = [won("2026-04-01", 50), won("2026-04-15", 50), lost, opened("2026-05-23", 300)]
    found = said(*records)
    by_hand = 300_00 * Fraction(2, 3)
    assert found.expected_from_open == round(by_hand)
    assert found.historical == found.expected_from_open + (found.expected_from_new or 0)


def test_until_a_deal_was_won_history_says_nothing() -> None:
    found = said(opened("2026-06-01", 40))
    assert (found.historical, found.simulated) == (None, None)
    assert found.reasons == {"historical": "no_won_deals", "simulated": "no_won_deals"}


def test_the_simulation_holds_what_is_closed_and_says_how_likely_the_target_is() -> None:
    records = [
        *(won(f"2026-04-{day:02d}", 50) for day in range(1, 29)),
        opened("2026-05-23", 300),
        won("2026-06-01", 20),
    ]
    found = said(*records, target=20_00)
    assert found.simulated is not None
    assert found.simulated.reached == 1
    assert found.simulated.p10 >= found.closed == 20_00
    assert said(*records, target=20_00) == found
    nothing = said(*records, target=0).simulated
    assert nothing is not None
    assert nothing.reached is None


@pytest.mark.parametrize(
    ("expected_close", "created", "lead", "due"),
    [
        (date(2026, 6, 13), date(2026, 6, 1), 300, True),
        (date(2026, 7, 1), date(2026, 6, 1), 1, False),
        (date(2026, 5, 1), date(2026, 6, 1), None, True),  # overdue: any day now
        (None, date(2026, 6, 1), 29, True),
        (None, date(2026, 6, 1), 30, False),
        (None, date(2025, 6, 1), 30, True),
        (None, date(2026, 6, 1), None, True),
    ],
)
def test_a_deal_is_due_on_its_date_or_one_usual_cycle_after_it_began(
    expected_close: date | None,
    created: date,
    lead: int | None,
    due: bool,  # noqa: FBT001
) -> None:
    each = an_open_deal(expected_close=expected_close, created=created)
    assert closes(each, JUNE, date(2026, 6, 12), lead) is due


def test_nothing_that_is_over_can_still_close() -> None:
    assert not closes(an_open_deal(), JUNE, date(2026, 6, 30), None)
    assert closes(an_open_deal(), JUNE, date(2026, 6, 29), None)


def test_the_chance_in_time_is_that_of_its_age_and_never_more_than_certain() -> None:
    lessons = taught([10, 10, 10, 5, 5], [0, 0, 5, 0, 1], [0, 0, 0, 0, 1])
    window = hazards_of(lessons).window(date(2026, 6, 1), Q2.start, Q2.end)
    each = an_open_deal(created=date(2026, 6, 1))
    assert in_time(each, window, 1.0) == pytest.approx(float(by_definition(lessons, 0, 29)))
    assert in_time(each, window, 100.0) == 1.0


def test_forecasts_are_measured_by_their_errors_over_the_outcome() -> None:
    one, two = said(won("2026-06-05", 100)), said(won("2026-06-05", 100), won("2026-06-08", 60))
    found = accuracy([one, two], 200_00)
    assert (found["closed"].n, found["closed"].wape, found["closed"].bias) == (2, 0.35, -0.35)
    assert accuracy([one], 0)["closed"].wape is None
    assert accuracy([], 1) == {}


def test_a_range_holds_an_outcome_on_its_edge() -> None:
    one = said(*(won(f"2026-04-{day:02d}", 50) for day in range(1, 29)))
    assert one.simulated is not None
    ends = Simulation(10, 20, 30, None)
    from msgspec.structs import replace

    each = replace(one, simulated=ends)
    assert [within([each], value)[0] for value in (9, 10, 30, 31)] == [0, 1, 1, 0]
    assert within([replace(one, simulated=None)], 1) == (0, 0)


def test_what_holds_a_deal_up_is_said_the_gravest_first() -> None:
    day = date(2026, 6, 30)
    each = an_open_deal(
        expected_close=date(2026, 6, 30), created=date(2026, 1, 1), changed=date(2026, 5, 30), amount=None
    )
    assert holdups(each, day, Limits(100)) == [
        "close_date_overdue",
        "older_than_won_deals",
        "nothing_new",
        "no_amount",
    ]
    fresh = an_open_deal(expected_close=date(2026, 7, 1), created=date(2026, 3, 22), changed=date(2026, 5, 31))
    assert holdups(fresh, day, Limits(100)) == []
    assert holdups(fresh, day, Limits(None)) == []


def test_nine_of_ten_won_deals_were_no_older() -> None:
    assert limits({"deals_won": 10, "won_age|5": 8, "won_age|9": 1, "won_age|200": 1}) == Limits(9)
    assert limits({}) == Limits(None)
