from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.errors import InvalidRecord
from quota.money import converted, decimal, exponent, minor_units

currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])


@given(amount=st.integers(-(10**15), 10**15), currency=currencies)
def test_an_amount_survives_being_written_and_read(amount: int, currency: str) -> None:
    assert minor_units(decimal(amount, currency), currency) == amount


@given(amount=st.integers(-(10**15), 10**15), currency=currencies)
def test_a_written_amount_has_the_digits_of_its_currency(amount: int, currency: str) -> None:
    written = Decimal(decimal(amount, currency))
    assert written == Decimal(amount) / 10 ** exponent(currency)
    assert -int(written.as_tuple().exponent) == exponent(currency)


def test_digits_are_those_of_iso_4217() -> None:
    none = [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
    three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
    assert {exponent(currency) for currency in none} == {0}
    assert {exponent(currency) for currency in three} == {3}
    assert [exponent(currency) for currency in ("CLF", "UYW", "USD", "EUR", "HUF", "MGA", "ZZZ")] == [4, 4, *[2] * 5]


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("861234.00", "USD", 86123400),
        ("861234", "USD", 86123400),
        ("-0.05", "USD", -5),
        ("12.5", "USD", 1250),
        ("1200", "JPY", 1200),
        ("1200.000", "JPY", 1200),
        ("1.234", "KWD", 1234),
    ],
)
def test_decimals_are_read_exactly(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [("1.005", "USD"), ("1.5", "JPY"), ("1,50", "USD"), ("", "USD"), ("1e3", "USD"), ("NaN", "USD"), ("٣", "USD")],
)
def test_what_does_not_fit_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(InvalidRecord):
        minor_units(text, currency)


def test_amounts_below_one_unit_keep_their_sign_and_zeros() -> None:
    assert decimal(-5, "USD") == "-0.05"
    assert decimal(0, "USD") == "0.00"
    assert decimal(-105, "USD") == "-1.05"
    assert decimal(-7, "JPY") == "-7"
    assert decimal(7, "KWD") == "0.007"


@pytest.mark.parametrize(
    ("amount", "currency", "into", "rate", "worth"),
    [
        (10000, "EUR", "USD", "1.10", 11000),
        (1000, "JPY", "USD", "0.0067", 670),
        (100, "USD", "JPY", "150", 150),
        (1000, "KWD", "USD", "3.25", 325),
        (5, "EUR", "USD", "0.5", 2),
        (15, "EUR", "USD", "0.5", 8),
    ],
)
def test_conversion_moves_the_point_and_rounds_ties_to_even(
    amount: int, currency: str, into: str, rate: str, worth: int
) -> None:
    assert converted(amount, currency, into, rate) == worth


@given(amount=st.integers(-(10**12), 10**12), rate=st.decimals("0.0001", "9999", places=4))
def test_conversion_is_off_by_half_a_unit_at_most(amount: int, rate: Decimal) -> None:
    assert abs(converted(amount, "EUR", "USD", str(rate)) - amount * Fraction(rate)) <= Fraction(1, 2)
