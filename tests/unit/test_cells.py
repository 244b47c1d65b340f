from hypothesis import given
from hypothesis import strategies as st

from quota import cells

parts = st.dictionaries(
    st.sampled_from(["revenue", "deals_won", "won_age|3", "won_age|57", "lead|x"]),
    st.integers(-50, 50).filter(bool),
)


@given(first=parts, second=parts)
def test_taking_away_undoes_adding(first: dict[str, int], second: dict[str, int]) -> None:
    total = dict(first)
    cells.add(total, second)
    cells.add(total, second, -1)
    assert total == first


@given(first=parts, second=parts)
def test_adding_sums_each_component_and_keeps_no_zeros(first: dict[str, int], second: dict[str, int]) -> None:
    total = dict(first)
    cells.add(total, second)
    assert all(total.values())
    for component in first | second:
        assert total.get(component, 0) == first.get(component, 0) + second.get(component, 0)


@given(first=parts, second=parts, third=parts)
def test_the_order_of_adding_does_not_matter(
    first: dict[str, int], second: dict[str, int], third: dict[str, int]
) -> None:
    forwards: dict[str, int] = {}
    backwards: dict[str, int] = {}
    for addend in (first, second, third):
        cells.add(forwards, addend)
    for addend in (third, second, first):
        cells.add(backwards, addend)
    assert forwards == backwards


def test_putting_adds_and_copies_what_it_is_given() -> None:
    held: dict[tuple[str, str], dict[str, int]] = {}
    given_parts = {"revenue": 5, "margin": 2}
    cells.put(held, ("company", "2026-01-01"), given_parts)
    cells.put(held, ("company", "2026-01-01"), {"revenue": 1, "margin": -2})
    assert held == {("company", "2026-01-01"): {"revenue": 6}}
    assert given_parts == {"revenue": 5, "margin": 2}


def test_ages_are_found_beyond_the_table_and_among_deals_without_one() -> None:
    assert cells.won_ages({"won_age|3": 2, "won_age|57": 1, "lost_age|3": 9, "deals_won": 3}) == {3: 2, 57: 1}
    assert cells.won_ages({"won_age|0": 1, "won_age|12345": 2, "deals_won": 3}) == {0: 1, 12345: 2}
    assert cells.won_ages({"won_age|1": 1, "deals_won": 7}) == {1: 1}


def test_numbered_components_are_found_by_their_whole_prefix() -> None:
    found = dict(cells.by_number({"lost_age|4": 2, "won_age|4": 1, "lost_age|11": 5}, cells.LOST_AGE))
    assert found == {4: 2, 11: 5}


def test_a_component_is_its_prefix_and_what_it_is_of_and_always_the_same_text() -> None:
    stage, age = cells.named(cells.OPEN, "qualification"), cells.named(cells.WON_AGE, 57)
    assert (stage, age) == ("open|qualification", "won_age|57")
    assert cells.named(cells.OPEN, "qualification") is stage
    assert cells.named(cells.WON_AGE, 57) is age
