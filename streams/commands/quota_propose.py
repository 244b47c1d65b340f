"""`quotaflow quota propose`, `comment`, `accept`, `contest`, `withdraw`: those whom a quota concerns have a say."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import click
from msgspec import json

from quota.errors import InvalidRecord
from quota.proposals import Case, answered, parties
from schemas.plan import PeriodKind
from schemas.proposals import Answer, AnswerKind, Proposal
from streams import topics
from streams.commands.forecasting import Day
from streams.commands.options import shared
from streams.commands.quota_setting import Asked, Number, about, ask
from streams.commands.session import Failure, Session
from streams.log import Outgoing, ShutOut
from streams.serving.plan import newest
from streams.serving.proposals import proposals
from streams.wall_clock import now

NOTICE = timedelta(days=14)
"""Before a period begins, by when a proposal for it is to be agreed on."""
LONGEST = 2000


class Words(click.ParamType):
    """A text of at most 2,000 characters that can be printed."""

    name = "TEXT"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text; a usage error for one that is too long, or holds what cannot be printed."""
        if len(value) > LONGEST or not value.replace("\n", " ").isprintable():
            self.fail(f"at most {LONGEST:,} characters that can be printed", param, ctx)
        return value


class Person(Words):
    """A name on one line."""

    name = "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; a usage error for none."""
        if not value.strip() or len(value) > 200 or "\n" in value:
            self.fail("a name has 1 to 200 characters on one line", param, ctx)
        return super().convert(value, param, ctx)


by = click.option("--as", "by", type=Person(), required=True, help="Who says so, by name.")


@click.command()
@about
@click.option("--target", type=Number(), required=True)
@click.option("--reason", type=Words(), default="", help="Why this much.")
@click.option("--review", type=Day(), help="By when to agree; default: two weeks before the period.")
@by
@shared
@click.pass_obj
def propose(
    session: Session,
    scope: str,
    metric: str,
    period: str,
    *,
    target: Decimal,
    reason: str,
    review: date | None,
    by: str,
) -> None:
    """Propose a quota of SCOPE on METRIC for PERIOD to those whom it concerns.

    For example: quotaflow quota propose rep:anna-snelling revenue 2018-Q1 --target 60000 --as "Dustin Brinkmann"
    """
    asked = ask(session, scope, metric, period)
    _require_quota(asked)
    asked.units(target)
    span = asked.period
    review = review or span.start - NOTICE

    def make(known: dict[int, Case]) -> Proposal:
        return Proposal(
            number=max(known, default=0) + 1,
            at=now(),
            by=by,
            scope=scope,
            metric=metric,
            period=cast("PeriodKind", span.kind),
            start=str(span.start),
            end=str(span.end),
            target=f"{target:f}",
            review=str(review),
            currency=asked.currency,
            reason=reason,
        )

    made = session.run(_said(session, make))
    assert isinstance(made, Proposal)
    click.echo(f"Proposal {made.number}: {_told(made, asked)}, to be agreed on by {made.review}.")
    concerned = ", ".join(parties(made, asked.plan))
    click.echo(f"It concerns {concerned}." if concerned else "The plan names nobody whom it concerns: no manager.")


def _require_quota(asked: Asked) -> None:
    """Raises a usage error for what the plan could have no quota for."""
    if asked.scope == "unassigned":
        raise click.UsageError("unassigned has no quotas; name company, team:ID or rep:ID")
    kind, kept = asked.period.kind, asked.plan.kinds()
    if kind not in kept:
        raise click.UsageError(f"the company keeps no period of kind {kind!r}; propose for a {' or '.join(kept)}")


def _told(made: Proposal, asked: Asked) -> str:
    return f"{asked.shown(asked.units(Decimal(made.target)))} {made.metric} of {made.scope} in {asked.period.id}"


def _answer(kind: AnswerKind, about: str, *, worded: bool) -> click.Command:
    """A command that answers a proposal; `worded` ones need a text."""

    @click.command(name=kind, help=about)
    @click.argument("number", type=click.IntRange(1))
    @click.argument("text", type=Words(), default="", required=worded)
    @by
    @shared
    @click.pass_obj
    def command(session: Session, number: int, text: str, *, by: str) -> None:
        case = session.run(_answered(session, Answer(number, now(), by, kind, text)))
        click.echo(f"Proposal {number} is {case.state}.")

    return command


async def _answered(session: Session, answer: Answer) -> Case:
    async with session.reading() as opened:
        plan = await newest(opened.log)
    found: list[Case] = []

    def make(known: dict[int, Case]) -> Answer:
        if answer.number not in known:
            raise Failure(f"there is no proposal {answer.number}; quotaflow quota review lists them")
        try:
            found.append(answered(known[answer.number], answer, plan))
        except InvalidRecord as error:
            raise Failure(str(error)) from error
        return answer

    await _said(session, make)
    return found[-1]


async def _said(session: Session, make: Callable[[dict[int, Case]], Proposal | Answer]) -> Proposal | Answer:
    """Writes what is made of all that was said before; nobody else can say anything in between."""
    async with session.reading() as opened:
        writer = await opened.log.writer("proposals")
        try:
            said = make((await proposals(opened.log)).cases)
            record = Outgoing(topics.PROPOSALS.name, 0, str(said.number).encode(), json.encode(said))
            await writer.commit([record], {})
        except ShutOut as error:
            raise Failure("somebody else said something in between and this was not kept; run it again") from error
        finally:
            await writer.close()
        return said


comment = _answer("comment", "Say something about proposal NUMBER.", worded=True)
accept = _answer("accept", "Accept proposal NUMBER, as its rep or a manager above.", worded=False)
contest = _answer("contest", "Contest proposal NUMBER, as its rep or a manager above, and say why.", worded=True)
withdraw = _answer("withdraw", "Take proposal NUMBER back, as the one who made it.", worded=False)
