"""Schedules by number, and what is wrong with what came of one."""

from functools import lru_cache
from typing import NamedTuple

from msgspec import json

from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.control import Tick
from schemas.standings import Standing
from streams.serving.contributions import valued, within
from streams.verifying.explained import by_scope
from tests.runtime.chaos import Story, schedule
from tests.runtime.fake_log import at_once
from tests.runtime.history import SHARDS, History, Past
from tests.runtime.oracle import totals
from tests.runtime.outcome import Outcome
from tests.runtime.world import World, calmed

EACH = 8
"""Schedules of one history; the first of them is without trouble."""
FACTS = (6, 12, 20)
METRICS = (
    *("calls_placed", "calls_connected", "leads_spoken_to", "meetings_scheduled", "meetings_held", "no_shows"),
    *("conversations", "meaningful_conversations"),
    *("opportunities_created", "deals_won", "deals_lost", "revenue"),
)
STANDING = b'{"type":"standing"'


class Verdict(NamedTuple):
    """What is wrong with a schedule's outcome, what happened in it, and how many transitions of alerts it had."""

    wrong: list[str]
    story: Story
    transitions: int


def past(number: int, seed: str = "past") -> History:
    """The history of this number."""
    return Past(f"{seed} {number}", facts=FACTS[number % len(FACTS)]).history()


def judged(number: int, seed: str = "past") -> Verdict:
    """The schedule of this number; another seed makes another history and schedule of every number."""
    history, known, wrong = _known(number // EACH, seed)
    found, story = schedule(history, f"{seed} {number}", trouble=number % EACH > 0)
    return Verdict(wrong + differences(known, found), story, sum(map(len, found[1])))


@lru_cache(maxsize=4)
def _known(number: int, seed: str) -> tuple[History, Outcome, list[str]]:
    """A history, what a calm schedule makes of it, and where plain loops over all facts say something else."""
    history = past(number, seed)
    world = calmed(history, each=False)
    known = world.outcome()
    found, said = numbers(known), {} if timeless(history) else asked(history)
    # Schedules have the calm one's entity records, byte for byte, and with them what explains their numbers.
    explained = {} if timeless(history) else sums(world, PlanIndex(history.plan(history.revisions)), known)
    wrong = [
        f"{name} is {found.get(name)}, and by {what} {right.get(name)}"
        for what, right in (("plain loops", said), ("what explains it", explained))
        for name in sorted({*found, *right})
        if found.get(name) != right.get(name)
    ]
    return history, known, wrong


def sums(world: World, plan: PlanIndex, outcome: Outcome) -> dict[str, int]:
    """What the contributions add up to that explain the metrics of the standings."""
    contributions, found = at_once(by_scope(world.log, SHARDS, plan)), {}
    for key in (key for key, value in outcome[0].items() if value.startswith(STANDING)):
        scope, _, name = key.decode().partition("|")
        counting = within(contributions.get(scope, []), parse_period(name, plan.calendar(scope)))
        for metric in METRICS:
            if total := sum(each.above for each in valued(metric, counting, plan)):
                found[f"{scope}|{name} {metric}"] = total
    return found


def differences(known: Outcome, found: Outcome) -> list[str]:
    """What of an outcome is not as it should be, shortened."""
    one, other = _pieces(known), _pieces(found)
    return [
        f"{key}: {one.get(key)!r:.2000} became {other.get(key)!r:.2000}"
        for key in sorted({*one, *other})
        if one.get(key) != other.get(key)
    ]


def _pieces(outcome: Outcome) -> dict[str, bytes]:
    standings, alerts, entities, messages = outcome
    found = {f"standing {key.decode()}": value for key, value in standings.items()}
    found |= {f"entity {key.decode()}": value for key, value in entities.items()}
    lists = {"alert": alerts, "message": messages}
    return found | {
        f"{what} {shard}#{n:03d}": value
        for what, said in lists.items()
        for shard, values in enumerate(said)
        for n, value in enumerate(values)
    }


def numbers(outcome: Outcome) -> dict[str, int]:
    """The metrics of all standings, in cents and pieces, but for zeros."""
    found = {}
    for key, value in outcome[0].items():
        if value.startswith(STANDING):
            standing = json.decode(value, type=Standing)
            for metric in METRICS:
                said = standing.metrics[metric].value
                number = round(float(said) * 100) if isinstance(said, str) else said
                if number:
                    found[f"{key.decode()} {metric}"] = int(number)
    return found


def asked(history: History) -> dict[str, int]:
    """The same by plain loops over all facts."""
    return {
        f"{scope}|{period} {metric}": number
        for (scope, period), metrics in totals(history).items()
        for metric, number in metrics.items()
        if number
    }


def timeless(history: History) -> bool:
    """Whether no tick carries a moment, so that nothing is ever evaluated."""
    values = [record.value or b"" for records in history.partitions.values() for record in records]
    ticks = [json.decode(value, type=Tick) for value in values if value.startswith(b'{"type":"tick"')]
    return all(tick.at is None for tick in ticks)
