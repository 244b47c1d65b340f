"""What the commands that set quotas share: history, what people typed, and how targets are written."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import click
from msgspec import Struct

from quota.errors import InvalidRecord
from quota.histories import Histories, unit_of, units, written
from quota.periods import Period
from quota.plans import PlanIndex
from quota.reconciliations import is_lower
from quota.wording import percent, quantity
from streams.commands.names import require_metric, require_scope, the_period
from streams.commands.session import Session
from streams.serving.plan import newest
from streams.serving.standings import kept, standings

UNDEFINED = "-"
_SHARE = re.compile(r"(?P<number>[+-]?(\d{1,6}(\.\d{1,12})?|\.\d{1,12}))\s*(?P<percent>%?)", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,6})?", re.ASCII)
F = TypeVar("F", bound=Callable[..., Any])


class Share(click.ParamType):
    """A number of at least `least` as people write a share: `5%` or `0.05`, kept exactly."""

    name = "SHARE"

    def __init__(self, least: int = 0) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """The fraction; a usage error for anything else."""
        if isinstance(value, Fraction):
            return value
        match = _SHARE.fullmatch(str(value).strip())
        found = None if match is None else Fraction(match["number"]) / (100 if match["percent"] else 1)
        if found is None or found < self.least:
            self.fail(f"{value!r} is not a share from {self.least * 100}% on; write 5% or 0.05", param, ctx)
        return found


class Number(click.ParamType):
    """A number of more than nothing, kept exactly."""

    name = "NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The number; a usage error for anything else, and for one beyond fifteen digits."""
        text = str(value).replace("_", "").replace(",", "")
        if not _NUMBER.fullmatch(text) or not Decimal(text):
            self.fail(f"{value!r} is not a number above 0; write digits such as 300000 or 0.25", param, ctx)
        return Decimal(text)


@dataclass(frozen=True)
class Asked:
    """What a command asks about: a metric that adds up, of a scope in a period, and what is known of the past."""

    scope: str
    metric: str
    period: Period
    history: Histories

    @property
    def plan(self) -> PlanIndex:
        """The newest plan."""
        return self.history.plan

    @property
    def currency(self) -> str | None:
        """The metric's currency; None for a count."""
        return unit_of(self.metric, self.plan)

    @property
    def lower(self) -> bool:
        """Whether less is better."""
        return is_lower(self.scope, self.metric, self.period, self.plan)

    def shown(self, number: int | None) -> str:
        """Minor units or a count for people."""
        return UNDEFINED if number is None else quantity(self.text(number) or 0, self.currency)

    def text(self, number: int | None) -> str | int | None:
        """Minor units as a decimal string, or a count, for programs."""
        return number if number is None or self.currency is None else written(number, self.currency)

    def units(self, number: Decimal) -> int:
        """A number that somebody typed, in minor units or as a count; a usage error for parts of these."""
        try:
            return units(f"{number:f}", self.currency)
        except InvalidRecord as error:
            raise click.UsageError(str(error)) from error


def as_percent(found: float | None) -> str:
    """A fraction as percent, for people."""
    return UNDEFINED if found is None else percent(found)


def about(command: F) -> F:
    """Adds SCOPE, METRIC and PERIOD, in this order."""
    for name in ("period", "metric", "scope"):
        command = click.argument(name)(command)
    return command


def as_json(command: F) -> F:
    """Adds --json."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")(command)


def ask(session: Session, scope: str, metric: str, period: str) -> Asked:
    """What is asked about; usage errors for names that nobody knows, and for a metric that does not add up."""
    history = session.run(_history(session))
    plan = history.plan
    require_scope(scope, plan)
    require_metric(metric, plan)
    try:
        unit_of(metric, plan)
    except InvalidRecord as error:
        raise click.UsageError(str(error)) from error
    return Asked(scope, metric, the_period(period, scope, plan), history)


async def _history(session: Session) -> Histories:
    async with session.reading() as opened:
        plan = await newest(opened.log)
        return Histories(kept(await standings(opened.log, opened.shards), plan), plan)


class Target(Struct, frozen=True):
    """A target for a scope, in minor units or counts."""

    scope: str
    target: int


def as_plan(asked: Asked, targets: Iterable[Target], reason: str) -> str:
    """The targets as a section of a plan file, for this period alone."""
    period, better = asked.period, ", direction: lower" if asked.lower else ""
    lines = [f"# {reason}", "quotas:"]
    lines += [
        f"  - {{scope: {each.scope}, metric: {asked.metric}, period: {period.kind}, target: {asked.text(each.target)},"
        f" from: {period.start}, until: {period.end}{better}}}"
        for each in targets
    ]
    return "\n".join(lines)
