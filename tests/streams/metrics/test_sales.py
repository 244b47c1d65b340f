"""Whatever stands, its numbers can be read back from the exposition, and what is undefined is not there."""

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from quota.catalogue import BUILT_IN
from quota.periods import parse_period
from schemas.alerts import Transition
from schemas.plan import Rule
from schemas.standings import Measure, PipelineStanding, QuotaStanding, StageStanding, Standing
from streams.metrics.exposition import SLICE, exposition
from streams.metrics.sales import FAMILIES, sales
from tests.streams.metrics.any_standings import FLOOR, NOW, ODD, RULES, SHARDS, Projected, firing, standings
from tests.streams.metrics.parsing import Labels, families, in_turns, of, samples

calmly = settings(deadline=None, max_examples=50)
EVERYWHERE = range(SHARDS)
STOCKS = {metric.id for metric in BUILT_IN.values() if metric.aggregation == "stock"}
scopes = st.sampled_from(FLOOR.scopes)
alerts = st.lists(st.builds(firing, scopes, st.sampled_from(RULES), st.sampled_from("abc")), max_size=6)


def shown(projection: Projected, *partitions: int) -> bytes:
    """The exposition of a worker that owns these partitions, or all."""

    async def text() -> bytes:
        return await exposition(await sales(projection, partitions or EVERYWHERE))

    return in_turns(text())


def said(projection: Projected) -> Counter[tuple[str, ...]]:
    """Every number that stands, as its family, scope, period, metric and value; stocks aside."""
    found: Counter[tuple[str, ...]] = Counter()
    for each in projection.said:
        place = each.scope, each.period
        for metric, measure in each.metrics.items():
            if measure.value is not None and metric not in STOCKS:
                found["metric_value", *place, metric, repr(float(measure.value))] += 1
        for quota in each.quotas:
            for family, value in (
                ("quota_attainment_ratio", quota.attainment),
                ("quota_pace_ratio", quota.pace),
                ("quota_gap", quota.gap),
                ("quota_attained", quota.attained),
                ("quota_target", quota.target),
                ("quota_expected", quota.expected),
                ("quota_required_per_day", quota.required_per_day),
            ):
                if value is not None:
                    found[family, *place, quota.metric, repr(float(value))] += 1
    return found


def read(text: bytes) -> Counter[tuple[str, ...]]:
    """The same, from the exposition."""
    found: Counter[tuple[str, ...]] = Counter()
    for (name, labels), value in samples(text).items():
        by = dict(labels)
        if "metric" in by:
            place = by["scope"], by["period"]
            found[name.removeprefix("quotaflow_"), *place, by["metric"], repr(float(value))] += 1
    return found


@calmly
@given(standings(), alerts)
def test_what_is_read_back_is_what_stands_and_nothing_else(found: list[Standing], fires: list[Transition]) -> None:
    projection = Projected(found, fires)
    assert read(shown(projection)) == said(projection)


@calmly
@given(standings(), alerts)
def test_every_scope_is_shown_by_exactly_one_of_all_workers(found: list[Standing], fires: list[Transition]) -> None:
    projection = Projected(found, fires)
    whole = samples(shown(projection))
    parts = [samples(shown(projection, number)) for number in EVERYWHERE]
    by_scope = [{key for key in part if "scope" in dict(key[1])} for part in parts]
    assert sum(map(len, by_scope)) == len(set(chain.from_iterable(by_scope)))
    assert set(chain.from_iterable(by_scope)) == {key for key in whole if "scope" in dict(key[1])}
    rule = "quotaflow_rule_alerts_firing"
    added = sum((Counter({key: int(v) for key, v in part.items() if key[0] == rule}) for part in parts), Counter())
    assert added == Counter({key: int(value) for key, value in whole.items() if key[0] == rule and value})


@calmly
@given(standings(), alerts)
def test_families_and_labels_are_those_that_are_declared_and_so_many_series_at_most(
    found: list[Standing], fires: list[Transition]
) -> None:
    text = shown(Projected(found, fires))
    for name, family in families(text).items():
        about, labels = FAMILIES[name.removeprefix("quotaflow_")]
        assert (family.type, family.documentation) == ("gauge", about)
        assert {tuple(sorted(sample.labels)) for sample in family.samples} == {tuple(sorted(labels))}
    quota_series = sum(7 * len(each.quotas) + len(each.metrics) for each in found)
    stages = 3 * len(FLOOR.open_stages) + 3 * 2 + 1
    assert (
        len(samples(text)) <= quota_series + stages * len({each.scope for each in found}) + len(fires) + len(RULES) + 1
    )


@calmly
@given(standings())
def test_labels_say_level_name_kind_and_unit(found: list[Standing]) -> None:
    for _, labels in samples(shown(Projected(found))):
        by = dict(labels)
        if "scope" in by:
            assert by["level"] == by["scope"].split(":")[0]
        if "kind" in by:
            assert by["kind"] == parse_period(by["period"], FLOOR.calendar(by["scope"])).kind
            assert by["unit"] in {"USD", "count", "money", "ratio", "days"}


def a_standing(scope: str, period: str, *, minute: int, open_now: int) -> Standing:
    rows = [StageStanding("engaging", open_now, f"{open_now}.50", "0.25")]
    return Standing(scope, period, NOW, {}, [], PipelineStanding(NOW.replace(minute=minute), "USD", rows, open_now))


def test_a_scope_has_one_pipeline_the_last_that_was_said() -> None:
    both = [
        a_standing("team:west", "2026-Q3", minute=5, open_now=7),
        a_standing("team:west", "2026", minute=1, open_now=3),
    ]
    text = shown(Projected(both))
    named = {("scope", "team:west"), ("level", "team"), ("name", "West")}
    staged = {*named, ("stage", "engaging")}
    assert of(text, "quotaflow_pipeline_deals") == {frozenset(staged): 7}
    assert of(text, "quotaflow_pipeline_amount") == {frozenset({*staged, ("unit", "USD")}): 7.5}
    assert of(text, "quotaflow_pipeline_weighted_amount") == {frozenset({*staged, ("unit", "USD")}): 0.25}
    assert of(text, "quotaflow_pipeline_early_stage_deals") == {frozenset(named): 7}


def test_a_rule_of_which_nothing_fires_stands_at_0_and_two_alerts_in_one_place_are_two() -> None:
    early, pace, won = RULES
    text = shown(Projected([], [firing("rep:zoe", pace, "calls"), firing("rep:zoe", pace, "revenue")]))
    place = {("scope", "rep:zoe"), ("level", "rep"), ("name", ODD), ("period", "2026-Q3")}
    assert of(text, "quotaflow_alerts_firing") == {_rule(pace, *place): 2}
    assert of(text, "quotaflow_rule_alerts_firing") == {_rule(early): 0, _rule(pace): 2, _rule(won): 0}


def _rule(rule: Rule, *labels: tuple[str, str]) -> Labels:
    return frozenset({("rule", rule.id), ("rule_kind", rule.kind), *labels})


def test_without_a_plan_there_is_nothing() -> None:
    assert shown(Projected([a_standing("company", "2026", minute=0, open_now=1)]).empty()) == b""


def test_what_is_longer_than_a_slice_is_one_family_still() -> None:
    metrics: dict[str, Measure] = {name: Measure(1) for name in BUILT_IN}
    quota = QuotaStanding("revenue", "1.00", "USD", None, None, None, None, None, None, 0.0, 0.0, "no_data", {})
    days = [Standing("company", f"2026-09-{day:02d}", NOW, metrics, [quota]) for day in range(1, 29)]
    text = shown(Projected(days))
    assert len(of(text, "quotaflow_metric_value")) == 28 * (len(BUILT_IN) - len(STOCKS)) > SLICE
    assert len(of(text, "quotaflow_quota_target")) == 28
