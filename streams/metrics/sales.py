"""Where everybody stands, for Prometheus: periods under way, of the scopes that a worker owns."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import datetime

from msgspec import json

from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.standings import Standing
from streams.metrics.words import FAMILIES, RULE, Lines, Shown, Words, by_family, labels
from streams.partitioner import partition
from streams.serving.projection import Projection, under_way

SLICE = 10
"""Scopes that are taken at a stretch: a few milliseconds, where all of their standings are new."""
_decode = json.Decoder(Standing).decode


class Sales:
    """The text of all standings and alerts; what has not changed since the last scrape is not made again."""

    def __init__(self, projection: Projection) -> None:
        """Nothing has been made yet."""
        self._projection = projection
        self._shown: dict[tuple[str, str], Shown] = {}
        self._words: Words | None = None

    async def text(self, owned: Container[int]) -> bytes:
        """The scopes of these partitions, in the text format 0.0.4; nothing while there is no plan."""
        plan, now = self._projection.plan, self._projection.as_of
        if plan is None:
            return b""
        if self._words is None or self._words.plan is not plan:
            self._words, self._shown = Words(plan), {}
        sheet: dict[str, list[bytes]] = defaultdict(list)
        if now is not None:
            await self._standings(sheet, self._words, owned, now)
            _note(sheet, by_family([("standings_timestamp_seconds", "", now.timestamp())]))
        _note(sheet, by_family(_alerts(self._words, self._projection.firing(owned))))
        return b"".join(_headed(family, sheet[family]) for family in FAMILIES if family in sheet)

    async def _standings(
        self, sheet: dict[str, list[bytes]], words: Words, owned: Container[int], now: datetime
    ) -> None:
        # A scrape beside this one may have begun under another plan: each keeps what it showed to itself until its end.
        before, shown_now = self._shown if self._words is words else {}, dict[tuple[str, str], Shown]()
        for count, scope in enumerate(self._scopes(words.plan, owned), 1):
            last: Shown | None = None
            for period in under_way(scope, words.plan, now):
                said = self._projection.standing(scope, period)
                if said is None:
                    continue
                shown = before.get((scope, period))
                if shown is None or shown.said is not said:
                    shown = words.shown(said, _decode(said))
                shown_now[scope, period] = shown
                _note(sheet, shown.lines)
                last = _later(last, shown)
            # The pipeline is the scope's, whichever of its periods was said last.
            _note(sheet, last.pipeline if last is not None else {})
            if count % SLICE == 0:
                await asyncio.sleep(0)
        if self._words is words:
            self._shown = shown_now

    def _scopes(self, plan: PlanIndex, owned: Container[int]) -> Iterator[str]:
        shards = self._projection.shards
        return (scope for scope in plan.scopes if partition(scope.encode(), shards) in owned)


def _later(one: Shown | None, other: Shown) -> Shown:
    if one is None or one.as_of is None or (other.as_of is not None and one.as_of < other.as_of):
        return other
    return one


def _note(sheet: dict[str, list[bytes]], lines: Lines) -> None:
    for family, text in lines.items():
        sheet[family].append(text)


def _headed(family: str, texts: list[bytes]) -> bytes:
    head = f"# HELP quotaflow_{family} {FAMILIES[family][0]}\n# TYPE quotaflow_{family} gauge\n"
    return b"".join([head.encode(), *texts])


def _alerts(words: Words, firing: Iterable[Transition]) -> Iterator[tuple[str, str, float]]:
    """How many alerts fire, by scope and period, and by rule: 0 for a rule of which none does."""
    found = [*firing]
    places = Counter((each.rule, each.kind, each.scope, each.period) for each in found)
    rules: Counter[tuple[str, str]] = Counter()
    rules.update({(rule.id, rule.kind): 0 for rule in words.plan.plan.rules})
    rules.update((each.rule, each.kind) for each in found)
    for (rule, kind, scope, period), count in sorted(places.items()):
        named = f"{labels(RULE, (rule, kind))},{words.scope(scope)},{labels(('period',), (period,))}"
        yield "alerts_firing", named, count
    for pair, count in sorted(rules.items()):
        yield "rule_alerts_firing", labels(RULE, pair), count
