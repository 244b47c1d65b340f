"""What a change of the plan, and a leap of time, leave to be said, through every stage."""

from datetime import timedelta

import pytest
from msgspec import json
from msgspec.structs import replace

from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.plan import Calendar, Plan
from schemas.standings import Standing
from streams.log import Spot
from tests.runtime.history import MONDAY, History, plan, same_everywhere, sent
from tests.runtime.world import calm

LATE = MONDAY + timedelta(days=2, hours=18)
"""Wednesday evening; it is Thursday in Tokyo and still morning in Hawaii."""


def moved_from(zones: tuple[str, str], revision: int) -> Plan:
    """Anna's clock is another one from the second plan on."""
    first = plan(1)
    reps = tuple(replace(rep, calendar="hers") if rep.id == "anna" else rep for rep in first.reps)
    return replace(
        first, revision=revision, reps=reps, calendars=(*first.calendars, Calendar("hers", zones[revision - 1]))
    )


@pytest.mark.parametrize(("before", "after"), [("Pacific/Honolulu", "Asia/Tokyo"), ("Asia/Tokyo", "Pacific/Honolulu")])
def test_after_a_change_of_calendar_the_day_that_was_current_is_said_as_the_new_one_has_it(
    before: str, after: str
) -> None:
    steps = same_everywhere(PlanMarker(1), Tick(LATE), PlanMarker(2), Tick(LATE + timedelta(minutes=20)))
    history = History(steps, [], 2, lambda revision: moved_from((before, after), revision))
    said = standings(history)
    revisions = {key: standing.revision for key, standing in said.items() if key[0] == "rep:anna"}
    assert set(revisions.values()) == {2}
    wednesday = said["rep:anna", "2026-04-01"]
    assert (wednesday.pipeline is None) == (after == "Asia/Tokyo")


def test_a_day_that_was_known_before_and_passed_between_two_ticks_is_said_as_closed() -> None:
    steps = same_everywhere(PlanMarker(1), Tick(LATE), Tick(LATE + timedelta(days=3)))
    call = sent(Activity("a1", "crm", LATE + timedelta(days=1), "anna", "call_placed"))
    of_anna = Spot(*call[:2])
    steps[of_anna].insert(0, call)
    thursday = standings(History(steps, [], 1))["rep:anna", "2026-04-02"]
    assert thursday.metrics["calls_placed"].value == 1
    assert thursday.pipeline is None


def standings(history: History) -> dict[tuple[str, str], Standing]:
    values = [value for value in calm(history, each=False)[0].values() if value.startswith(b'{"type":"standing"')]
    return {(each.scope, each.period): each for each in (json.decode(value, type=Standing) for value in values)}
