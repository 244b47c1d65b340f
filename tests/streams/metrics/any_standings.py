"""Standings and alerts as a projection gives them: any numbers, nulls among them, in any of the floor's scopes."""

from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import strategies as st
from msgspec import json

from quota.catalogue import BUILT_IN
from quota.periods import period_of
from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.plan import Rep, Rule, Team
from schemas.standings import Measure, PipelineStanding, QuotaStanding, StageStanding, Standing
from streams import topics
from streams.log import Record
from streams.partitioner import partition
from streams.serving.projection import Projection
from tests.runtime.fake_log import FakeLog
from tests.unit.floor import REPS, STAGES, TEAMS, a_plan

SHARDS = 3
NOW = datetime(2026, 9, 15, 23, tzinfo=UTC)
ODD = 'Zoë "Zed" \\ O\'Hara,\n{Head} of = ünits'
"""A name with everything that the text format has to escape."""
RULES = (Rule("early", "early_stage_shortage"), Rule("pace", "behind_pace"), Rule("won", "deal_won"))
FLOOR = a_plan(rules=RULES, reps=(*REPS, Rep("zoe", ODD)), teams=(*TEAMS, Team("south", "South & Sons")))

decimals = st.decimals(-(10**13), 10**13, places=2).map(lambda number: f"{number:.2f}")
numbers = st.integers(-(10**15), 10**15) | st.floats(-1e9, 1e9).map(lambda number: round(number, 6)) | decimals
maybe = st.none() | numbers
ratios = st.none() | st.floats(0, 1e6).map(lambda number: round(number, 6))
metric_names = st.sampled_from([*BUILT_IN, "applications"])


@st.composite
def quotas(draw: st.DrawFn, metric: str) -> QuotaStanding:
    """Whatever may be said of a quota."""
    target, unit = draw(numbers), draw(st.sampled_from([None, "USD"]))
    attained, expected, gap, per_day = (draw(maybe) for _ in range(4))
    said = attained, draw(ratios), expected, draw(ratios), gap, per_day
    return QuotaStanding(metric, target, unit, *said, 3.5, 0.4, "at_risk", {})


@st.composite
def pipelines(draw: st.DrawFn) -> PipelineStanding:
    """What is open, as of one of two moments."""
    rows = [StageStanding(stage.id, draw(st.integers(0, 10**6)), draw(decimals), draw(decimals)) for stage in STAGES]
    return PipelineStanding(NOW.replace(minute=draw(st.integers(0, 1))), "USD", rows, draw(st.integers(0, 10**6)))


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """One standing at most of each scope and period."""
    keys = st.tuples(st.sampled_from(FLOOR.scopes), st.sampled_from(FLOOR.kinds()))
    return [draw(_standing(scope, kind)) for scope, kind in draw(st.sets(keys, max_size=5))]


@st.composite
def _standing(draw: st.DrawFn, scope: str, kind: str) -> Standing:
    calendar = FLOOR.calendar(scope)
    period = period_of(kind, calendar.local_day(NOW), calendar)
    measures = draw(st.dictionaries(metric_names, st.builds(Measure, maybe, st.sampled_from([None, "USD"]))))
    asked = draw(st.sets(metric_names, max_size=3))
    said = [draw(quotas(metric)) for metric in sorted(asked)]
    return Standing(scope, period.id, NOW, measures, said, draw(st.none() | pipelines()))


def firing(scope: str, rule: Rule, name: str = "a") -> Transition:
    """An alert that fires."""
    fingerprint = f"{rule.id}|{scope}|{name}"
    return Transition(fingerprint, 1, rule.id, rule.kind, scope, "2026-Q3", "firing", NOW, 1, "why", "what", {}, name)


def projected(
    found: Iterable[Standing], fires: Iterable[Transition] = (), plan: PlanIndex | None = FLOOR
) -> Projection:
    """A projection that has followed so far."""
    projection = Projection(FakeLog(), SHARDS)
    projection.plan = plan
    say(projection, *found)
    for number, each in enumerate(fires):
        _note(projection, topics.ALERTS.name, each.scope, number, json.encode(each))
    return projection


def say(projection: Projection, *found: Standing) -> None:
    """The projection hears of these."""
    for number, each in enumerate(found):
        _note(projection, topics.STANDINGS.name, f"{each.scope}|{each.period}", number, json.encode(each))


def _note(projection: Projection, topic: str, key: str, offset: int, value: bytes) -> None:
    place = partition(key.split("|", maxsplit=1)[0].encode(), SHARDS)
    projection._note([Record(topic, place, offset, 0, key.encode(), value)])
