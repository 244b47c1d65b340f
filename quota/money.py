"""Money: minor units in, decimal strings out, and nothing lost on the way."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from quota.errors import InvalidRecord

# ISO 4217 lists these; all other currencies have two digits.
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF"), 0
    ),
    **dict.fromkeys(("XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def exponent(currency: str) -> int:
    """How many decimal digits the currency's amounts have (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


@lru_cache(maxsize=4096)
def minor_units(text: str, currency: str) -> int:
    """The amount in minor units that a decimal string says; InvalidRecord if it is none or has too many digits."""
    if not _DECIMAL.fullmatch(text):
        message = f"{text!r} is not an amount: write digits with a point, such as 1234.50"
        raise InvalidRecord(message)
    scaled = Decimal(text).scaleb(exponent(currency), _CONTEXT)
    if scaled != scaled.to_integral_value():
        message = f"{text!r} has more digits than {currency} has: at most {exponent(currency)} after the point"
        raise InvalidRecord(message)
    return int(scaled)


@lru_cache(maxsize=65536)
def decimal(amount: int, currency: str) -> str:
    """The decimal string of an amount in minor units: 86123400 USD is `861234.00`."""
    digits = _EXPONENTS.get(currency, 2)
    if digits == 2 and amount >= 0:
        return f"{amount // 100}.{amount % 100:02d}"
    if digits == 0:
        return str(amount)
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}d}"


def converted(amount: int, currency: str, into: str, rate: str) -> int:
    """The amount in minor units of another currency, a tie to the even unit, at `rate` units of it for one of ours."""
    above, below = _ratio(currency, into, rate)
    whole, rest = divmod(amount * above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole % 2))


@lru_cache(maxsize=4096)
def _ratio(currency: str, into: str, rate: str) -> tuple[int, int]:
    """What a minor unit is worth in minor units, as numerator and denominator."""
    return (Fraction(rate) * Fraction(10) ** (exponent(into) - exponent(currency))).as_integer_ratio()
