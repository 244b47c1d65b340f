"""What a conversation counts as under a plan, by plain conditions; it takes types and no arithmetic."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import UNSET

from schemas.activities import Activity
from schemas.meetings import MeetingChanged
from schemas.plan import Conversations, Plan


class Talk(NamedTuple):
    """With whom, for how long, and how it went, as far as anybody said."""

    contact: str | None
    seniority: str | None
    role: str | None
    seconds: int | None
    two_way: bool | None
    meaningful: bool | None


def details(fact: Activity | MeetingChanged) -> Talk:
    """What one fact says."""
    return Talk(fact.contact, fact.seniority, fact.role, fact.seconds, fact.two_way, fact.meaningful)


def of_meeting(changes: Iterable[MeetingChanged]) -> Talk:
    """What is known after all changes, told in their order."""
    known: dict[str, object] = {}
    starts = ends = None
    for change in changes:
        said = {field: value for field, value in details(change)._asdict().items() if value is not None}
        if known.get("contact", said.get("contact")) != said.get("contact", known.get("contact")):
            known = {field: value for field, value in known.items() if field not in {"seniority", "role"}}
        known |= said
        starts, ends = change.starts_at or starts, change.ends_at or ends
    if "seconds" not in known and starts and ends and ends >= starts:
        known["seconds"] = int((ends - starts).total_seconds())
    return Talk(**{field: known.get(field) for field in Talk._fields})  # type: ignore[arg-type]  # as they were said


def counted(talk: Talk, lead: str | None, plan: Plan) -> Iterator[tuple[str, str]]:
    """What it counts as and with whom: for a metric of contacts and days that is `with` and its id."""
    if talk.two_way is False:
        return
    yield "conversations", ""
    if lead is not None:
        yield "lead", lead
    choices = {"meaningful_conversations": Conversations()}
    choices |= {metric.id: metric.conversations for metric in plan.metrics if metric.conversations is not UNSET}
    for metric, choice in choices.items():
        long = talk.seconds is not None and talk.seconds >= choice.minutes * 60
        if not (long or talk.meaningful or choice.minutes == 0):
            continue
        if choice.seniorities and (talk.seniority or "").lower() not in [name.lower() for name in choice.seniorities]:
            continue
        if choice.roles and (talk.role or "").lower() not in [name.lower() for name in choice.roles]:
            continue
        if not choice.distinct:
            yield metric, ""
        elif talk.contact is not None:
            yield f"with {metric}", talk.contact
