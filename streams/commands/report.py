"""`quotaflow report`: where everybody stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import click
from msgspec import json

from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from schemas.standings import Standing
from streams.commands.console import out
from streams.commands.names import require_scope
from streams.commands.options import shared
from streams.commands.session import Failure, Session
from streams.serving.documents import document
from streams.serving.plan import newest
from streams.serving.standings import current, kept, kept_period, ordered, standings

MOST_NAMED = 12
"""Periods that an error names in full."""


@dataclass(frozen=True)
class Wanted:
    """Which standings to show; what is None is not restricted."""

    scope: str | None
    level: str | None
    period: str | None

    def holds(self, standing: Standing) -> bool:
        """Whether a standing is of the wanted scope and level."""
        level = standing.scope.partition(":")[0]
        return (self.scope is None or standing.scope == self.scope) and (self.level is None or level == self.level)


@click.command()
@click.option("--scope", help="company, team:ID, rep:ID or unassigned.")
@click.option("--level", type=click.Choice(["rep", "team", "company"]), help="Only scopes of this level.")
@click.option("--period", help="2017-11-21, 2017-W47, 2017-11, 2017-Q4 or 2017; without it, those under way.")
@click.option("--json", "as_json", is_flag=True, help="All of it, for programs; without --period every period.")
@shared
@click.pass_obj
def report(session: Session, scope: str | None, level: str | None, period: str | None, *, as_json: bool) -> None:
    """Print attainment, pace, gap and pipeline of every scope, or of those asked for."""
    plan, found = session.run(_found(session, Wanted(scope, level, period)))
    if as_json:
        documents = [document(standing, plan.calendar(standing.scope)) for standing in found]
        click.echo(json.encode({"standings": documents}))
        return
    shown = found if period else current(found, plan)
    from streams.commands.standings_table import standings_table

    console = out()
    console.print(standings_table(shown, plan, console.width, _title(shown, plan)))


async def _found(session: Session, wanted: Wanted) -> tuple[PlanIndex, list[Standing]]:
    async with session.reading() as opened:
        plan = await newest(opened.log)
        if wanted.scope is not None:
            require_scope(wanted.scope, plan)
        found = ordered(kept(await standings(opened.log, opened.shards), plan), plan)
    chosen = [standing for standing in found if wanted.holds(standing)]
    if wanted.period is not None:
        chosen = _in_period(chosen, wanted.period, plan)
    if not found:
        raise Failure("nothing stands here yet; send facts (`quotaflow replay`) and let a worker process them")
    return plan, chosen


def _in_period(found: Sequence[Standing], period: str, plan: PlanIndex) -> list[Standing]:
    ids, wrong = {}, None
    for scope in dict.fromkeys(each.scope for each in found):
        try:
            ids[scope] = kept_period(scope, period, plan)
        except InvalidRecord as error:
            # Another calendar may have it.
            wrong = wrong or error
    if wrong is not None and not ids:
        raise click.UsageError(str(wrong)) from wrong
    chosen = [standing for standing in found if standing.period == ids.get(standing.scope)]
    if not chosen and found:
        kind = len(next(iter(ids.values())))
        known = sorted({each.period for each in found if len(each.period) == kind} or {each.period for each in found})
        there = ", ".join(known if len(known) <= MOST_NAMED else [*known[:2], "...", *known[-2:]])
        raise Failure(f"nothing stands for {period}; there is {there}")
    return chosen


def _title(found: Sequence[Standing], plan: PlanIndex) -> str | None:
    if not found:
        return None
    as_of = max(standing.as_of for standing in found).astimezone(plan.calendar("company").zone)
    return f"{plan.plan.company.name}, as of {as_of:%Y-%m-%d %H:%M %Z}"
