"""Every built-in metric, declared once: what it is, what it is measured in, and how it adds up."""

from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET

from quota import cells
from quota.errors import InvalidRecord
from schemas.plan import Metric

Kind = Literal["count", "money", "ratio", "days"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric: its level, the kind of its unit, how days merge, and which direction is better.

    A `prorated` metric grows over a period, so a quota on it has an expected value to date; a ratio, a median or a
    stock has not. `activity` is the type of activity that it counts, if it counts one; `chosen` says that it counts
    conversations, but not all of them.
    """

    id: str
    level: Literal["input", "between", "output"]
    kind: Kind = "count"
    aggregation: Literal["sum", "distinct", "ratio", "quantile", "stock"] = "sum"
    direction: Literal["higher", "lower"] = "higher"
    prorated: bool = True
    activity: str | None = None
    chosen: bool = False

    @property
    def counted(self) -> bool:
        """Whether its value is the cell component of its own name."""
        return self.kind == "count" and self.aggregation == "sum"


_ALL = (
    Declaration("calls_placed", "input", activity="call_placed"),
    Declaration("calls_connected", "input", activity="call_connected"),
    Declaration("emails_sent", "input", activity="email_sent"),
    Declaration("meetings_scheduled", "input"),
    Declaration("meetings_held", "input"),
    Declaration("no_shows", "input", direction="lower"),
    Declaration("chats", "input", activity="chat"),
    Declaration("linkedin_touches", "input", activity="linkedin_touch"),
    Declaration("proposals_sent", "input", activity="proposal_sent"),
    Declaration("leads_spoken_to", "input", aggregation="distinct"),
    Declaration("conversations", "input"),
    Declaration("meaningful_conversations", "input", aggregation="distinct", chosen=True),
    Declaration("opportunities_created", "between"),
    Declaration("opportunities_advanced", "between"),
    Declaration("deals_won", "output"),
    Declaration("deals_lost", "output", direction="lower"),
    Declaration("revenue", "output", "money"),
    Declaration("gross_margin", "output", "money"),
    Declaration("win_rate", "between", "ratio", "ratio", prorated=False),
    Declaration("average_deal_value", "between", "money", "ratio", prorated=False),
    Declaration("cycle_days_median", "between", "days", "quantile", "lower", prorated=False),
    Declaration("pipeline_count", "between", "count", "stock", prorated=False),
    Declaration("pipeline_amount", "between", "money", "stock", prorated=False),
    Declaration("pipeline_weighted", "between", "money", "stock", prorated=False),
    Declaration("early_stage_count", "between", "count", "stock", prorated=False),
)
BUILT_IN: dict[str, Declaration] = {metric.id: metric for metric in _ALL}
CONVERSATIONS = frozenset({"call_connected", "chat"})
"""Types of activity in which somebody was spoken to; the others are meetings that were held."""
MEANINGFUL = "meaningful_conversations"


def declared(metrics: tuple[Metric, ...]) -> dict[str, Declaration]:
    """The metrics of a plan's own; raises InvalidRecord for one under a name that is taken."""
    found: dict[str, Declaration] = {}
    for metric in metrics:
        if is_taken(metric.id, by_conversations=metric.conversations is not UNSET):
            message = f"metric {metric.id}: this name is taken by a built-in number; choose another id"
            raise InvalidRecord(message)
        if metric.conversations is UNSET:
            found[metric.id] = BUILT_IN.get(metric.id) or Declaration(metric.id, "input")
        elif metric.counts:
            raise InvalidRecord(f"metric {metric.id} counts activities and conversations; make two of it")
        else:
            of_contacts = Declaration(metric.id, "input", aggregation="distinct", chosen=True)
            distinct = metric.conversations.distinct
            found[metric.id] = of_contacts if distinct else Declaration(metric.id, "input", chosen=True)
    return found


def is_taken(name: str, *, by_conversations: bool) -> bool:
    """Whether a plan's metric cannot have this id: it can add activities to a count, or redefine what is meaningful."""
    if by_conversations:
        return name in cells.PLAIN or (name in BUILT_IN and name != MEANINGFUL)
    return name in cells.PLAIN or (name in BUILT_IN and not BUILT_IN[name].counted)


def counted_activities(metrics: tuple[Metric, ...]) -> dict[str, tuple[str, ...]]:
    """The metrics for which activities count, by type of activity."""
    pairs = [(metric.activity, metric.id) for metric in BUILT_IN.values() if metric.activity is not None]
    pairs += [(activity, metric.id) for metric in metrics for activity in metric.counts]
    found: dict[str, tuple[str, ...]] = {}
    for activity, metric_id in dict.fromkeys(pairs):
        found[activity] = (*found.get(activity, ()), metric_id)
    return found
