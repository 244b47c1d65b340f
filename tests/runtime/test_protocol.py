"""Totals and the whole list of alerts are the same under every schedule, and every rule of the protocol is needed."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec import json

from schemas.control import Tick
from schemas.standings import Standing
from tests.runtime import broken
from tests.runtime.fake_log import FakeLog
from tests.runtime.history import History, Past
from tests.runtime.oracle import totals
from tests.runtime.outcome import Outcome
from tests.runtime.world import calm, schedule

SEEDS = (*range(49), 102)
"""Of histories; the last one stands for a fault that the first ones do not show."""
SCHEDULES = 4
PROBED = 40
METRICS = (
    *("calls_placed", "calls_connected", "leads_spoken_to", "meetings_scheduled", "meetings_held", "no_shows"),
    *("opportunities_created", "deals_won", "deals_lost", "revenue"),
)


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


@pytest.mark.parametrize("block", range(0, len(SEEDS), 10))
def test_every_schedule_ends_with_the_standings_and_alerts_of_a_calm_one(block: int) -> None:
    transitions = 0
    for seed in SEEDS[block : block + 10]:
        history = Past(f"past {seed}").history()
        known = expected(seed)
        transitions += sum(map(len, known[1]))
        assert differences(known, calm(history, each=True)) == []
        for number in range(SCHEDULES):
            found, happened = schedule(history, f"{seed}/{number}", trouble=number > 0)
            assert differences(known, found) == [], f"schedule {seed}/{number}: {dict(happened)}"
    assert transitions > 50  # so that the lists that were compared are not empty


@pytest.mark.parametrize("block", range(0, 100, 20))
def test_the_totals_are_those_of_plain_loops_over_all_facts(block: int) -> None:
    for seed in range(block, block + 20):
        history = Past(f"past {seed}").history()
        found, _ = schedule(history, f"{seed}/totals", trouble=True)
        assert numbers(found) == ({} if timeless(history) else asked(history)), f"past {seed}"


def numbers(outcome: Outcome) -> dict[str, int]:
    """The metrics of all standings, in cents and pieces, but for zeros."""
    found = {}
    for key, value in outcome[0].items():
        if value.startswith(b'{"type":"standing"'):
            standing = json.decode(value, type=Standing)
            for metric in METRICS:
                said = standing.metrics[metric].value
                number = round(float(said) * 100) if isinstance(said, str) else said
                if number:
                    found[f"{key.decode()} {metric}"] = int(number)
    return found


def asked(history: History) -> dict[str, int]:
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


HELD = ("streams.stages.standings.Held", "streams.stages.alerts.Held")
HOP = ("streams.takeover.Hop",)
RULES: list[tuple[tuple[str, ...], object]] = [
    (HELD, broken.CountsAsItComes),
    (HELD, broken.HeldInMemoryOnly),
    (HOP, broken.AtTheEndOfItsBatch),
    (HOP, broken.StartsUnderTheNewestPlan),
    (HOP, broken.ForgetsItsTables),
    (HOP, broken.SaysItWithTheNextFlush),
    (HOP, broken.WaitsForThoseItHeardOf),
    (HOP, broken.WaitsForOneTopic),
    (HOP, broken.SwitchesAtTheFirstMarker),
    (HOP, broken.EvaluatesTicksAsOne),
    (HOP, broken.SaysTheTickFirst),
    (HOP, broken.SaysTheMarkerLast),
    (HOP, broken.TakesTicksAgain),
    (("streams.filling.last_values",), broken.entries_with_what_was_deleted),
]


@pytest.mark.parametrize(("names", "instead"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_rule_is_found(names: tuple[str, ...], instead: object, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {seed: expected(seed) for seed in range(PROBED)}  # while all rules hold
    for name in names:
        monkeypatch.setattr(name, instead)
    assert any(is_found(seed, outcome) for seed, outcome in known.items())


@pytest.mark.parametrize("log", [broken.OpenToEverybody, broken.Torn])
def test_a_log_without_fencing_or_with_torn_flushes_is_found(log: Callable[[], FakeLog]) -> None:
    assert any(is_found(seed, expected(seed), log()) for seed in range(PROBED))


def is_found(seed: int, known: Outcome, log: FakeLog | None = None) -> bool:
    found, _ = schedule(Past(f"past {seed}").history(), f"{seed}/broken", trouble=True, log=log)
    return bool(differences(known, found))


@cache
def expected(seed: int) -> Outcome:
    """What a calm schedule makes of a history."""
    return calm(Past(f"past {seed}").history(), each=False)
