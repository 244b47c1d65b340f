"""Numbers as people write them: `12,000`, `12.000,00 €`, `1 200.50`, `12'000`, `45 %`.

Whether a point or a comma begins the decimals is said by the numbers of a file together: `1.5` and `12.000,00` leave no
doubt. Where all leave it, one mark with three digits behind it groups thousands, for targets have no three decimals.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Mark = Literal[".", ","]
_NUMBER = re.compile(r"(?P<digits>\d[\d.,' ]*)", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}(?:([., '])\d{3})(?:\1\d{3})*", re.ASCII)
_DOLLARS = "USD CAD AUD NZD SGD HKD TWD MXN CLP ARS COP UYU DOP JMD TTD BBD BSD BMD BZD KYD XCD FJD NAD LRD BND SRD"
_SIGNS = {"€": {"EUR"}, "£": {"GBP"}, "¥": {"JPY", "CNY"}, "$": {*_DOLLARS.split()}}
_AROUND = re.compile(r"[A-Z]{3}|[€£¥$]|%")


class NoNumber(Exception):
    """A text that is no number, and what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what}; {fix}")


@dataclass(frozen=True)
class Written:
    """A number as it is written: its digits with their marks, and the unit beside them, if any."""

    digits: str
    unit: str = ""

    @property
    def mark(self) -> Mark | None:
        """The decimal mark that it proves; None if it proves none."""
        marks = [mark for mark in self.digits if mark in ".,"]
        if not marks or self.is_doubtful:
            return None
        last: Mark = "." if marks[-1] == "." else ","
        if len({*marks}) == 1 and len(marks) > 1:
            return _other(last)
        return last

    @property
    def is_doubtful(self) -> bool:
        """Whether it is one thing with a decimal point and another with a decimal comma."""
        return re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", self.digits) is not None

    def value(self, mark: Mark | None) -> Decimal:
        """The number, given the decimal mark of the file; raises NoNumber for marks in places where there are none."""
        decimal = mark or self.mark
        if decimal is None and self.is_doubtful:
            decimal = "," if "." in self.digits else "."
        whole, _, rest = self.digits.partition(decimal or ".")
        if not re.fullmatch(r"[0-9]*", rest) or not (whole.isdigit() or _GROUPS.fullmatch(whole)):
            raise NoNumber(f"{self.digits!r} has a mark in a place where no thousands end", "write it like 12000.50")
        return Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{rest or 0}")


def written(text: str, currency: str | None) -> Written:
    """The number in a text; `currency` is the one that may be beside it, None if it is no amount. Raises NoNumber."""
    plain = re.sub(r"\s", " ", text.strip()).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    found = _NUMBER.search(plain)
    if found is None:
        raise NoNumber(f"{text!r} is not a number", "write digits, or leave the cell empty where there is no target")
    around = [plain[: found.start()].strip(), plain[found.end() :].strip()]
    units = [each for each in around if each]
    if any(each.startswith(("-", "(", "\N{MINUS SIGN}")) for each in units):
        raise NoNumber(f"the target {text!r} is negative", "write 0 or more")
    if len(units) > 1 or not all(_AROUND.fullmatch(each) for each in units):
        raise NoNumber(
            f"{text!r} is not a number", "write digits alone, or leave the cell empty where there is no target"
        )
    unit = units[0] if units else ""
    if unit not in {"", "%"} and currency not in _SIGNS.get(unit, {unit}):
        what = "no money" if currency is None else currency
        raise NoNumber(f"{text!r} is in {unit}, the target is {what}", "write digits alone")
    return Written(found["digits"].strip(), unit)


def _other(mark: Mark) -> Mark:
    return "," if mark == "." else "."
