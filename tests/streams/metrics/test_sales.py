"""Whatever stands, its numbers can be read back from the exposition, and what is undefined is not there."""

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from quota.catalogue import BUILT_IN
from quota.periods import parse_period
from schemas.alerts import Transition
from schemas.plan import Rep, Rule, Team
from schemas.standings import Measure, PipelineStanding, StageStanding, Standing
from streams.metrics.sales import SLICE, Sales
from streams.metrics.words import FAMILIES
from streams.serving.projection import Projection
from tests.streams.metrics.any_standings import FLOOR, NOW, ODD, RULES, SHARDS, firing, projected, say, standings
from tests.streams.metrics.parsing import Labels, families, in_turns, of, samples
from tests.unit.floor import REPS, STAGES, TEAMS, a_plan

calmly = settings(deadline=None, max_examples=50)
EVERYWHERE = range(SHARDS)
STOCKS = {metric.id for metric in BUILT_IN.values() if metric.aggregation == "stock"}
scopes = st.sampled_from(FLOOR.scopes)
alerts = st.lists(st.builds(firing, scopes, st.sampled_from(RULES), st.sampled_from("abc")), max_size=6)


def shown(projection: Projection, *partitions: int) -> bytes:
    """What a worker shows that owns these partitions, or all."""
    return in_turns(Sales(projection).text(partitions or EVERYWHERE))


def said(standing: list[Standing]) -> Counter[tuple[str, ...]]:
    """Every number that stands, as its family, scope, period, metric and value; stocks aside."""
    found: Counter[tuple[str, ...]] = Counter()
    for each in standing:
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
    assert read(shown(projected(found, fires))) == said(found)


@calmly
@given(standings(), alerts)
def test_every_scope_is_shown_by_exactly_one_of_all_workers(found: list[Standing], fires: list[Transition]) -> None:
    projection = projected(found, fires)
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
    text = shown(projected(found, fires))
    for name, family in families(text).items():
        about, labels = FAMILIES[name.removeprefix("quotaflow_")]
        assert (family.type, family.documentation) == ("gauge", about)
        assert {tuple(sorted(sample.labels)) for sample in family.samples} == {tuple(sorted(labels))}
    quota_series = sum(7 * len(each.quotas) + len(each.metrics) for each in found)
    stages = 3 * len(STAGES) + 1
    assert (
        len(samples(text)) <= quota_series + stages * len({each.scope for each in found}) + len(fires) + len(RULES) + 1
    )


@calmly
@given(standings())
def test_labels_say_level_name_kind_and_unit(found: list[Standing]) -> None:
    for _, labels in samples(shown(projected(found))):
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
    text = shown(projected(both))
    named = {("scope", "team:west"), ("level", "team"), ("name", "West")}
    staged = {*named, ("stage", "engaging")}
    assert of(text, "quotaflow_pipeline_deals") == {frozenset(staged): 7}
    assert of(text, "quotaflow_pipeline_amount") == {frozenset({*staged, ("unit", "USD")}): 7.5}
    assert of(text, "quotaflow_pipeline_weighted_amount") == {frozenset({*staged, ("unit", "USD")}): 0.25}
    assert of(text, "quotaflow_pipeline_early_stage_deals") == {frozenset(named): 7}


def test_a_rule_of_which_nothing_fires_stands_at_0_and_two_alerts_in_one_place_are_two() -> None:
    early, pace, won = RULES
    text = shown(projected([], [firing("rep:zoe", pace, "calls"), firing("rep:zoe", pace, "revenue")]))
    place = {("scope", "rep:zoe"), ("level", "rep"), ("name", ODD), ("period", "2026-Q3")}
    assert of(text, "quotaflow_alerts_firing") == {_rule(pace, *place): 2}
    assert of(text, "quotaflow_rule_alerts_firing") == {_rule(early): 0, _rule(pace): 2, _rule(won): 0}


def _rule(rule: Rule, *labels: tuple[str, str]) -> Labels:
    return frozenset({("rule", rule.id), ("rule_kind", rule.kind), *labels})


def test_without_a_plan_there_is_nothing() -> None:
    assert shown(projected([a_standing("company", "2026", minute=0, open_now=1)], plan=None)) == b""


def test_what_takes_several_turns_is_one_family_still() -> None:
    found = [Standing(scope, "2026-Q3", NOW, {"revenue": Measure("1.00", "USD")}, []) for scope in FLOOR.scopes]
    assert len(of(shown(projected(found)), "quotaflow_metric_value")) == len(FLOOR.scopes) > SLICE


@calmly
@given(st.lists(standings(), min_size=2, max_size=4))
def test_a_scrape_after_others_shows_what_a_first_one_would(changes: list[list[Standing]]) -> None:
    projection = projected([])
    sales = Sales(projection)
    for found in changes:
        say(projection, *found)
        assert in_turns(sales.text(EVERYWHERE)) == shown(projection)


def test_a_new_plan_renames_at_once_also_in_a_scrape_that_is_under_way() -> None:
    projection = projected(
        Standing(scope, "2026-Q3", NOW, {"revenue": Measure("1.00", "USD")}, []) for scope in FLOOR.scopes
    )
    sales = Sales(projection)
    under_way = sales.text(EVERYWHERE)
    under_way.send(None)
    projection.plan = a_plan(reps=(*REPS, Rep("zoe", "Zoe")), teams=(*TEAMS, Team("south", "South")))
    fresh = shown(projection)
    assert in_turns(sales.text(EVERYWHERE)) == fresh
    in_turns(under_way)
    assert in_turns(sales.text(EVERYWHERE)) == fresh
    assert ("name", "Zoe") in {label for _, labels in samples(fresh) for label in labels}


def test_what_is_no_longer_under_way_is_not_shown() -> None:
    old = Standing("company", "2026-Q3", NOW, {"revenue": Measure("1.00", "USD")}, [])
    projection = projected([old])
    sales = Sales(projection)
    assert "revenue" in in_turns(sales.text(EVERYWHERE)).decode()
    say(projection, replace(old, period="2026-Q4", as_of=NOW.replace(month=10), metrics={}))
    assert "revenue" not in in_turns(sales.text(EVERYWHERE)).decode()
