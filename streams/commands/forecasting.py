"""What the commands that look ahead share: deals in hindsight as of a day."""

from dataclasses import dataclass
from datetime import date

import click

from quota.hindsight import Hindsight
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.deals import DealRecord
from streams.commands.names import WITHIN, YEARS, require_scope, the_period
from streams.commands.session import Failure, Session
from streams.serving.control import control
from streams.serving.entities import deal_records
from streams.serving.plan import newest


class Day(click.ParamType):
    """A day as people write it in ISO 8601, of the years in which facts can be."""

    name = "DAY"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day; a usage error for anything else."""
        if isinstance(value, date):
            return value
        try:
            found = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it like 2017-10-31", param, ctx)
        if found.year not in YEARS:
            self.fail(f"{value} is too far away; {WITHIN}", param, ctx)
        return found


@dataclass(frozen=True)
class Ahead:
    """A scope and a period, all deals, and the day as of whose end they are looked at."""

    scope: str
    period: Period
    day: date
    records: list[DealRecord]
    plan: PlanIndex

    def seen(self, day: date | None = None) -> Hindsight:
        """What was known at the end of the day, or of another one."""
        return Hindsight(self.records, day or self.day, self.plan)


def look(session: Session, scope: str, period: str, day: date | None) -> Ahead:
    """What is asked about; without a day as of the log's own."""
    return session.run(_look(session, scope, period, day))


async def _look(session: Session, scope: str, period: str, day: date | None) -> Ahead:
    async with session.reading() as opened:
        plan = await newest(opened.log)
        require_scope(scope, plan)
        wanted = the_period(period, scope, plan)
        at = (await control(opened.log)).at
        own = None if at is None else plan.calendar("company").local_day(at)
        day = day or own
        if day is None:
            raise Failure("no time has passed in this log yet; send facts, or say --as-of")
        if own is not None and day > own:
            what = f"what happened from then to the end of {day} is not in"
            click.echo(f"the log's time is {own}: {what}", err=True)
        return Ahead(scope, wanted, day, await deal_records(opened.log, opened.shards), plan)
