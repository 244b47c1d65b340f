"""Who is told about a transition, under which key, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.messages import body, subject
from quota.notifications import idempotency_key, notifications
from schemas.alerts import Transition
from schemas.plan import Route
from tests.unit.floor import PLAN, a_plan
from tests.unit.news import RULES, SCOPES, transition, transitions, win

ABOVE = {
    "company": set[str](),
    "team:central": {"company"},
    "team:dustin": {"team:central", "company"},
    "team:west": {"company"},
    "rep:anna-snelling": {"team:dustin", "team:central", "company"},
    "rep:ben": {"team:dustin", "team:central", "company"},
    "rep:dan": {"company"},
    "rep:gone": {"company"},
}
"""In March 2026; written by hand."""
routes = st.lists(
    st.builds(
        Route,
        st.sampled_from(["r1", "r2", "r3", "r4"]),
        st.sampled_from(["ann", "floor"]),
        st.sampled_from(["console", "hook"]),
        st.lists(st.sampled_from(list(RULES)), max_size=2).map(tuple),
        st.lists(st.sampled_from(SCOPES[:-1]), max_size=2).map(tuple),
    ),
    unique_by=lambda route: route.id,
)


def covers(route: Route, said: Transition) -> bool:
    """By the sentences of the documentation."""
    about = not route.rules or any(rule == said.rule for rule in route.rules)
    whom = not route.scopes or any(scope in {said.scope} | ABOVE[said.scope] for scope in route.scopes)
    news = not said.quiet and (said.kind, said.transition) != ("deal_won", "resolved")
    return about and whom and news


@given(transitions, routes)
def test_one_message_goes_over_every_route_that_covers_a_transition_and_none_over_any_other(
    said: Transition, known: list[Route]
) -> None:
    told = notifications(said, a_plan(routes=tuple(known)))
    expected = [(route.id, route.recipient, route.sink) for route in known if covers(route, said)]
    assert [(each.route, each.recipient, each.sink) for each in told] == expected
    assert all(each.cause == said and each.subject and said.summary in each.body for each in told)


@given(transitions, routes)
def test_the_same_transition_gives_the_same_messages_and_every_message_has_a_key_of_its_own(
    said: Transition, known: list[Route]
) -> None:
    plan = a_plan(routes=tuple(known))
    told = notifications(said, plan)
    assert told == notifications(said, plan)
    assert len({each.idempotency_key for each in told}) == len(told)


parts = st.tuples(st.text(max_size=5), st.integers(1, 99), st.text(max_size=3), st.text(max_size=3))


@given(parts, parts)
def test_a_key_is_safe_in_a_header_and_differs_where_anything_differs(
    one: tuple[str, int, str, str], other: tuple[str, int, str, str]
) -> None:
    key = idempotency_key(*one)
    assert key.isascii()
    assert key.replace("_", "").isalnum()
    assert len(key) == 36
    assert (key == idempotency_key(*other)) == (one == other)


def test_parts_of_a_key_do_not_run_into_one_another() -> None:
    keys = {idempotency_key("a", 1, route, "b" * (3 - len(route))) for route in ("", "b", "bb", "bbb")}
    assert len(keys) == 4
    assert idempotency_key("x1:1", 1, "r", "a") != idempotency_key("x", 11, "r", "a")


def test_of_a_win_those_are_told_who_led_the_rep_on_its_day() -> None:
    teams = [Route(team, team, "console", scopes=(f"team:{team}",)) for team in ("dustin", "west")]
    plan = a_plan(routes=tuple(teams))
    for day, team in (("2026-06-30", "dustin"), ("2026-07-01", "west")):
        assert [each.recipient for each in notifications(win(period=day), plan)] == [team]


SUBJECTS = [
    (transition(), "Running short of opportunities: Dustin Brinkmann, 2026-Q3"),
    (transition(transition="resolved", reason="enough"), "Enough opportunities again: Dustin Brinkmann, 2026-Q3"),
    (transition(transition="resolved", reason="too_late"), "Too late for new opportunities: Dustin Brinkmann, 2026-Q3"),
    (transition(transition="resolved", reason="not_in_plan"), "No longer watched: Dustin Brinkmann, 2026-Q3"),
    (transition("pace", "rep:ben", subject="calls_placed"), "Behind on calls placed: Ben, 2026-Q3"),
    (
        transition("pace", "rep:ben", subject="revenue", transition="resolved", reason="caught_up"),
        "Back on pace with revenue: Ben, 2026-Q3",
    ),
    (
        transition("pace", "company", subject="revenue", transition="resolved", reason="missed"),
        "Quota missed for revenue: Acme, 2026-Q3",
    ),
    (win(), "Deal won: Anna Snelling, USD 5,000"),
    (win(transition="retracted"), "Correction: deal d1 of Anna Snelling is not won"),
]


@pytest.mark.parametrize(("said", "expected"), SUBJECTS, ids=[expected for _, expected in SUBJECTS])
def test_a_subject_says_what_happened_to_whom_and_when(said: Transition, expected: str) -> None:
    assert subject(said, PLAN) == expected


def test_a_body_says_the_rest() -> None:
    assert body(transition(), PLAN).splitlines() == [
        "Dustin Brinkmann is running short.",
        "Period: 2026-Q3, 1 July 2026 to 30 September 2026.",
        "Seen first on 2 March 2026.",
        "Look closer: quotaflow explain team:dustin revenue 2026-Q3",
    ]
    resolved = body(
        transition("pace", "rep:ben", subject="calls_placed", transition="resolved", period="2026-03-04"), PLAN
    )
    assert resolved.splitlines()[1:] == [
        "Period: 2026-03-04, 4 March 2026.",
        "It had been open since 2 March 2026.",
        "Look closer: quotaflow explain rep:ben calls_placed 2026-03-04",
    ]
    assert body(win(), PLAN).splitlines() == [
        "Anna won.",
        "Look closer: quotaflow explain rep:anna-snelling deals_won 2026-03-04",
    ]


def test_a_period_that_means_nothing_any_more_is_named_without_its_days() -> None:
    assert "Period: FY2026-Q3." in body(transition(period="FY2026-Q3", details={}), PLAN).splitlines()


@pytest.mark.parametrize("scope", SCOPES)
def test_everything_above_a_scope(scope: str) -> None:
    line = PLAN.line(scope, "2026-03-05")
    assert (line[0], line[-1]) == (scope, "company")
    assert {*line} == {scope, *ABOVE[scope]}
