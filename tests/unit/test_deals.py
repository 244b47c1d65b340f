from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from quota.deals import Deal, contributions, entity, fold
from quota.errors import InvalidRecord
from quota.facts import in_time
from quota.recount import facts_of
from quota.shares import together
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.plan import Pipeline, Stage
from tests.unit.deal_oracle import what_a_deal_adds
from tests.unit.floor import HERE, PLAN, STAGES, a_plan, moments, noon, performers, usd

money = st.builds(Money, st.integers(-500, 100_000), st.sampled_from(["USD", "EUR", "GBP"]))


def unless_unsaid(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSET) | strategy


changes = st.builds(
    DealChanged,
    id=st.sampled_from("abcdefgh"),
    source=st.sampled_from(["crm", "erp"]),
    occurred_at=moments,
    deal=st.just("d"),
    owner=unless_unsaid(st.none() | performers),
    stage=unless_unsaid(
        st.sampled_from(["prospecting", "engaging", "Engaging", "proposal", "won", "Closed Won", "lost", "odd", None])
    ),
    amount=unless_unsaid(st.none() | money),
    cost=unless_unsaid(st.none() | money),
    created_at=unless_unsaid(st.none() | moments),
    deleted=unless_unsaid(st.booleans()),
    version=st.integers(0, 2),
    quiet=st.booleans(),
)
some_changes = st.lists(changes, min_size=1, max_size=9)


def change(day: str, stage: Any = UNSET, owner: Any = UNSET, **said: Any) -> DealChanged:
    number = said.pop("id", f"{day}-{stage}")
    return DealChanged(number, "crm", noon(day), "d", owner, stage, **said)


def record(*received: DealChanged) -> DealRecord:
    folded = fold(None, [(fact, HERE) for fact in received])
    assert folded is not None
    return folded


def credited(*received: DealChanged) -> dict[tuple[str, str], dict[str, int]]:
    return contributions(record(*received), PLAN)


def flat(found: dict[tuple[str, str], dict[str, int]]) -> Counter[tuple[str, str, str]]:
    return Counter({(*cell, component): value for cell, parts in found.items() for component, value in parts.items()})


CREATED = change("2026-02-02", "prospecting", "ben", amount=usd(1000))
ENGAGED = change("2026-02-20", "engaging")
WON = change("2026-03-09", "won", amount=usd(1200))
LOST = change("2026-03-09", "lost")


@settings(max_examples=400)
@given(received=some_changes)
def test_contributions_are_those_of_the_slow_oracle(received: list[DealChanged]) -> None:
    found = credited(*received)
    assert flat(found) == what_a_deal_adds(received)
    assert all(found.values())


@given(received=some_changes, data=st.data())
def test_order_and_repetition_do_not_matter(received: list[DealChanged], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(received + received))
    cut = data.draw(st.integers(1, len(shuffled)))
    first = record(*shuffled[:cut])
    rest = [(fact, HERE) for fact in shuffled[cut:]]
    second = (fold(first, rest) if rest else None) or first
    assert facts_of(second) == facts_of(record(*received))
    assert fold(second, [(fact, Origin("again", 1, 1)) for fact in received]) is None


@given(received=some_changes, more=some_changes)
def test_folding_changes_no_record_that_was_given_to_it(received: list[DealChanged], more: list[DealChanged]) -> None:
    before = record(*received)
    held = [*before.changes]
    fold(before, [(fact, HERE) for fact in more])
    assert before.changes == held


@given(received=some_changes)
def test_a_deal_that_goes_on_adds_what_the_whole_of_it_adds(received: list[DealChanged]) -> None:
    whole = in_time(record(*received).changes)
    growing = Deal("d", PLAN)
    for number, each in enumerate(whole):
        growing.hear(each)
        so_far = DealRecord("d", [(said, HERE) for said in whole[: number + 1]])
        assert together(growing.count()) == contributions(so_far, PLAN)


@given(received=some_changes)
def test_reopening_undoes_winning(received: list[DealChanged]) -> None:
    last = datetime(2027, 1, 4, 18, tzinfo=UTC)
    reopened = DealChanged("y", "crm", last, "d", stage="engaging")
    won = DealChanged("x", "crm", datetime(2027, 1, 2, 18, tzinfo=UTC), "d", stage="won")
    after = flat(credited(*received, won, reopened))
    without = flat(credited(*received, DealChanged("x", "crm", won.occurred_at, "d"), reopened))
    outputs = {"deals_won", "revenue", "margin", "costed", "unpriced", "won_deal|d", "negative_cycle"}
    assert not outputs & {component for _, _, component in after}
    assert not any(component.startswith("won_age|") for _, _, component in after)
    assert after == without


@given(received=some_changes)
def test_a_deleted_deal_adds_nothing_and_undeleting_restores_all(received: list[DealChanged]) -> None:
    deleted = DealChanged("x", "crm", datetime(2027, 1, 2, tzinfo=UTC), "d", deleted=True)
    restored = DealChanged("y", "crm", datetime(2027, 1, 3, tzinfo=UTC), "d", deleted=False)
    before = [DealChanged("w", "crm", datetime(2027, 1, 3, tzinfo=UTC), "d", deleted=False), *received]
    assert credited(*received, deleted) == {}
    assert credited(*received, deleted, restored) == credited(*before)


def test_a_quietly_repeated_fact_is_the_same_fact() -> None:
    loud = record(CREATED)
    assert fold(loud, [(change("2026-02-02", "prospecting", "ben", amount=usd(1000), quiet=True), HERE)]) is None


def test_a_fact_keeps_the_origin_of_its_first_receipt_and_a_newer_version_brings_its_own() -> None:
    first, second = Origin("t", 0, 1), Origin("t", 0, 2)
    folded = fold(None, [(CREATED, first), (CREATED, second)])
    assert folded is not None
    assert [origin for _, origin in folded.changes] == [first]
    newer = fold(folded, [(change("2026-02-02", "prospecting", "cara", version=1), second)])
    assert newer is not None
    assert [origin for _, origin in newer.changes] == [second]
    assert fold(newer, [(CREATED, first)]) is None


def test_a_deal_is_keyed_by_itself_and_out_of_time_is_refused() -> None:
    assert entity(CREATED) == "d"
    assert entity(change("2026-02-02", created_at=None)) == "d"
    with pytest.raises(InvalidRecord, match="created_at"):
        entity(change("2026-02-02", created_at=datetime(1, 1, 1, tzinfo=UTC)))
    with pytest.raises(InvalidRecord, match="occurred_at"):
        entity(DealChanged("1", "crm", datetime(9999, 12, 31, tzinfo=UTC), "d"))


def test_a_won_deal_counts_where_it_was_created_advanced_and_won() -> None:
    assert credited(CREATED, ENGAGED, WON) == {
        ("rep:ben", "2026-02-02"): {"opportunities_created": 1, "early_created": 1},
        ("rep:ben", "2026-02-20"): {"opportunities_advanced": 1},
        ("rep:ben", "2026-03-09"): {"deals_won": 1, "revenue": 120000, "won_age|35": 1, "won_deal|d": 120000},
    }


def test_an_open_deal_stands_on_the_day_of_its_creation() -> None:
    assert credited(CREATED, ENGAGED)["rep:ben", "2026-02-02"] == {
        "opportunities_created": 1,
        "early_created": 1,
        "open|engaging": 1,
        "open_amount|engaging": 100000,
    }


def test_creation_may_be_said_or_be_said_to_be_unknown() -> None:
    said = credited(change("2026-02-02", "proposal", "ben", created_at=noon("2026-01-05")))
    assert said == {
        ("rep:ben", "2026-01-05"): {"opportunities_created": 1, "open|proposal": 1, "open_unpriced|proposal": 1}
    }
    unknown = credited(change("2026-02-02", "proposal", "ben", created_at=None, amount=usd(5)))
    assert unknown == {("rep:ben", "2026-02-02"): {"open_unknown|proposal": 1, "open_unknown_amount|proposal": 500}}
    closed = credited(change("2026-02-02", "proposal", "ben", created_at=None), LOST)
    assert closed == {("rep:ben", "2026-03-09"): {"deals_lost": 1}}


def test_a_deal_won_at_once_was_created_only_if_that_is_said() -> None:
    won = change("2026-03-09", "won", "ben", amount=usd(7))
    assert credited(won) == {("rep:ben", "2026-03-09"): {"deals_won": 1, "revenue": 700, "won_deal|d": 700}}
    said = change("2026-03-09", "won", "ben", amount=usd(7), created_at=noon("2026-03-01"))
    assert credited(said) == {
        ("rep:ben", "2026-03-01"): {"opportunities_created": 1},
        ("rep:ben", "2026-03-09"): {"deals_won": 1, "revenue": 700, "won_deal|d": 700, "won_age|8": 1},
    }


def test_a_deal_never_seen_in_a_stage_adds_nothing() -> None:
    assert credited(change("2026-02-02", owner="ben", amount=usd(5), created_at=noon("2026-02-02"))) == {}
    assert credited(change("2026-02-02", None, "ben", created_at=noon("2026-02-02"))) == {}


def test_a_stage_that_nobody_knows_is_counted_alone_until_the_plan_knows_it() -> None:
    received = (CREATED, ENGAGED, change("2026-03-02", "negotiation"))
    assert credited(*received) == {("rep:ben", "2026-03-02"): {"unknown_stage": 1}}
    known = a_plan(pipelines=(Pipeline("sales", (*STAGES[:3], Stage("negotiation", "open"), *STAGES[3:])),))
    assert contributions(record(*received), known)["rep:ben", "2026-03-02"] == {"opportunities_advanced": 1}


def test_of_stages_that_nobody_knows_the_last_counts_until_it_is_cleared() -> None:
    odd, strange = change("2026-02-02", "odd", "ben"), change("2026-02-03", "strange")
    assert credited(odd, strange) == {("rep:ben", "2026-02-03"): {"unknown_stage": 1}}
    assert credited(odd, strange, change("2026-02-04", None)) == {}


def test_a_deal_is_lost_when_the_first_of_several_ways_to_lose_it_is_entered() -> None:
    plan = a_plan(pipelines=(Pipeline("sales", (*STAGES, Stage("disqualified", "lost"))),))
    found = contributions(record(CREATED, LOST, change("2026-03-20", "disqualified")), plan)
    assert found["rep:ben", "2026-03-09"] == {"deals_lost": 1, "lost_age|35": 1}


def test_each_further_stage_counts_once_and_going_back_does_not() -> None:
    path = ["engaging", "prospecting", "engaging", "proposal", "lost", "proposal", "engaging", "proposal"]
    days = [f"2026-04-{number + 1:02d}" for number in range(len(path))]
    found = credited(*(change(day, stage, "ben") for day, stage in zip(days, path, strict=True)))
    advanced = [day for (_, day), parts in found.items() if "opportunities_advanced" in parts]
    assert advanced == ["2026-04-04"]


def test_the_credit_of_a_win_stays_when_the_owner_changes() -> None:
    found = credited(CREATED, WON, change("2026-03-10", owner="cara"))
    assert found["rep:ben", "2026-03-09"]["revenue"] == 120000


def test_credit_goes_to_the_owner_at_each_moment() -> None:
    found = credited(CREATED, change("2026-02-10", owner="cara"), ENGAGED, LOST)
    assert found["rep:ben", "2026-02-02"] == {"opportunities_created": 1, "early_created": 1}
    assert found["rep:cara", "2026-02-20"] == {"opportunities_advanced": 1}
    assert found["rep:cara", "2026-03-09"] == {"deals_lost": 1, "lost_age|35": 1}


def test_what_is_open_belongs_to_its_present_owner() -> None:
    found = credited(CREATED, change("2026-02-10", owner="cara"))
    assert found["rep:cara", "2026-02-02"] == {"open|prospecting": 1, "open_amount|prospecting": 100000}
    assert "open|prospecting" not in found["rep:ben", "2026-02-02"]


def test_an_owner_taken_away_leaves_the_deal_unassigned() -> None:
    assert ("unassigned", "2026-02-02") in credited(CREATED, change("2026-02-10", owner=None))


def test_an_amount_changed_after_the_win_corrects_its_day() -> None:
    found = credited(CREATED, WON, change("2026-05-05", amount=usd(900)))
    assert found["rep:ben", "2026-03-09"]["revenue"] == 90000


def test_winning_again_moves_the_credit_to_the_last_win() -> None:
    found = credited(CREATED, WON, change("2026-03-12", "engaging"), change("2026-03-20", "won", id="again"))
    assert [day for (_, day), parts in found.items() if "deals_won" in parts] == ["2026-03-20"]


def test_saying_that_a_deal_is_won_once_more_moves_nothing() -> None:
    assert credited(CREATED, WON, change("2026-03-20", "Closed Won")) == credited(CREATED, WON)


def test_margin_needs_amount_and_cost_in_the_companys_currency() -> None:
    won = credited(CREATED, WON, change("2026-03-10", cost=Money(50000, "EUR")))["rep:ben", "2026-03-09"]
    assert (won["margin"], won["costed"]) == (120000 - 55000, 1)
    assert "margin" not in credited(CREATED, WON, change("2026-03-10", cost=Money(1, "GBP")))["rep:ben", "2026-03-09"]


def test_a_win_without_amount_or_rate_is_unpriced_and_not_zero() -> None:
    for amount in (None, Money(100, "GBP")):
        won = credited(CREATED, change("2026-03-09", "won", amount=amount))["rep:ben", "2026-03-09"]
        assert won == {"deals_won": 1, "unpriced": 1, "won_age|35": 1}


def test_a_win_is_converted_at_the_rate_of_its_day() -> None:
    early = credited(change("2026-05-29", "won", "ben", amount=Money(1000, "EUR")))
    late = credited(change("2026-06-01", "won", "ben", amount=Money(1000, "EUR")))
    assert early["rep:ben", "2026-05-29"]["revenue"] == 1100
    assert late["rep:ben", "2026-06-01"]["revenue"] == 1250


def test_a_deal_closed_before_it_was_created_has_no_age() -> None:
    found = credited(change("2026-03-09", "won", "ben", amount=usd(1), created_at=noon("2026-03-10")))
    assert found["rep:ben", "2026-03-09"] == {"deals_won": 1, "revenue": 100, "won_deal|d": 100, "negative_cycle": 1}


def test_days_are_those_of_the_owners_calendar() -> None:
    evening = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    for owner, day in (("cara", "2026-03-10"), ("ben", "2026-03-09")):
        found = credited(DealChanged("1", "crm", evening, "d", owner, "won", usd(1)))
        assert set(found) == {(f"rep:{owner}", day)}


def test_changes_of_one_moment_are_ordered_by_identity() -> None:
    first, second = change("2026-03-09", "won", "ben", id="a"), change("2026-03-09", "lost", id="b")
    assert "deals_lost" in credited(second, first)["rep:ben", "2026-03-09"]
