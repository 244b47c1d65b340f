"""Whether a quota falls behind, and what a manager reads of it."""

from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from msgspec import json
from msgspec.structs import replace as changed

from quota.behind_pace import ended, ending, finding, verdict, watches
from quota.lifecycle import Verdict, fresh
from quota.periods import period_of
from quota.standings import standing
from schemas.credits import Parts
from schemas.plan import Quota, Rule
from schemas.standings import Judged, QuotaStanding
from tests.unit.floor import CHICAGO, a_plan

RULE = Rule("pace", "behind_pace")
CALLS = Quota("ben-calls", "rep:ben", "calls_placed", "month", "210")
REVENUE = Quota("ben-revenue", "rep:ben", "revenue", "month", "21000")
PLAN = a_plan(CALLS, REVENUE, rules=(RULE,))
# June 2026 has 22 working days; the 12th ends the tenth of them.
EVENING = datetime(2026, 6, 12, 18, tzinfo=CHICAGO)


def june(parts: Parts, at: datetime = EVENING) -> Judged:
    period = period_of("month", date(2026, 6, 12), PLAN.calendar("rep:ben"))
    return json.decode(json.encode(standing("rep:ben", period, parts, {}, PLAN, at)), type=Judged)


def quota(metric: str = "calls_placed", **values: Any) -> QuotaStanding:
    found = next(found for found in june({"calls_placed": 60, "revenue": 600_000}).quotas if found.metric == metric)
    return changed(found, **values)


def outcome(rule: Rule, found: QuotaStanding) -> tuple[bool | None, bool, str]:
    said = finding(rule, found, PLAN)
    worded = verdict(said, june({}), found, PLAN)
    assert (worded.holds, worded.clears, worded.reason) == said
    return said


def worded(standing: Judged, found: QuotaStanding) -> Verdict:
    return verdict(finding(RULE, found, PLAN), standing, found, PLAN)


HOLDS, CAUGHT_UP = (True, False, "behind_pace"), (False, True, "caught_up")
BETWEEN, NO_VERDICT = (False, False, "between"), (None, False, "no_pace")


@pytest.mark.parametrize(
    ("calls", "expected"), [(60, HOLDS), (76, HOLDS), (77, BETWEEN), (90, BETWEEN), (91, CAUGHT_UP), (209, CAUGHT_UP)]
)
def test_below_four_fifths_of_the_pace_fires_and_nineteen_twentieths_clear(
    calls: int, expected: tuple[bool | None, bool, str]
) -> None:
    found = june({"calls_placed": calls}).quotas[0]
    assert found.expected == pytest.approx(95.4545, abs=1e-4)
    assert outcome(RULE, found) == expected


@pytest.mark.parametrize(
    ("status", "pace", "expected"),
    [
        ("too_early", 0.1, BETWEEN),
        ("at_risk", 0.7, BETWEEN),
        ("no_data", None, NO_VERDICT),
        ("no_target", None, NO_VERDICT),
        ("behind", None, NO_VERDICT),
        ("no_data", 0.1, NO_VERDICT),
        ("met", 1.0, (False, True, "met")),
        ("missed", 0.5, (False, True, "missed")),
        ("missed", None, (False, True, "missed")),
    ],
)
def test_the_status_decides_whether_there_is_anything_to_say(
    status: str, pace: float | None, expected: tuple[bool | None, bool, str]
) -> None:
    few = quota(status=status, pace=pace, attained=7, expected=10)
    assert outcome(RULE, few) == expected


def test_a_rule_may_ask_for_more_or_less_than_the_status_does() -> None:
    assert outcome(changed(RULE, fire=0.5), quota(pace=0.6286)) == BETWEEN
    assert outcome(changed(RULE, fire=0.7), quota(pace=0.6286)) == HOLDS
    assert outcome(changed(RULE, clear=0.6), quota(status="at_risk", pace=0.9)) == CAUGHT_UP


def test_a_pace_at_a_threshold_is_not_below_it() -> None:
    assert outcome(changed(RULE, fire=0.7), quota(pace=0.7)) == BETWEEN
    assert outcome(changed(RULE, clear=0.9), quota(status="at_risk", pace=0.9)) == CAUGHT_UP


def test_too_early_to_tell_is_too_early_whatever_the_numbers() -> None:
    assert outcome(RULE, quota(status="too_early", pace=0.0, attained=0, expected=10)) == BETWEEN


def test_a_stricter_rule_still_wants_evidence_for_counts() -> None:
    strict = changed(RULE, fire=0.9)
    assert outcome(strict, quota(status="at_risk", pace=0.85, attained=17, expected=20)) == BETWEEN
    assert outcome(strict, quota(status="at_risk", pace=0.85, attained=84, expected=99)) == BETWEEN
    assert outcome(strict, quota(status="at_risk", pace=0.0, attained=0, expected=4)) == HOLDS
    assert outcome(strict, quota(status="at_risk", pace=0.89, attained=89, expected=100)) == HOLDS
    assert outcome(strict, quota(status="at_risk", pace=0.85, attained=17, expected=20, target=20)) == HOLDS
    assert outcome(strict, quota("revenue", status="at_risk", pace=0.85)) == HOLDS


def test_a_rule_watches_the_metrics_it_lists_or_all() -> None:
    assert watches(RULE, "revenue")
    assert watches(changed(RULE, metrics=("calls_placed",)), "calls_placed")
    assert not watches(changed(RULE, metrics=("calls_placed",)), "revenue")


def test_a_manager_reads_what_is_behind_and_what_a_day_would_mend_it() -> None:
    summary, details = worded(june({"calls_placed": 60}), quota()).tell("firing")
    assert summary == (
        "Ben is behind on calls placed in 2026-06: 60 of 210, where 95.5 should be there by now (62.9 % of the pace). "
        "12.5 a day on the 12 working days left would still make it."
    )
    assert details["as_of"] == "2026-06-12T18:00:00-05:00"
    assert (details["metric"], details["target"], details["attained"]) == ("calls_placed", 210, 60)
    assert msgspec.json.decode(msgspec.json.encode(details)) == details


def test_money_is_said_with_its_currency() -> None:
    summary, _ = worded(june({}), quota("revenue")).tell("firing")
    assert "USD 6,000 of USD 21,000, where USD 9,545.45 should be there by now" in summary
    assert "USD 1,250 a day" in summary


def test_a_limit_that_is_exceeded_has_no_amount_a_day() -> None:
    summary, _ = worded(june({}), quota(required_per_day=None)).tell("firing")
    assert summary.endswith("(62.9 % of the pace).")


def test_a_manager_reads_how_it_ended() -> None:
    found = quota(status="on_track", pace=0.96, attained=92)
    assert worded(june({}), found).tell("resolved")[0] == (
        "Ben: the calls placed quota of 2026-06 is back on pace, with 92 of 210."
    )
    missed = quota(status="missed", attained=None)
    assert worded(june({}), missed).tell("resolved")[0] == (
        "Ben: the calls placed quota of 2026-06 was missed, with nothing of 210."
    )


def test_an_alert_ends_with_its_period_as_the_closed_standing_says() -> None:
    after = datetime(2026, 7, 1, 0, tzinfo=CHICAGO)
    assert ending(june({"calls_placed": 210}, after), "calls_placed") == "met"
    assert ending(june({"calls_placed": 209}, after), "calls_placed") == "missed"
    assert ending(june({"calls_placed": 100}), "calls_placed") == "period_ended"
    assert ending(june({"calls_placed": 210}, after), "chats") == "period_ended"
    assert ending(None, "calls_placed") == "period_ended"
    state = fresh(RULE, "rep:ben", "2026-06", "calls_placed")
    assert ended(state, "missed", PLAN)[0] == "2026-06 is over for Ben: the calls placed quota was missed."
