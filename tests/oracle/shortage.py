"""When the shortage alert must fire on a `crm-sales-opportunities` folder, step by step as the rule is defined.

The example plan: Monday to Friday, no holidays; both open stages early; each scope's target is its mean quarterly
revenue of Q2-Q4 2017 in every quarter. Evaluated at the end of every working day with everything dated up to then.
Ages and distances are whole days; all deals are dated at the same hour. The letters are those of the definition:

- P*: the quarter that contains today + lead. H: days from tomorrow to its last day; h: to the day before its first.
- w_a, l_a: of the deals that reached age a, the shares won and lost at that age.
- F(a, h) = sum over u = a+1..a+h of w_u times the product over v = a+1..u-1 of (1 - w_v - l_v).
- p(a) = F(a, H) - F(a, h), times the scope's win rate over the pipeline's, shrunk to it with m = 20.
- A: won in P* so far. E: sum over open deals of amount times p(age). r: deals created in the last 28 days / 28.
- I = r times the average won value (shrunk) times the sum over u = 1..H of F(0, H-u) - F(0, max(0, h-u)), same ratio.
- short = (Q - A - E - I) / Q; fires at 20 % on 5 working days in a row, clears at 5 %.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from tests.oracle import crm
from tests.oracle.crm import Deal

LEAD = 57
OLDEST = 200  # ages from here on are pooled
SHRINK = 20  # m
RECENT = 28  # days in which creations are counted, today included
FIRE, CLEAR, DAYS_IN_A_ROW = 0.20, 0.05, 5
ENOUGH_WINS, ENOUGH_DAYS = 20, 60


@dataclass(frozen=True)
class Horizon:
    """P*, the quarter that contains `today + LEAD`, and its distance from the end of today in days."""

    period: str
    first: date
    to_last: int  # H
    to_before_first: int  # h


@dataclass(frozen=True)
class Daily:
    """One evaluation of one scope; amounts in dollars, chances of a deal before `ratio` is applied."""

    scope: str
    period: str
    day: date
    target: float
    credited: int  # A
    expected: float  # E
    incoming: float  # I
    created_per_day: float  # r
    ratio: float  # the scope's win rate over the pipeline's
    average_value: float
    chance_by_age: tuple[float, ...]  # p(a)
    chance_of_new: float  # what one deal created on each of the H days to come adds up to
    early_count: int
    early_amount: int
    short: float


@dataclass(frozen=True)
class Transition:
    """One change of one alert."""

    scope: str
    period: str
    kind: Literal["firing", "resolved"]
    day: date
    reason: Literal["short", "enough", "too_late"]


@dataclass
class Book:
    """What one scope has at the end of a day: all closings so far, A, open deals by age, recent creations."""

    won: int = 0
    lost: int = 0
    revenue: int = 0
    credited: int = 0
    recent: int = 0
    open_count: int = 0
    open_amount: list[int] = field(default_factory=lambda: [0] * (OLDEST + 1))


@dataclass
class Alert:
    """Where one scope's alert stands for the current P*."""

    period: str
    streak: int = 0
    firing: bool = False


def horizon(today: date) -> Horizon:
    """H counts tomorrow up to P*'s last day; h tomorrow up to the day before its first, 0 once it has begun."""
    reached = today + timedelta(days=LEAD)
    first = date(reached.year, 3 * ((reached.month - 1) // 3) + 1, 1)
    after = (first + timedelta(days=92)).replace(day=1)  # no quarter is longer
    last = after - timedelta(days=1)
    before_first = first - timedelta(days=1)
    return Horizon(crm.quarter(reached), first, (last - today).days, max(0, (before_first - today).days))


def hazards(deals: Sequence[Deal], today: date) -> tuple[list[float], list[float]]:
    """`w_a` and `l_a` for the ages 0..OLDEST: won or lost at that age over all deals known to have reached it.

    A closed deal has reached the age at which it closed, an open one its age today; deals without a date have none.
    """
    reached, won, lost = ([0] * (OLDEST + 1) for _ in range(3))
    for deal in deals:
        if deal.engaged is None or deal.engaged > today:
            continue
        if deal.closed is None or deal.closed > today:
            reached[min(OLDEST, (today - deal.engaged).days)] += 1
            continue
        age = min(OLDEST, (deal.closed - deal.engaged).days)
        reached[age] += 1
        (won if deal.won else lost)[age] += 1
    for age in reversed(range(OLDEST)):
        reached[age] += reached[age + 1]
    return (
        [count / n if n else 0.0 for count, n in zip(won, reached, strict=True)],
        [count / n if n else 0.0 for count, n in zip(lost, reached, strict=True)],
    )


def chances(won: Sequence[float], lost: Sequence[float], days: int) -> list[list[float]]:
    """`F(a, h)` as `[h][a]` for h = 0..days, by its first step: won at age a+1, or neither and on from there.

    F(a, h) = w_{a+1} + (1 - w_{a+1} - l_{a+1}) F(a+1, h-1): the sum of products with its first term apart.
    """
    table = [[0.0] * (OLDEST + 1)]
    for _ in range(days):
        later, row = table[-1], []
        for age in range(OLDEST + 1):
            next_age = min(OLDEST, age + 1)
            row.append(won[next_age] + (1 - won[next_age] - lost[next_age]) * later[next_age])
        table.append(row)
    return table


def books(deals: Sequence[Deal], chains: Mapping[str, Sequence[str]], today: date, ahead: Horizon) -> dict[str, Book]:
    """Every scope's book; an undated deal has no age, hence no chance, and is left out."""
    found = {scope: Book() for chain in chains.values() for scope in chain}
    for deal in deals:
        if deal.engaged is None or deal.engaged > today:
            continue
        for scope in chains[deal.agent]:
            enter(found[scope], deal, (today - deal.engaged).days, today, ahead)
    return found


def enter(book: Book, deal: Deal, age: int, today: date, ahead: Horizon) -> None:
    """Enter one dated deal as it stood at the end of today: an open one at its list price, a won one at its value."""
    book.recent += age < RECENT
    if deal.closed is None or deal.closed > today:
        book.open_count += 1
        book.open_amount[min(OLDEST, age)] += deal.list_price
    elif deal.won:
        book.won += 1
        book.revenue += deal.close_value
        book.credited += deal.close_value if deal.closed >= ahead.first else 0
    else:
        book.lost += 1


def daily(scope: str, target: float, known: Mapping[str, Book], today: date, table: list[list[float]]) -> Daily:
    """The projection of one scope and what is missing."""
    ahead, own, total = horizon(today), known[scope], known["company"]
    win_rate = total.won / (total.won + total.lost)
    own_rate = (own.won + SHRINK * win_rate) / (own.won + own.lost + SHRINK)
    ratio = own_rate / win_rate
    value = (own.revenue + SHRINK * total.revenue / total.won) / (own.won + SHRINK)
    last, before = ahead.to_last, ahead.to_before_first
    by_age = tuple(whole - early for whole, early in zip(table[last], table[before], strict=True))
    of_new = sum(table[last - u][0] - table[max(0, before - u)][0] for u in range(1, last + 1))
    expected = ratio * sum(amount * chance for amount, chance in zip(own.open_amount, by_age, strict=True))
    rate = own.recent / RECENT
    incoming = rate * value * of_new * ratio
    return Daily(
        scope=scope,
        period=ahead.period,
        day=today,
        target=target,
        credited=own.credited,
        expected=expected,
        incoming=incoming,
        created_per_day=rate,
        ratio=ratio,
        average_value=value,
        chance_by_age=by_age,
        chance_of_new=of_new,
        early_count=own.open_count,
        early_amount=sum(own.open_amount),
        short=shortfall(target, own.credited, expected, incoming),
    )


def shortfall(target: float, credited: float, expected: float, incoming: float) -> float:
    """The share of the target that is missing."""
    return (target - (credited + expected + incoming)) / target


def needed(created: float, target: float, credited: float, expected: float, incoming: float) -> float:
    """How many opportunities must be created, in the time in which `created` were, to close the gap."""
    return created * (target - credited - expected) / incoming


def working_days(first: date, last: date) -> Iterator[date]:
    """Monday to Friday, both ends included."""
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day.weekday() < 5:
            yield day


def evaluations(folder: Path) -> list[Daily]:
    """Every scope with a target on every working day with a verdict, by day and scope, up to the last closing."""
    deals, chains, targets = crm.deals(folder), crm.scopes_of(folder), crm.targets(folder)
    closings = [deal.closed for deal in deals if deal.closed is not None]
    found = []
    for today in working_days(min(closings) + timedelta(days=ENOUGH_DAYS), max(closings)):
        ahead = horizon(today)
        known = books(deals, chains, today, ahead)
        if known["company"].won < ENOUGH_WINS:
            continue
        table = chances(*hazards(deals, today), ahead.to_last)
        found += [daily(scope, float(targets[scope]), known, today, table) for scope in sorted(targets)]
    return found


def transitions(values: Sequence[Daily]) -> list[Transition]:
    """Every firing and resolving in the order of the evaluations; a new P* closes what is open and counts anew."""
    alerts: dict[str, Alert] = {}
    found = []
    for value in values:
        alert = alerts.setdefault(value.scope, Alert(value.period))
        if alert.period != value.period:
            if alert.firing:
                found.append(Transition(value.scope, alert.period, "resolved", value.day, "too_late"))
            alert = alerts[value.scope] = Alert(value.period)
        alert.streak = alert.streak + 1 if value.short >= FIRE else 0
        if not alert.firing and alert.streak >= DAYS_IN_A_ROW:
            alert.firing = True
            found.append(Transition(value.scope, value.period, "firing", value.day, "short"))
        elif alert.firing and value.short <= CLEAR:
            alert.firing = False
            found.append(Transition(value.scope, value.period, "resolved", value.day, "enough"))
    return found
