"""Deals that are created at odd times: the outlook and the shortage rule take them for what they are."""

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.standings import Inputs, Outlook
from streams import topics
from streams.log import Spot
from tests.runtime.history import SHARDS, Fact
from tests.runtime.test_odd_time import TIME, ZONES, calls, moments, published, story, transitions
from tests.runtime.world import World, calmed

EVENING = TIME.replace(hour=19)
"""After the company's working day."""


def opened(name: str, at: datetime, owner: str, created: datetime | None) -> DealChanged:
    money = Money(10_000, "USD")
    return DealChanged(name, "crm", at, name, owner=owner, stage="open", amount=money, created_at=created)


def closed(number: int) -> DealChanged:
    """A deal of the last quarter, won a month after it was created."""
    name, at = f"won{number}", TIME - timedelta(days=3 * number + 1)
    created, money = at - timedelta(days=30), Money(10_000, "USD")
    return DealChanged(name, "crm", at, name, owner="dan", stage="won", amount=money, created_at=created)


@settings(max_examples=25, deadline=None)
@given(drawn=calls, when=st.lists(moments, min_size=6, max_size=6))
def test_the_outlook_counts_every_open_deal_and_adds_up_those_that_were_created_by_now(
    drawn: list[tuple[datetime, str]], when: list[datetime]
) -> None:
    base: list[Fact] = [closed(number) for number in range(26)]
    odd = [
        opened(f"o{n}", at, owner, created) for n, ((created, owner), at) in enumerate(zip(drawn, when, strict=False))
    ]
    world = calmed(story(*base, *odd, EVENING - timedelta(days=1), EVENING), each=False)
    found, said = world.outcome(), last_outlook(world, "company")
    today = TIME.date()
    days = [created.astimezone(ZoneInfo(ZONES[owner])).date() for created, owner in drawn]
    amounts = Counter[str]()
    for day in days:
        amounts[str(day)] += 10_000 if day <= today else 0
    assert said.day == str(today)
    assert said.open_count == said.early_count == len(drawn)
    assert said.open_amount == 10_000 * len(drawn)
    assert said.open == +amounts
    assert said.created == sum(today - timedelta(days=28) < day <= today for day in [*days, *created_days(base)])
    assert published(found)["company", "2026-Q4", "deals_won"] == sum(fact.occurred_at.month > 9 for fact in base)
    assert len([each for each in transitions(found, "deal_won") if each.transition == "firing"]) == len(base)


def last_outlook(world: World, scope: str) -> Outlook:
    """What the scope's rules looked at last."""
    spots = [Spot(topics.STANDINGS.name, shard) for shard in range(SHARDS)]
    values = [record.value or b"" for spot in spots for record in world.log.seen(spot)]
    inputs = [json.decode(value, type=Inputs) for value in values if value.startswith(b'{"type":"inputs"')]
    return [each for one in inputs for each in one.said if isinstance(each, Outlook) and each.scope == scope][-1]


def created_days(facts: list[Fact]) -> list[date]:
    return [
        fact.created_at.date()
        for fact in facts
        if isinstance(fact, DealChanged) and isinstance(fact.created_at, datetime)
    ]
