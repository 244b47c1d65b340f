"""Numbers as people write them in grids."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.grids.numbers import Mark, NoNumber, written

GROUPS = {".": ",' ", ",": ".' "}


@given(
    whole=st.integers(0, 10**12),
    cents=st.integers(0, 99),
    mark=st.sampled_from([".", ","]),
    group=st.integers(0, 3),
    unit=st.sampled_from(["{}", "{} €", "€{}", "EUR {}", " {}\N{NO-BREAK SPACE}EUR "]),
)
def test_an_amount_is_read_as_it_was_meant(whole: int, cents: int, mark: Mark, group: int, unit: str) -> None:
    grouped = f"{whole:,}".replace(",", [*GROUPS[mark], ""][group])
    number = written(unit.format(f"{grouped}{mark}{cents:02d}"), "EUR")
    assert number.mark == mark
    assert number.value(mark) == number.value(None) == Decimal(whole) + Decimal(cents) / 100


@given(whole=st.integers(0, 10**12), mark=st.sampled_from([".", ","]), group=st.integers(0, 3))
def test_a_whole_number_is_read_as_it_was_meant(whole: int, mark: Mark, group: int) -> None:
    number = written(f"{whole:,}".replace(",", [*GROUPS[mark], ""][group]), None)
    assert number.value(mark) == whole
    assert number.mark in {mark, None}


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("12,000", None, 12000),
        ("12,000", ".", 12000),
        ("12,000", ",", 12),
        ("12.000", None, 12000),
        ("12.000", ",", 12000),
        ("12.000", ".", 12),
        ("12.000,00 €", None, 12000),
        ("12\N{NARROW NO-BREAK SPACE}000", None, 12000),
        ("12\N{RIGHT SINGLE QUOTATION MARK}000.50", None, Decimal("12000.5")),
        ("0.125", None, Decimal("0.125")),
        ("1234.567", None, Decimal("1234.567")),
        ("1.234.567", None, 1234567),
        ("7", None, 7),
    ],
)
def test_marks_are_read_by_where_they_stand_and_by_what_the_file_shows(text: str, mark: Mark, value: Decimal) -> None:
    assert written(text, "EUR").value(mark) == value


@pytest.mark.parametrize(
    ("text", "currency", "said"),
    [
        ("abc", None, "'abc' is not a number"),
        ("", None, "leave the cell empty"),
        ("-", None, "is not a number"),
        ("n/a", None, "is not a number"),
        ("12k", None, "'12k' is not a number"),
        ("1e5", None, "is not a number"),
        ("12 to 14", None, "is not a number"),
        ("#DIV/0!", None, "is not a number"),
        ("-5", None, "the target '-5' is negative"),
        ("(5)", None, "the target '(5)' is negative"),
        ("€ -5", "EUR", "is not a number"),
        ("$5", "EUR", "'$5' is in $, the target is EUR; write digits alone"),
        ("5 €", None, "is in €, the target is no money"),
        ("5 USD", "EUR", "is in USD"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(text: str, currency: str | None, said: str) -> None:
    with pytest.raises(NoNumber) as refused:
        written(text, currency)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "mark"), [("1,23,456", None), ("12,5", "."), ("1.5,5", None), ("1,2.3,4", None), ("1 2", None)]
)
def test_a_mark_where_no_thousands_end_is_refused(text: str, mark: Mark | None) -> None:
    with pytest.raises(NoNumber, match="no thousands end"):
        written(text, None).value(mark)


@pytest.mark.parametrize(("text", "currency"), [("$5", "USD"), ("$ 5", "CAD"), ("5 ¥", "JPY"), ("GBP 5", "GBP")])
def test_the_sign_of_the_targets_currency_may_stand_beside_them(text: str, currency: str) -> None:
    assert written(text, currency).value(None) == 5
