"""Good news and its correction: every rep, day and deal has a line of its own."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from quota.alerts import at_tick, at_wins
from quota.lifecycle import Change, fresh
from quota.plans import PlanIndex
from schemas.alerts import AlertState, Transition
from schemas.control import Tick
from schemas.plan import Rule
from schemas.standings import Wins
from tests.unit.floor import a_plan

RULE = Rule("won", "deal_won")
PLAN = a_plan(rules=(RULE,))
BEN, DAY = "rep:ben", "2026-06-10"
# Ten in the morning in Chicago, five in the afternoon in Berlin.
MORNING = datetime(2026, 6, 10, 15, tzinfo=UTC)


def tick(hours: float = 0, *, quiet: bool = False) -> Tick:
    return Tick(at=MORNING + timedelta(hours=hours), number=int(hours * 10), quiet=quiet)


class Alerts:
    """The alerts of one shard, kept as their agent keeps them."""

    def __init__(self, plan: PlanIndex = PLAN) -> None:
        self.plan = plan
        self.states: dict[str, AlertState] = {}
        self.said: list[Transition] = []

    def keep(self, changes: Iterable[Change]) -> list[str]:
        fresh = []
        for state, transition in changes:
            self.states[state.fingerprint] = state
            if transition is not None:
                fresh.append(transition)
        self.said += fresh
        return [f"{said.transition} {said.subject} {said.reason}" for said in fresh]

    def wins(self, deals: dict[str, int], at: Tick, scope: str = BEN, *, quiet: bool = False) -> list[str]:
        return self.keep(at_wins([Wins(scope, DAY, deals, quiet=quiet)], self.states, self.plan, at))

    def time(self, at: Tick) -> list[str]:
        return self.keep(at_tick(list(self.states.values()), self.plan, at))


def test_nobody_hears_that_a_quiet_win_was_none() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick(), quiet=True)
    alerts.wins({"D1": 1, "D2": 2}, tick(1))
    alerts.time(tick(24))
    alerts.wins({}, tick(25))
    assert [(said.subject, said.transition, said.quiet) for said in alerts.said] == [
        ("D1", "firing", True),
        ("D2", "firing", False),
        ("D1", "resolved", True),
        ("D2", "resolved", False),
        ("D1", "retracted", True),
        ("D2", "retracted", False),
    ]


def test_a_won_deal_is_announced_once_whatever_becomes_of_its_amount() -> None:
    alerts = Alerts()
    assert alerts.wins({"D1": 105_400}, tick()) == ["firing D1 won"]
    assert alerts.wins({"D1": 105_400}, tick(1)) == []
    assert alerts.wins({"D1": 999_900, "D2": 1}, tick(2)) == ["firing D2 won"]


def test_everybody_reads_who_won_what() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 105_400}, tick())
    [said] = alerts.said
    assert said.summary == "Ben won deal D1: USD 1,054."
    assert (said.fingerprint, said.period, said.subject) == (f"won|{BEN}|{DAY}|D1", DAY, "D1")
    assert (said.details["amount"], said.details["unit"]) == ("1054.00", "USD")
    assert (said.at.isoformat(), said.number, said.kind) == ("2026-06-10T10:00:00-05:00", 1, "deal_won")


def test_the_news_is_over_with_the_day_but_not_before_the_tick_after_it_was_said() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick())
    assert alerts.time(tick(13.9)) == []
    assert alerts.time(tick(14)) == ["resolved D1 period_ended"]
    assert alerts.time(tick(15)) == []
    alerts.wins({"D1": 1, "D2": 1}, tick(20))
    assert alerts.time(tick(20)) == []
    assert alerts.time(tick(20.1)) == ["resolved D2 period_ended"]


def test_the_day_ends_where_the_rep_is() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick(), "rep:cara")
    assert alerts.time(tick(6.9)) == []
    assert alerts.time(tick(7)) == ["resolved D1 period_ended"]


@pytest.mark.parametrize("later", [1, 30], ids=["same day", "after it was resolved"])
def test_a_win_that_was_none_is_taken_back_exactly_once(later: int) -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick())
    alerts.time(tick(later))
    assert alerts.wins({}, tick(40)) == ["retracted D1 no_longer_won"]
    assert alerts.wins({}, tick(41)) == []
    assert alerts.time(tick(42)) == []
    assert alerts.said[-1].summary == "Correction: deal D1 of Ben does not count as won on 2026-06-10."


def test_a_deal_won_again_is_announced_again_under_the_next_number() -> None:
    alerts = Alerts()
    for hours, deals in enumerate([{"D1": 1}, {}, {"D1": 1}, {}]):
        alerts.wins(deals, tick(hours))
    assert [(said.transition, said.number) for said in alerts.said] == [
        ("firing", 1),
        ("retracted", 2),
        ("firing", 3),
        ("retracted", 4),
    ]


def test_small_deals_are_no_news_but_stay_announced_once_they_were() -> None:
    alerts = Alerts(a_plan(rules=(changed(RULE, minimum_amount="1000.50"),)))
    assert alerts.wins({"D1": 100_049, "D2": 100_050}, tick()) == ["firing D2 won"]
    assert alerts.wins({"D1": 100_050, "D2": 1}, tick(1)) == ["firing D1 won"]


def test_only_reps_are_celebrated_and_only_where_a_rule_says_so() -> None:
    assert Alerts().wins({"D1": 1}, tick(), "unassigned") == []
    assert Alerts(a_plan()).wins({"D1": 1}, tick()) == []
    assert Alerts(a_plan(rules=(changed(RULE, levels=("team", "company")),))).wins({"D1": 1}, tick()) == []


def test_a_celebrated_deal_is_taken_back_even_if_the_rule_is_gone() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick())
    alerts.plan = a_plan()
    assert alerts.wins({}, tick(1)) == ["retracted D1 no_longer_won"]


def test_every_rule_keeps_its_own_count() -> None:
    alerts = Alerts(a_plan(rules=(RULE, changed(RULE, id="big", minimum_amount="10"))))
    alerts.wins({"D1": 100}, tick())
    alerts.wins({"D1": 1000}, tick(1))
    alerts.wins({}, tick(2))
    assert sorted((said.rule, said.transition, said.number) for said in alerts.said) == [
        ("big", "firing", 1),
        ("big", "retracted", 2),
        ("won", "firing", 1),
        ("won", "retracted", 2),
    ]


def test_what_a_replay_says_is_quiet() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick(), quiet=True)
    alerts.wins({"D1": 1, "D2": 1}, tick(1, quiet=True))
    alerts.wins({"D1": 1, "D2": 1, "D3": 1}, tick(2))
    assert [said.quiet for said in alerts.said] == [True, True, False]


def test_other_days_and_other_reps_are_left_alone() -> None:
    alerts = Alerts()
    alerts.wins({"D1": 1}, tick())
    alerts.wins({"D1": 1}, tick(), "rep:dan")
    alerts.wins({}, tick(1), "rep:dan")
    other_day = (date.fromisoformat(DAY) - timedelta(days=1)).isoformat()
    assert at_wins([Wins(BEN, other_day, {})], alerts.states, PLAN, tick(2)) == []
    assert alerts.states[f"won|{BEN}|{DAY}|D1"].state == "firing"


def test_an_alert_of_the_same_day_that_is_no_win_is_left_alone() -> None:
    pace = changed(fresh(Rule("pace", "behind_pace"), BEN, DAY, "calls_placed"), state="firing")
    assert at_wins([Wins(BEN, DAY, {})], {pace.fingerprint: pace}, PLAN, tick()) == []


steps = st.lists(
    st.one_of(
        st.just("time"),
        st.dictionaries(st.sampled_from(["D1", "D2", "D|3"]), st.integers(0, 10**6), max_size=3),
    ),
    max_size=12,
)


@given(steps, st.integers(1, 9))
def test_every_story_of_wins_and_losses_is_told_once_and_in_order(story: list[str | dict[str, int]], pace: int) -> None:
    alerts, won = Alerts(), set[str]()
    for number, event in enumerate(story):
        at = tick(number * pace)
        if isinstance(event, str):
            alerts.time(at)
        else:
            alerts.wins(event, at)
            assert alerts.wins(event, at) == []
            won = set(event)
    for deal in ("D1", "D2", "D|3"):
        told = [said for said in alerts.said if said.subject == deal]
        assert [said.number for said in told] == list(range(1, len(told) + 1))
        line = "".join(said.transition[2] for said in told)  # firing, resolved, retracted: r, s, t
        assert line == "".join(f"r{rest}" for rest in line.split("r")[1:])
        assert all(rest in {"", "s", "t", "st"} for rest in line.split("r"))
        assert all(rest.endswith("t") for rest in line.split("r")[1:-1])
        assert (bool(line) and not line.endswith("t")) == (deal in won)
