from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from quota.cells import add
from quota.credits import Cells, above, fan_out, fan_out_all
from tests.unit.floor import PLAN

scopes = st.sampled_from(["rep:anna-snelling", "rep:ben", "rep:cara", "rep:dan", "unassigned"])
days = st.sampled_from(["2026-06-29", "2026-06-30", "2026-07-01", "2026-07-02"])
COMPONENTS = st.sampled_from(["revenue", "deals_won", "won_deal|a", "open|engaging"])
parts = st.dictionaries(COMPONENTS, st.integers(-20, 20).filter(bool), min_size=1)
contributions = st.dictionaries(st.tuples(scopes, days), parts, max_size=10)
TEAMS = {
    "team:central": {"rep:ben"},
    "team:dustin": {"rep:ben"},
    "team:west": {"rep:cara"},
    "company": {"rep:anna-snelling", "rep:ben", "rep:cara", "rep:dan"},
}
Credits = dict[tuple[str, str], dict[str, int]]


def members(team: str, day: str) -> set[str]:
    """Who counts for a team on a day; Anna goes from Dustin's team in Central to the West on 1 July."""
    before = team in {"team:central", "team:dustin"} and day < "2026-07-01"
    after = team == "team:west" and day >= "2026-07-01"
    return TEAMS[team] | ({"rep:anna-snelling"} if before or after else set())


@given(given_parts=contributions)
def test_a_team_is_the_sum_of_its_reps_of_the_day_and_the_company_of_all(given_parts: Credits) -> None:
    found = fan_out(given_parts, PLAN)
    for scope in TEAMS:
        for day in ("2026-06-29", "2026-06-30", "2026-07-01", "2026-07-02"):
            total: Counter[str] = Counter()
            for rep in members(scope, day):
                for component, value in given_parts.get((rep, day), {}).items():
                    total[component] += 0 if component.startswith("won_deal|") else value
            assert found.get((scope, day), {}) == {component: value for component, value in total.items() if value}


@given(given_parts=contributions)
def test_reps_and_what_nobody_owns_keep_their_own(given_parts: Credits) -> None:
    found = fan_out(given_parts, PLAN)
    own = {cell: value for cell, value in found.items() if cell[0].startswith("rep:") or cell[0] == "unassigned"}
    assert own == given_parts


@given(given_parts=contributions)
def test_what_was_given_is_neither_changed_nor_shared(given_parts: Credits) -> None:
    before = {cell: dict(value) for cell, value in given_parts.items()}
    for value in fan_out(given_parts, PLAN).values():
        value["revenue"] = 10**9
    assert given_parts == before


def test_a_single_win_is_not_told_above_the_rep() -> None:
    found = fan_out({("rep:dan", "2026-06-30"): {"won_deal|a": 5, "revenue": 5}}, PLAN)
    assert found == {
        ("rep:dan", "2026-06-30"): {"won_deal|a": 5, "revenue": 5},
        ("company", "2026-06-30"): {"revenue": 5},
    }


@given(given_parts=contributions)
def test_a_large_collection_fans_out_as_a_small_one_does(given_parts: Credits) -> None:
    before = {cell: dict(value) for cell, value in given_parts.items()}
    found: Cells = {}
    deque(fan_out_all(given_parts, PLAN, found), maxlen=0)
    assert found == fan_out(given_parts, PLAN)
    assert given_parts == before


@given(changes=st.dictionaries(st.tuples(scopes, days), st.dictionaries(COMPONENTS, st.integers(-3, 3)), max_size=10))
def test_changes_with_zeros_in_them_come_to_what_those_without_fan_out_to(changes: Credits) -> None:
    total: Credits = {}
    for cell, parts in above(changes, PLAN):
        add(total.setdefault(cell, {}), parts)
    some = {cell: {part: value for part, value in parts.items() if value} for cell, parts in changes.items()}
    assert {cell: parts for cell, parts in total.items() if parts} == fan_out(some, PLAN)
