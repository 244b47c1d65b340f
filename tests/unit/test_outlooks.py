from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quota.outlooks import Known, Opened, outlook
from quota.periods import Period, period_of
from schemas.standings import Outlook
from tests.unit.floor import PLAN

TODAY = date(2026, 9, 15)
components = st.sampled_from(
    ["opportunities_created", "early_created", "deals_won", "deals_lost", "revenue", "calls_placed", "won_age|3"]
)
opened = st.lists(
    st.tuples(
        st.sampled_from(["open", "open_unknown"]),
        st.sampled_from(["prospecting", "engaging", "proposal"]),
        st.integers(0, 500),
    ),
    max_size=4,
)
days = st.integers(-130, 5).map(lambda back: (TODAY + timedelta(days=back)).isoformat())


@st.composite
def floors(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Parts by day, as deals and counts of a few days add up to them."""
    found: dict[str, dict[str, int]] = {}
    for day in draw(st.sets(days, max_size=8)):
        parts = Counter(draw(st.dictionaries(components, st.integers(1, 9))))
        for prefix, stage, amount in draw(opened):
            parts[f"{prefix}|{stage}"] += 1
            parts[f"{prefix}_amount|{stage}"] += amount
        found[day] = {component: value for component, value in parts.items() if value}
    return found


def merged(by_day: dict[str, dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for parts in by_day.values():
        total.update(parts)
    return dict(total)


def within(by_day: dict[str, dict[str, int]], first: str, last: str, component: str) -> int:
    return sum(parts.get(component, 0) for day, parts in by_day.items() if first <= day <= last)


def every(by_day: dict[str, dict[str, int]], prefix: str) -> dict[str, int]:
    found = {
        day: sum(value for component, value in parts.items() if component.startswith(prefix))
        for day, parts in by_day.items()
    }
    return {day: amount for day, amount in found.items() if amount}


def amounts(by_day: dict[str, dict[str, int]], prefix: str) -> dict[str, int]:
    return {day: amount for day, amount in every(by_day, prefix).items() if day <= "2026-09-15"}


def opened_of(by_day: dict[str, dict[str, int]]) -> Opened:
    known, unknown = (every(by_day, prefix) for prefix in ("open_amount|", "open_unknown_amount|"))
    return Opened({name: value for name, value in merged(by_day).items() if name.startswith("open")}, known, unknown)


def this_quarter(by_day: dict[str, dict[str, int]]) -> tuple[Period, dict[str, int]]:
    """The quarter of TODAY with its days merged."""
    period = period_of("quarter", TODAY, PLAN.calendar("company"))
    return period, merged({day: parts for day, parts in by_day.items() if "2026-07-01" <= day <= "2026-09-30"})


@given(by_day=floors())
def test_an_outlook_is_what_reading_every_component_gives(by_day: dict[str, dict[str, int]]) -> None:
    total = merged(by_day)
    early = [name for name in total if name.endswith(("|prospecting", "|engaging"))]
    assert outlook("team:west", TODAY, Known(total, opened_of(by_day), by_day, this_quarter(by_day)), PLAN) == Outlook(
        scope="team:west",
        day="2026-09-15",
        open=amounts(by_day, "open_amount|"),
        open_unknown=amounts(by_day, "open_unknown_amount|"),
        created=within(by_day, "2026-08-19", "2026-09-15", "opportunities_created"),
        early_created=within(by_day, "2026-08-19", "2026-09-15", "early_created"),
        won=total.get("deals_won", 0),
        lost=total.get("deals_lost", 0),
        won_amount=total.get("revenue", 0),
        credited={"2026-Q3": within(by_day, "2026-07-01", "2026-09-30", "revenue")},
        open_count=sum(value for name, value in total.items() if name.startswith(("open|", "open_unknown|"))),
        open_amount=sum(value for name, value in total.items() if "_amount|" in name),
        early_count=sum(total[name] for name in early if "_amount" not in name),
        early_amount=sum(total[name] for name in early if "_amount" in name),
    )


@given(by_day=floors(), data=st.data())
def test_open_days_are_written_in_order_whatever_the_order_of_receipt(
    by_day: dict[str, dict[str, int]], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(by_day.items()))))
    found = outlook("company", TODAY, Known(merged(by_day), opened_of(shuffled), shuffled, this_quarter(by_day)), PLAN)
    assert list(found.open) == sorted(found.open)
    assert list(found.open_unknown) == sorted(found.open_unknown)


def test_totals_need_not_hold_what_is_open() -> None:
    by_day = {"2026-09-01": {"open|engaging": 2, "open_amount|engaging": 700}}
    found = outlook("company", TODAY, Known({"deals_won": 3}, opened_of(by_day), {}, this_quarter(by_day)), PLAN)
    assert (found.open_count, found.open_amount, found.open, found.won) == (2, 700, {"2026-09-01": 700}, 3)


def test_of_28_days_today_is_the_last() -> None:
    by_day = {
        (TODAY - timedelta(days=back)).isoformat(): {"opportunities_created": 10**back} for back in (0, 1, 27, 28)
    }
    assert (
        outlook("company", TODAY, Known(merged(by_day), opened_of({}), by_day, this_quarter(by_day)), PLAN).created
        == 1 + 10 + 10**27
    )


def test_an_empty_scope_has_an_outlook_of_zeros() -> None:
    found = outlook("rep:dan", TODAY, Known({}, opened_of({}), {}, this_quarter({})), PLAN)
    assert (found.open, found.open_unknown, found.created, found.credited) == ({}, {}, 0, {"2026-Q3": 0})
