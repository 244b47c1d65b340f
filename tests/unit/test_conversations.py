"""Which conversations count, and how often: once for a contact and day, whoever of a scope talked."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota import activities
from quota.cells import add
from quota.conversations import conversation, later, talk_of
from quota.credits import fan_out
from quota.errors import InvalidRecord
from quota.metrics import value, values
from quota.plans import PlanIndex
from quota.recount import recorded
from schemas.activities import Activity
from schemas.conversations import Conversation
from schemas.credits import Parts
from schemas.meetings import MeetingChanged
from schemas.plan import Conversations, Metric
from tests.unit.floor import HERE, PLAN, a_plan, noon
from tests.unit.talk_oracle import details, of_meeting

MONDAY = "2026-03-02"
VPS = Metric("vp_talks", conversations=Conversations(10, ("VP", "C-Level")))
BUYERS = Metric("buyer_talks", conversations=Conversations(0, roles=("Buyer",), distinct=False))
CHOSEN = a_plan(metrics=(VPS, BUYERS))
TOLD = Conversation("ann", "vp", "buyer", 600, two_way=True)


def counts(said: Conversation, plan: PlanIndex = CHOSEN) -> set[str]:
    """What one conversation counts as, without its day and contact."""
    found = plan.conversations.components(said, MONDAY)
    assert len(set(found)) == len(found)
    return {component.removesuffix(f"|{MONDAY}|ann") for component in found}


EVERYTHING = {"conversations", "talk|meaningful_conversations", "talk|vp_talks", "buyer_talks"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, set()),
        ({"two_way": None}, set()),
        ({"two_way": False}, EVERYTHING),
        ({"two_way": False, "meaningful": True}, EVERYTHING),
        ({"seconds": 599}, {"talk|vp_talks"}),
        ({"seconds": 300}, {"talk|vp_talks"}),
        ({"seconds": 299}, {"talk|vp_talks", "talk|meaningful_conversations"}),
        ({"seconds": None}, {"talk|vp_talks", "talk|meaningful_conversations"}),
        ({"seconds": None, "meaningful": True}, set()),
        ({"meaningful": False}, set()),
        ({"seconds": 0, "meaningful": False}, {"talk|vp_talks", "talk|meaningful_conversations"}),
        ({"seniority": "c-LEVEL"}, set()),
        ({"seniority": "clerk"}, {"talk|vp_talks"}),
        ({"seniority": None}, {"talk|vp_talks"}),
        ({"role": "BUYER"}, set()),
        ({"role": None}, {"buyer_talks"}),
        ({"contact": None}, {"talk|vp_talks", "talk|meaningful_conversations"}),
    ],
)
def test_a_conversation_counts_where_it_is_long_enough_or_flagged_and_with_the_right_contact(
    changes: dict[str, Any], missing: set[str]
) -> None:
    assert counts(replace(TOLD, **changes)) == EVERYTHING - missing


def test_the_components_of_a_metric_are_told_by_how_they_begin() -> None:
    found = CHOSEN.conversations.components(TOLD, MONDAY)
    assert [component for component in found if component.startswith(talk_of("vp_talks"))] == [
        f"talk|vp_talks|{MONDAY}|ann"
    ]


def test_a_plan_can_say_what_is_meaningful() -> None:
    plan = a_plan(metrics=(Metric("meaningful_conversations", conversations=Conversations(15, distinct=False)),))
    assert counts(TOLD, plan) == {"conversations"}
    assert counts(replace(TOLD, seconds=900, contact=None), plan) == {"conversations", "meaningful_conversations"}
    assert "meaningful_conversations" in plan.counts
    assert "meaningful_conversations" not in PLAN.counts
    assert values({"meaningful_conversations": 3}, plan)["meaningful_conversations"].value == 3


@pytest.mark.parametrize("name", ["calls_placed", "conversations", "revenue", "leads_spoken_to", "margin"])
def test_no_other_number_can_be_redefined_as_conversations(name: str) -> None:
    with pytest.raises(InvalidRecord, match=name):
        a_plan(metrics=(Metric(name, conversations=Conversations()),))


def test_a_metric_of_activities_and_conversations_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="make two of it"):
        a_plan(metrics=(Metric("x", ("chat",), conversations=Conversations()),))


def chat(number: int, who: str, at: Any, **said: Any) -> Activity:
    return Activity(f"{number}", "crm", at, who, "chat", **said)


talks = st.lists(
    st.tuples(
        st.sampled_from(["ben", "cara", "anna-snelling", "nobody"]),
        st.integers(0, 60),
        st.sampled_from([None, "ann", "bob", "a|b"]),
        st.sampled_from([None, "vp", "clerk"]),
        st.sampled_from([None, 100, 300, 600]),
    ),
    max_size=15,
)


@given(told=talks)
def test_a_team_counts_a_contact_once_a_day_whoever_of_it_talked(told: list[tuple[Any, ...]]) -> None:
    facts = [
        chat(number, who, noon(MONDAY) + timedelta(hours=hours), contact=contact, seniority=seniority, seconds=seconds)
        for number, (who, hours, contact, seniority, seconds) in enumerate(told)
    ]
    totals: dict[str, Parts] = {}
    for record in recorded([(fact, HERE) for fact in facts]).values():
        assert not isinstance(record, MeetingChanged)
        for (scope, _), parts in fan_out(activities.contributions(record, CHOSEN), CHOSEN).items():  # type: ignore[arg-type]  # of activities
            add(totals.setdefault(scope, {}), parts)
    teams = {"ben": "team:dustin", "anna-snelling": "team:dustin", "cara": "team:west"}
    for scope in ("rep:ben", "rep:cara", "team:dustin", "team:west", "team:central", "company", "unassigned"):
        mine = [fact for fact in facts if scope in scopes(fact.performer, teams)]
        parts = totals.get(scope, {})
        for metric, seconds, seniorities in (
            ("meaningful_conversations", 300, {None, "vp", "clerk"}),
            ("vp_talks", 600, {"vp"}),
        ):
            right = {
                (day_of(fact), fact.contact)
                for fact in mine
                if fact.contact and (fact.seconds or 0) >= seconds and fact.seniority in seniorities
            }
            assert value(metric, parts, None, CHOSEN).value == len(right)
            assert values(parts, CHOSEN)[metric].value == len(right)
        assert value("conversations", parts, None, CHOSEN).value == len(mine)


def scopes(performer: str, teams: dict[str, str]) -> set[str]:
    if performer not in teams:
        return {"unassigned"}
    team = teams[performer]
    return {f"rep:{performer}", team, "company", *(["team:central"] if team == "team:dustin" else [])}


def day_of(fact: Activity) -> str:
    return CHOSEN.calendar(CHOSEN.owner(fact.source, fact.performer)).local_day(fact.occurred_at).isoformat()


changes = st.builds(
    MeetingChanged,
    id=st.just("1"),
    source=st.just("crm"),
    occurred_at=st.just(noon(MONDAY)),
    meeting=st.just("m"),
    contact=st.sampled_from([None, "ann", "bob"]),
    seniority=st.sampled_from([None, "vp", "clerk"]),
    role=st.sampled_from([None, "buyer"]),
    seconds=st.sampled_from([None, 0, 60]),
    two_way=st.sampled_from([None, True, False]),
    meaningful=st.sampled_from([None, True, False]),
)


@given(told=st.lists(changes, min_size=1, max_size=6))
def test_what_is_said_later_replaces_what_was_said_and_another_contact_is_somebody_else(
    told: list[MeetingChanged],
) -> None:
    known: Conversation | None = None
    for change in told:
        said = conversation(change)
        assert (said is None) == all(each is None for each in details(change))
        known = known if said is None else later(known, said)
    right = of_meeting(told)
    assert (known or Conversation()) == Conversation(*right)
