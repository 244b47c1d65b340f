"""What a conversation counts as: by how long it was, how it went, and with whom."""

from collections.abc import Iterator

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

from quota.catalogue import MEANINGFUL
from quota.cells import LEAD, TALK
from schemas.activities import Activity
from schemas.conversations import Conversation
from schemas.meetings import MeetingChanged
from schemas.plan import Conversations as Wanted
from schemas.plan import Metric

UNKNOWN = Conversation()
"""A conversation of which nothing is known."""


def conversation(fact: Activity | MeetingChanged) -> Conversation | None:
    """What the fact tells of a conversation, without its lead; None if it tells nothing."""
    if fact.contact is None and fact.seconds is None and fact.two_way is None and fact.meaningful is None:  # noqa: SIM102
        if fact.seniority is None and fact.role is None:
            return None
    return Conversation(fact.contact, fact.seniority, fact.role, fact.seconds, fact.two_way, fact.meaningful)


def with_lead(fact: Activity) -> str | Conversation | None:
    """What an activity's record keeps of whom it was with: the lead alone where no more is known."""
    told = conversation(fact)
    return fact.lead if told is None else replace(told, lead=fact.lead)


def later(before: Conversation | None, said: Conversation) -> Conversation:
    """What is known after something more was said; another contact has another seniority and role."""
    if before is None:
        return said
    if said.contact is not None and before.contact is not None and said.contact != before.contact:
        before = replace(before, seniority=None, role=None)
    return replace(before, **{field: new for field, new in asdict(said).items() if new is not None})


class _Filter(Struct, frozen=True):
    """Which conversations a metric counts; names as they compare."""

    metric: str
    distinct: bool
    seconds: int
    seniorities: frozenset[str]
    roles: frozenset[str]

    def fits(self, said: Conversation) -> bool:
        long = not self.seconds or said.meaningful or (said.seconds is not None and said.seconds >= self.seconds)
        return bool(long) and _is_one_of(said.seniority, self.seniorities) and _is_one_of(said.role, self.roles)


def _is_one_of(name: str | None, wanted: frozenset[str]) -> bool:
    return not wanted or (name is not None and name.casefold() in wanted)


class Conversations:
    """What conversations count as under a plan's metrics."""

    def __init__(self, metrics: tuple[Metric, ...]) -> None:
        """The plan's own metrics, of which one may say what is meaningful."""
        wanted = {MEANINGFUL: Wanted()}
        wanted |= {metric.id: metric.conversations for metric in metrics if metric.conversations is not UNSET}
        self._filters = tuple(_filter(metric, each) for metric, each in wanted.items())
        self.distinct = frozenset(each.metric for each in self._filters if each.distinct)
        """The metrics that count a contact once a day."""

    def components(self, said: Conversation, day: str) -> tuple[str, ...]:
        """What a conversation on a local day (YYYY-MM-DD) is counted as; nothing if nobody answered."""
        return () if said.two_way is False else ("conversations", *self._more(said, day))

    def _more(self, said: Conversation, day: str) -> Iterator[str]:
        if said.lead is not None:
            yield f"{LEAD}{said.lead}"
        for each in self._filters:
            if not each.distinct:
                if each.fits(said):
                    yield each.metric
            elif said.contact is not None and each.fits(said):
                yield f"{TALK}{each.metric}|{day}|{said.contact}"


def _filter(metric: str, wanted: Wanted) -> _Filter:
    seniorities, roles = (frozenset(map(str.casefold, names)) for names in (wanted.seniorities, wanted.roles))
    return _Filter(metric, wanted.distinct, wanted.minutes * 60, seniorities, roles)


def talk_of(metric: str) -> str:
    """How the components begin that say with whom a metric counts a conversation on a day."""
    return f"{TALK}{metric}|"
