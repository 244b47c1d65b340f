"""A grid of scopes by periods becomes targets: none of it, unless all of it can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from quota.calendars import WorkCalendar
from quota.catalogue import Declaration
from quota.errors import InvalidRecord
from quota.money import decimal, exponent, minor_units
from quota.periods import Period
from quota.plans import PlanIndex
from streams.grids.grid import Cell, Grid, GridError, letters
from streams.grids.headings import has_days, period
from streams.grids.names import NoScope, Scopes
from streams.grids.numbers import Mark, NoNumber, Written, written

_KEPT = 15
"""Digits that a spreadsheet keeps of a number."""
_MOST, _EXACT = 10**15, Decimal("0.000001")
_EMPTY = "leave the cell empty where there is no target"


@dataclass(frozen=True)
class Reading:
    """How a grid is to be read: about which metric, with whose names and calendars, and what is left out of it.

    `ignored` are labels of rows and columns in lower case; `mark` begins the decimals, None for what the file shows.
    """

    plan: PlanIndex
    metric: Declaration
    ignored: frozenset[str] = frozenset()
    mark: Mark | None = None

    @property
    def currency(self) -> str | None:
        """That of the targets, where they are money."""
        return self.plan.currency if self.metric.kind == "money" else None

    def leaves_out(self, cell: Cell | None) -> bool:
        """Whether a row or column with this label is left out."""
        return cell is not None and cell.text.casefold() in self.ignored


@dataclass(frozen=True)
class Target:
    """What a cell asks of a scope in a period; `amount` as plans write it."""

    scope: str
    period: Period
    amount: str
    cell: Cell


def targets(grid: Grid, reading: Reading) -> list[Target]:
    """The targets in a grid, by rows; raises GridError with every cell that cannot be used."""
    table = _Table(grid, reading)
    found = [*table.targets()]
    table.problems += _repeated(grid, found)
    if not found and not table.problems:
        table.problems.append(
            f"{grid.name} holds no target; write scopes in the first column and periods above the rest"
        )
    if table.problems:
        raise GridError(table.problems)
    return found


class _Table:
    """The headings and rows of a grid. The first row with anything beside the first column has the headings."""

    def __init__(self, grid: Grid, reading: Reading) -> None:
        self.problems: list[str] = []
        self._grid, self._reading = grid, reading
        self._first = min((row[0].column for row in grid.rows), default=0)
        number = next((n for n, row in enumerate(grid.rows) if row[-1].column > self._first), len(grid.rows))
        self._heads = {cell.column: cell for row in grid.rows[number : number + 1] for cell in row}
        self._by_day = has_days([*self._heads.values()])
        self._rows = [row for row in grid.rows[number + 1 :] if not reading.leaves_out(self._label(row))]
        self._scopes = Scopes(reading.plan)
        self._periods: dict[tuple[int, WorkCalendar], Period | None] = {}
        self._told: set[int] = set()
        self._mark = reading.mark or self._proven()

    def targets(self) -> Iterator[Target]:
        """What can be read; what cannot is among the problems from then on."""
        for row in self._rows:
            cells = [cell for cell in row if self._counts(cell)]
            scope = self._scope(row, cells)
            for cell in cells:
                span = None if scope is None else self._period(cell, scope)
                amount = self._amount(cell)
                if scope is not None and span is not None and amount is not None:
                    yield Target(scope, span, amount, cell)

    def _label(self, row: Sequence[Cell]) -> Cell | None:
        return row[0] if row[0].column == self._first else None

    def _counts(self, cell: Cell) -> bool:
        return cell.column != self._first and not self._reading.leaves_out(self._heads.get(cell.column))

    def _scope(self, row: Sequence[Cell], cells: Sequence[Cell]) -> str | None:
        label = self._label(row)
        try:
            if label is not None:
                return self._scopes.find(label.text)
        except NoScope as problem:
            fix = f"{problem.fix}, or leave the row out with --ignore {label.text!r}" if label else problem.fix
            self._wrong(label or row[0], problem.what, fix)
            return None
        if cells:
            self._wrong(cells[0], "the row names nobody", "write a rep or team into its first column")
        return None

    def _period(self, cell: Cell, scope: str) -> Period | None:
        head, calendar = self._heads.get(cell.column), self._reading.plan.calendar(scope)
        if head is None:
            self._wrong(cell, "the column has no heading", "write a period above it")
            return None
        key = cell.column, calendar
        if key not in self._periods:
            self._periods[key] = self._headed(head, calendar)
        return self._periods[key]

    def _headed(self, head: Cell, calendar: WorkCalendar) -> Period | None:
        try:
            found = period(head, calendar, by_day=self._by_day)
            if found.kind in self._reading.plan.kinds():
                return found
            what = f"the plan keeps no period of kind {found.kind!r}"
        except InvalidRecord as problem:
            what = str(problem)
        if head.column not in self._told:
            self._wrong(head, what, f"mend the heading, or leave the column out with --ignore {head.text!r}")
        self._told.add(head.column)
        return None

    def _amount(self, cell: Cell) -> str | None:
        try:
            return _as_written(self._number(cell), self._reading)
        except (NoNumber, InvalidRecord) as problem:
            fix = problem.fix if isinstance(problem, NoNumber) else "round it"
            self._wrong(cell, problem.what if isinstance(problem, NoNumber) else str(problem), fix)
            return None

    def _number(self, cell: Cell) -> Decimal:
        match cell.value:
            case bool() | date() | time() | timedelta() | None:
                raise NoNumber(f"{cell.text!r} is not a number", f"write digits, or {_EMPTY}")
            case int() | float() as number:
                return Decimal(f"{number:.{_KEPT}g}")
            case str() as text:
                return self._typed(text)

    def _typed(self, text: str) -> Decimal:
        if text.startswith("="):
            raise NoNumber(f"the formula {text!r} was never computed", "open the file where it is computed and save it")
        number = written(text, self._reading.currency)
        if self._is_doubtful(number):
            what = f"{number.digits!r} may be thousands, or a number with three decimals"
            raise NoNumber(what, "write it without the mark, or say with --decimal which mark begins the decimals")
        value = number.value(self._mark)
        if number.unit != "%":
            return value
        if self._reading.metric.kind != "ratio":
            raise NoNumber(f"{text!r} is a percentage, {self._reading.metric.id} is none", "write digits alone")
        return value / 100

    def _is_doubtful(self, number: Written) -> bool:
        """Whether one cannot be sure that the mark groups thousands: it is the file's, or three decimals are usual."""
        if self._reading.mark is not None or not number.is_doubtful:
            return False
        if self._mark is not None:
            return self._mark in number.digits
        return self._reading.currency is not None and exponent(self._reading.currency) > 2

    def _proven(self) -> Mark | None:
        """The decimal mark that the numbers of the table agree on."""
        proofs: dict[Mark, tuple[Cell, Written]] = {}
        for row in self._rows:
            for cell in row:
                number = _maybe(cell, self._reading.currency) if self._counts(cell) else None
                if number is not None and number.mark is not None:
                    proofs.setdefault(number.mark, (cell, number))
        if len(proofs) > 1:
            (point, one), (comma, other) = proofs["."], proofs[","]
            where = f"row {comma.row}, column {letters(comma.column)}"
            what = f"{one.digits!r} has a decimal point, but {other.digits!r} in {where} a decimal comma"
            self._wrong(point, what, "write both in the same way")
        return next(iter(proofs), None)

    def _wrong(self, cell: Cell, what: str, fix: str) -> None:
        self.problems.append(self._grid.wrong(cell, what, fix))


def _maybe(cell: Cell, currency: str | None) -> Written | None:
    try:
        return written(cell.value, currency) if isinstance(cell.value, str) else None
    except NoNumber:
        return None


def _as_written(value: Decimal, reading: Reading) -> str:
    """A target as a plan writes it; raises NoNumber or InvalidRecord for one that it may not have."""
    if value < 0:
        raise NoNumber(f"the target {value} is negative", "write 0 or more")
    if reading.metric.kind == "ratio" and value > 1:
        raise NoNumber(f"the target {value} of a ratio is above 1", "write 0.45 or 45 % for 45 %")
    if value >= _MOST:
        raise NoNumber(f"the target {value} is too large", f"write less than {_MOST}")
    if reading.currency is not None:
        return decimal(minor_units(format(value, "f"), reading.currency), reading.currency)
    if value != value.quantize(_EXACT):
        raise NoNumber(f"the target {value} has more than six decimals", "round it")
    return format(value.quantize(_EXACT), "f").rstrip("0").rstrip(".")


def _repeated(grid: Grid, found: Sequence[Target]) -> Iterator[str]:
    first: dict[tuple[str, str], Cell] = {}
    for target in found:
        key = target.scope, target.period.id
        if key in first:
            there = f"row {first[key].row}, column {letters(first[key].column)}"
            what = f"{target.scope} has a target for {target.period.id} in {there} already"
            yield grid.wrong(target.cell, what, "keep one of them")
        first.setdefault(key, target.cell)
