"""Metrics of the plan's own: under which names, and what they count."""

from collections.abc import Iterator

from quota.catalogue import BUILT_IN, is_taken
from streams.documents import Problem
from streams.plans.draft import Draft


def kinds(draft: Draft) -> Iterator[Problem]:
    """A metric counts either activities or conversations."""
    for metric in draft.entries["metrics"]:
        both = [key for key in ("counts", "conversations") if key in metric.places]
        if len(both) == 2:
            fix = "make two metrics of it"
            yield Problem(metric.at("conversations"), "it counts activities and conversations", fix)
        elif not both:
            fix = "add `counts: [application]`, or `conversations: {minutes: 5}`"
            yield Problem(metric.place, "the metric counts nothing", fix)


def names(draft: Draft) -> Iterator[Problem]:
    """A plan's metric may add activities to a built-in count, but not take the name of another number."""
    for metric in draft.entries["metrics"]:
        name, by_conversations = metric.values.get("id"), "conversations" in metric.places
        if name is not None and is_taken(name, by_conversations=by_conversations):
            added = by_conversations and name in BUILT_IN
            what = "is built in and cannot be redefined" if added else "exists and does not count activities"
            yield Problem(metric.at("id"), f"metric {name!r} {what}", "choose another id")
