from datetime import UTC, date, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from quota.credits import fan_out
from quota.deals import contributions
from quota.hindsight import Hindsight, OpenDeal, WonDeal, before
from quota.periods import parse_period
from quota.recount import Recount
from schemas.deals import DealChanged, DealRecord
from tests.unit.floor import PLAN, noon, usd
from tests.unit.test_deals import change, record, some_changes

DAY = date(2026, 6, 30)
Q2 = parse_period("2026-Q2", PLAN.calendar("company"))
histories = st.lists(some_changes, min_size=1, max_size=4)


def seen(*records: DealRecord, day: date = DAY) -> Hindsight:
    return Hindsight(records, day, PLAN)


def everything(found: Hindsight) -> list[object]:
    scopes = [*PLAN.scopes]
    return [
        *((found.within(scope, Q2), found.known(scope), found.open_deals(scope)) for scope in scopes),
        *(found.won_deals(scope) for scope in scopes),
    ]


@given(st.lists(some_changes, min_size=1, max_size=4), st.dates(date(2025, 12, 1), date(2026, 12, 1)))
def test_what_happens_later_changes_nothing(told: list[list[DealChanged]], day: date) -> None:
    until = PLAN.calendar("company").start_of(day + timedelta(days=1))
    each_alone = [[replace(fact, id=str(number)) for number, fact in enumerate(facts)] for facts in told]
    earlier = [[fact for fact in facts if fact.occurred_at < until] for facts in each_alone]
    known = seen(*(record(*facts) for facts in each_alone), day=day)
    assert everything(known) == everything(seen(*(record(*facts) for facts in earlier if facts), day=day))


@given(histories)
def test_at_the_end_of_time_it_is_what_the_recount_says(told: list[list[DealChanged]]) -> None:
    records = [record(*facts) for facts in told]
    found = seen(*records, day=date(2030, 1, 1))
    counted = Recount([fan_out(contributions(each, PLAN), PLAN) for each in records], PLAN)
    for scope in PLAN.scopes:
        happened = {
            part: n for part, n in found.within(scope, Q2).items() if not part.startswith(("open", "won_deal|"))
        }
        assert happened == counted.within(scope, Q2)
        assert found.known(scope).opened.parts == counted.opened(scope)


def test_a_record_keeps_only_what_happened_before() -> None:
    told = record(change("2026-06-01", "engaging"), change("2026-06-05", "won"))
    assert before(told, noon("2026-06-01")) is None
    kept = before(told, noon("2026-06-05"))
    assert kept is not None
    assert [each.stage for each, _ in kept.changes] == ["engaging"]


def test_an_open_deal_is_shown_with_its_owner_age_amount_and_dates() -> None:
    told = record(
        change("2026-06-01", "prospecting", "ben", amount=usd(10), expected_close="2026-08-01"),
        change("2026-06-11", "engaging", amount=usd(12)),
        change("2026-07-01", "won"),
    )
    (found,) = seen(told).open_deals("team:dustin")
    assert found == OpenDeal(
        deal="d",
        owner="rep:ben",
        stage="engaging",
        chance=0.25,
        amount=1200,
        created=date(2026, 6, 1),
        entered=noon("2026-06-11"),
        changed=date(2026, 6, 11),
        expected_close=date(2026, 8, 1),
    )
    assert seen(told, day=date(2026, 7, 1)).open_deals("company") == []
    assert seen(told, day=date(2026, 7, 1)).won_deals("company") == [WonDeal("rep:ben", "2026-07-01", 1200)]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Pacific/Auckland")])
def test_the_day_of_the_last_change_is_the_companys_wherever_it_was_written(zone: tzinfo) -> None:
    late = noon("2026-06-30").replace(hour=23, minute=59).astimezone(zone)
    (found,) = seen(record(replace(change("2026-06-30", "engaging", "ben"), occurred_at=late))).open_deals("company")
    assert found.changed == DAY


def test_a_deal_without_a_price_has_no_amount_and_a_cleared_date_is_none() -> None:
    told = record(
        change("2026-06-01", "prospecting", "ben", amount=UNSET, expected_close="2026-08-01"),
        change("2026-06-02", expected_close=None),
    )
    (found,) = seen(told).open_deals("company")
    assert (found.amount, found.expected_close) == (None, None)


def test_the_day_ends_at_the_companys_midnight() -> None:
    late = replace(change("2026-06-30", "won"), occurred_at=noon("2026-06-30").replace(hour=23, minute=59))
    told = record(change("2026-06-01", "engaging", "ben"), late)
    assert seen(told).open_deals("company") == []
    assert len(seen(told, day=date(2026, 6, 29)).open_deals("company")) == 1


def test_what_nobody_owns_is_no_part_of_the_company() -> None:
    assert seen(record(change("2026-06-01", "engaging", "nobody"))).open_deals("company") == []
    assert len(seen(record(change("2026-06-01", "engaging", "nobody"))).open_deals("unassigned")) == 1
