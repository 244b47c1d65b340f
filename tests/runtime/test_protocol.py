"""Totals and the whole list of alerts are the same under every schedule, and every rule of the protocol is needed."""

from collections.abc import Callable
from functools import cache

import pytest

from streams.log import LogError
from tests.runtime import broken
from tests.runtime.chaos import IN_A_FLUSH, REVISED, Spread, schedule
from tests.runtime.fake_log import FakeLog
from tests.runtime.history import History, Past
from tests.runtime.outcome import Outcome
from tests.runtime.schedules import EACH, differences, judged, past
from tests.runtime.world import calm

SCHEDULES, BLOCK = 2000, 500
PROBED = 60
"""How many schedules a broken rule may pass, at most."""


@pytest.mark.parametrize("block", range(0, SCHEDULES, BLOCK))
def test_every_schedule_ends_with_the_totals_of_plain_loops_and_the_alerts_of_a_calm_one(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    spread, transitions = Spread(), 0
    for number in range(block, block + BLOCK):
        verdict = judged(number)
        assert verdict.wrong == [], f"schedule {number}:\n{verdict.story}"
        spread.add(verdict.story)
        transitions += verdict.transitions
    assert transitions > BLOCK  # so that the lists that were compared are not empty
    assert spread.share(IN_A_FLUSH) >= 0.3
    assert spread.share(REVISED) >= 0.3
    record_property("schedules", (spread.schedules, dict(spread.having)))


@pytest.mark.parametrize("number", range(0, SCHEDULES // EACH, 5))
def test_a_flush_for_every_record_ends_with_what_one_flush_for_all_ends_with(number: int) -> None:
    assert differences(calm(past(number), each=False), calm(past(number), each=True)) == []


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
    (("tests.runtime.world.Worker.lost",), broken.keeps_its_memory),
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
    try:
        found, _ = schedule(eventful(seed), f"{seed}/broken", trouble=True, log=log, actions=600)
    except LogError as error:
        # A position that was stored without its mark is refused by the next owner.
        return "there is no mark" in str(error)
    return bool(differences(known, found))


@cache
def expected(seed: int) -> Outcome:
    """What a calm schedule makes of an eventful history."""
    return calm(eventful(seed), each=False)


def eventful(seed: int) -> History:
    return Past(f"past {seed}").history()
