"""The life of an alert, drawn as a line: x holds, o clears, . neither, ? no verdict."""

from collections.abc import Container
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.lifecycle import Now, Verdict, close, fingerprint, fresh, moment, step
from schemas.alerts import AlertState, Transition
from schemas.control import Tick
from schemas.plan import Rule
from tests.unit.floor import PLAN

RULE = Rule("short", "early_stage_shortage")
START = datetime(2026, 6, 1, 18, tzinfo=UTC)
VERDICTS = {
    sign: Verdict(holds, clears, f"because {sign}", lambda transition: (transition, {"shown": True}))
    for sign, holds, clears in (("x", True, False), ("o", False, True), (".", False, False), ("?", None, False))
}


def day(number: int, *, quiet: bool = False) -> Now:
    return Now(START + timedelta(days=number), number, quiet=quiet)


def lived(line: str, days: int, quiet: Container[int] = ()) -> tuple[AlertState, list[Transition]]:
    """The state at the end of the line, some of whose days are quiet, and the transitions on the way."""
    state, seen = fresh(RULE, "company", "2026-Q3"), []
    for number, sign in enumerate(line):
        state, transition = step(state, VERDICTS[sign], days, day(number, quiet=number in quiet))
        if transition is not None:
            seen.append(transition)
    return state, seen


@pytest.mark.parametrize(
    ("line", "days", "seen"),
    [
        #  0123456789
        ("xxx", 3, "F2"),
        ("xx", 3, ""),
        ("xx.xxx", 3, "F5"),
        ("xx?x", 3, "F3"),
        ("xxx..xxo", 3, "F2 R7"),
        ("xxx??.", 3, "F2"),
        ("xxxoxxoxxx", 3, "F2 R3 F9"),
        ("xox", 1, "F0 R1 F2"),
        ("oo.", 1, ""),
    ],
)
def test_an_alert_fires_after_enough_days_in_a_row_and_clears_once(line: str, days: int, seen: str) -> None:
    _, transitions = lived(line, days)
    assert " ".join(f"{t.transition[0].upper()}{t.tick}" for t in transitions) == seen


@given(st.text("xo.?", max_size=40), st.integers(1, 3), st.sets(st.integers(0, 40)))
def test_nobody_hears_the_end_of_what_began_quietly(line: str, days: int, quiet: set[int]) -> None:
    told = False
    for said in lived(line, days, quiet)[1]:
        assert said.quiet == (said.tick in quiet or (said.transition == "resolved" and not told))
        told = said.transition == "firing" and not said.quiet


@given(st.text("xo.?", max_size=40), st.integers(1, 5))
def test_firing_and_resolving_alternate_with_numbers_from_one(line: str, days: int) -> None:
    state, transitions = lived(line, days)
    kinds = [t.transition for t in transitions]
    assert kinds == ["firing", "resolved"] * (len(kinds) // 2) + ["firing"] * (len(kinds) % 2)
    assert [t.number for t in transitions] == list(range(1, len(transitions) + 1))
    assert (state.state == "firing") == (len(kinds) % 2 == 1)
    assert state.number == len(transitions)


@given(st.text("xo.?", max_size=40), st.integers(1, 5))
def test_an_alert_fires_only_when_the_condition_held_that_often_in_a_row(line: str, days: int) -> None:
    _, transitions = lived(line, days)
    for fired in (t for t in transitions if t.transition == "firing"):
        judged = line[: fired.tick + 1].replace("?", "")
        assert judged.endswith("x" * days)


@given(st.text("xo.?", max_size=40), st.integers(1, 5))
def test_days_without_a_verdict_change_nothing(line: str, days: int) -> None:
    _, with_gaps = lived(line, days)
    _, without = lived(line.replace("?", ""), days)
    assert [t.transition for t in with_gaps] == [t.transition for t in without]


def test_an_evaluation_that_changes_nothing_gives_the_state_back() -> None:
    for line, sign in (("", "."), ("", "?"), ("xxx", "x"), ("xxx", "."), ("xx", "?")):
        state, _ = lived(line, 3)
        assert step(state, VERDICTS[sign], 3, day(9)) == (state, None)


def test_a_transition_says_why_and_since_when() -> None:
    _, (fired, resolved) = lived(".xxx.o", 3)
    assert (fired.reason, fired.summary, fired.details["shown"]) == ("because x", "firing", True)
    assert fired.details["since"] == "2026-06-02T18:00:00+00:00"
    assert (resolved.reason, resolved.summary) == ("because o", "resolved")
    assert resolved.details["since"] == "2026-06-04T18:00:00+00:00"


def test_closing_resolves_an_open_alert_and_forgets_a_pending_one() -> None:
    firing, _ = lived("xxx", 3)
    done, transition = close(firing, "too_late", ("Too late.", {}), day(9))
    assert (done.state, done.number) == ("done", 2)
    assert transition is not None
    assert (transition.transition, transition.reason, transition.number) == ("resolved", "too_late", 2)
    pending, _ = lived("xx", 3)
    assert close(pending, "too_late", ("Too late.", {}), day(9)) == (fresh(RULE, "company", "2026-Q3"), None)


def test_an_alert_that_was_closed_can_fire_again() -> None:
    firing, _ = lived("xxx", 3)
    state, _ = close(firing, "too_late", ("Too late.", {}), day(3))
    for number in (4, 5, 6):
        state, transition = step(state, VERDICTS["x"], 3, day(number))
    assert transition is not None
    assert (transition.transition, transition.number) == ("firing", 3)


def test_a_fingerprint_names_rule_scope_period_and_subject() -> None:
    assert fingerprint("short", "team:west", "2026-Q3") == "short|team:west|2026-Q3"
    assert fingerprint("won", "rep:ben", "2026-06-01", "D1") == "won|rep:ben|2026-06-01|D1"


def test_transitions_carry_the_company_clock_with_its_offset() -> None:
    summer = moment(Tick(at=datetime(2026, 6, 1, 23, tzinfo=UTC), number=7), PLAN)
    assert (summer.at.isoformat(), summer.tick, summer.quiet) == ("2026-06-01T18:00:00-05:00", 7, False)
    assert moment(Tick(at=START, number=1, quiet=True), PLAN).quiet
    assert moment(Tick(at=START, number=1), PLAN, quiet=True).quiet


def test_the_moment_of_a_state_survives_its_table_also_when_clocks_go_back() -> None:
    first, second = (
        moment(Tick(at=datetime(2026, 11, 1, hour, 30, tzinfo=UTC), number=hour), PLAN).at for hour in (6, 7)
    )
    assert first.replace(tzinfo=None) == second.replace(tzinfo=None)
    assert first < second
    assert msgspec.json.decode(msgspec.json.encode(first), type=datetime) == first


def test_a_tick_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="tick 3 carries no time"):
        moment(Tick(number=3), PLAN)
