"""Proposed quotas, and what those whom they concern answered, in the order in which it was said."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Currency, Day, Moment, Name, Scope, Slug
from schemas.plan import Decimal, PeriodKind

Text = Annotated[str, Meta(max_length=2000)]
AnswerKind = Literal["comment", "accept", "contest", "withdraw"]


class Proposal(Struct, frozen=True, tag="proposal", omit_defaults=True):
    """A quota for the days from `start` until before `end` that is not in the plan yet; a review is due on a day."""

    number: int
    at: Moment
    by: Name
    scope: Scope
    metric: Slug
    period: PeriodKind
    start: Day
    end: Day
    target: Decimal
    review: Day
    currency: Currency | None = None
    reason: Text = ""


class Answer(Struct, frozen=True, tag="answer", omit_defaults=True):
    """What somebody said of the proposal of that number."""

    number: int
    at: Moment
    by: Name
    kind: AnswerKind
    text: Text = ""
