from datetime import date

import pytest

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import period_of
from quota.plans import PlanIndex, slug
from schemas.fields import Money
from schemas.plan import Calendar, Company, Membership, Metric, Pipeline, Plan, Quota, Rep, Rule, Stage, Team
from tests.unit.floor import PLAN, REPS, STAGES, TEAMS, a_plan


def quota(name: str, target: str, start: str | None = None, end: str | None = None, metric: str = "revenue") -> Quota:
    return Quota(name, "team:west", metric, "quarter", target, start=start, end=end)


def quarter(day: str, plan: PlanIndex = PLAN) -> list[str]:
    period = period_of("quarter", date.fromisoformat(day), plan.calendar("team:west"))
    return [found.id for found in plan.quotas("team:west", period)]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Anna Snelling", "anna-snelling"),
        ("  Rosie  Papadopoulos! ", "rosie-papadopoulos"),
        ("José Núñez", "jose-nunez"),
        ("10912.0", "10912.0"),
        ("李 a", ""),
        ("", ""),
    ],
)
def test_a_name_makes_an_id_or_none_at_all(name: str, made: str) -> None:
    assert slug(name) == made


def test_scopes_are_the_company_its_teams_its_reps_and_what_nobody_owns() -> None:
    assert PLAN.scopes == (
        "company",
        "rep:anna-snelling",
        "rep:ben",
        "rep:cara",
        "rep:dan",
        "team:central",
        "team:dustin",
        "team:west",
        "unassigned",
    )


@pytest.mark.parametrize(
    ("source", "name", "rep"),
    [
        ("crm", "A. Snelling", "anna-snelling"),
        ("crm", "4711", "anna-snelling"),
        ("phone", "4711", None),
        ("phone", "anna-snelling", "anna-snelling"),
        ("phone", "Anna Snelling", "anna-snelling"),
        ("phone", "Nobody", None),
        ("phone", "李 ben", None),
    ],
)
def test_a_rep_is_known_by_external_name_by_id_and_by_the_slug_of_the_name(
    source: str, name: str, rep: str | None
) -> None:
    assert PLAN.rep(source, name) == rep


def test_what_a_source_calls_somebody_goes_before_ids() -> None:
    plan = a_plan(reps=(Rep("ben", "Ben"), Rep("cara", "Cara", external={"crm": ("ben",)})))
    assert plan.rep("crm", "ben") == "cara"
    assert plan.rep("phone", "ben") == "ben"


@pytest.mark.parametrize(
    ("day", "line"),
    [
        ("2026-06-30", ("rep:anna-snelling", "team:dustin", "team:central", "company")),
        ("2026-07-01", ("rep:anna-snelling", "team:west", "company")),
    ],
)
def test_a_rep_counts_for_the_teams_of_the_day(day: str, line: tuple[str, ...]) -> None:
    assert PLAN.ancestors("anna-snelling", day) == line


def test_between_memberships_a_rep_counts_for_the_company_alone() -> None:
    rep = Rep("eva", "Eva", teams=(Membership("west", "2026-01-01", "2026-02-01"), Membership("gone", "2026-03-01")))
    plan = a_plan(reps=(rep,))
    assert plan.ancestors("eva", "2025-12-31") == ("rep:eva", "company")
    assert plan.ancestors("eva", "2026-02-01") == ("rep:eva", "company")
    assert plan.ancestors("eva", "2026-03-01") == ("rep:eva", "company")


def test_of_overlapping_memberships_the_first_is_primary() -> None:
    plan = a_plan(reps=(Rep("eva", "Eva", teams=(Membership("west"), Membership("dustin"))),))
    assert plan.ancestors("eva", "2026-01-01") == ("rep:eva", "team:west", "company")


def test_teams_above_one_another_do_not_loop() -> None:
    teams = (Team("a", "A", parent="b"), Team("b", "B", parent="a"))
    plan = a_plan(teams=teams, reps=(Rep("eva", "Eva", teams=(Membership("a"),)),))
    assert plan.ancestors("eva", "2026-01-01") == ("rep:eva", "team:a", "team:b", "company")


def calendar_ids(plan: PlanIndex, *scopes: str) -> list[str]:
    return [plan.calendar(scope).id for scope in scopes]


def test_a_scope_has_its_own_calendar_or_the_nearest_above() -> None:
    calendars = (*PLAN.plan.calendars, Calendar("tokyo", "Asia/Tokyo"))
    teams = (Team("central", "C", calendar="tokyo"), Team("dustin", "D", parent="central"), Team("west", "W"))
    plan = a_plan(teams=teams, calendars=calendars)
    assert calendar_ids(plan, "company", "unassigned", "team:west", "rep:dan") == ["chicago"] * 4
    assert calendar_ids(plan, "team:central", "team:dustin", "rep:ben") == ["tokyo"] * 3
    assert calendar_ids(plan, "rep:cara", "rep:anna-snelling") == ["berlin", "chicago"]


def test_without_calendars_the_company_works_in_utc() -> None:
    plan = PlanIndex(Plan(1, Company("Acme", "USD")))
    assert isinstance(plan.calendar("company"), WorkCalendar)
    assert str(plan.calendar("rep:whoever").zone) == "UTC"


def test_a_calendar_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidRecord, match=r"rep eva: .* moon"):
        a_plan(reps=(Rep("eva", "Eva", calendar="moon"),))


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        *((name, "engaging") for name in ("engaging", "Engaging", "In Contact", "in contact")),
        *((name, "won") for name in ("Closed Won", "CLOSED-WON", "Won")),
        *((name, None) for name in ("Negotiation", "", "赢")),
    ],
)
def test_a_stage_is_known_by_id_by_its_names_and_by_their_slugs(name: str, stage: str | None) -> None:
    found = PLAN.stage(name)
    assert (None if found is None else found.id) == stage


def test_an_exact_name_goes_before_a_slug_and_an_id_before_both() -> None:
    stages = (Stage("a", "open", names=("New Deal", "b")), Stage("b", "open", names=("new-deal", "NEW DEAL")))
    plan = a_plan(pipelines=(Pipeline("p", stages),))
    found = {name: plan.stage(name) for name in ("New Deal", "new-deal", "NEW DEAL", "b", "New  deal")}
    assert {name: stage.id for name, stage in found.items() if stage} == {
        "New Deal": "a",
        "new-deal": "b",
        "NEW DEAL": "b",
        "b": "b",
        "New  deal": "b",
    }


def test_a_stage_knows_its_place_in_its_own_pipeline() -> None:
    second = Pipeline("renewals", (Stage("due", "open"), Stage("renewed", "won")))
    plan = a_plan(pipelines=(Pipeline("sales", STAGES), second))
    assert [plan.stage_index(name) for name in ("prospecting", "proposal", "due", "renewed")] == [0, 2, 0, 1]
    assert [stage.id for stage in plan.open_stages] == ["prospecting", "engaging", "proposal", "due"]


def test_a_stage_id_in_two_pipelines_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="stage won exists already"):
        a_plan(pipelines=(Pipeline("sales", STAGES), Pipeline("renewals", (Stage("won", "won"),))))


def test_activities_count_for_built_in_metrics_and_for_those_that_the_plan_declares() -> None:
    plan = a_plan(metrics=(Metric("touches", ("chat", "letter")), Metric("calls_placed", ("call_placed", "dial"))))
    assert plan.metrics_of("call_placed") == ("calls_placed",)
    assert plan.metrics_of("dial") == ("calls_placed",)
    assert plan.metrics_of("chat") == ("chats", "touches")
    assert plan.metrics_of("letter") == ("touches",)
    assert plan.metrics_of("nap") == ()


@pytest.mark.parametrize("taken", ["revenue", "win_rate", "margin", "early_created", "leads_spoken_to"])
def test_a_metric_may_not_take_the_name_of_another_number(taken: str) -> None:
    with pytest.raises(InvalidRecord, match=taken):
        a_plan(metrics=(Metric(taken, ("chat",)),))


def test_a_quota_is_in_force_for_periods_that_start_within_its_dates() -> None:
    plan = a_plan(quota("old", "10", end="2026-04-01"), quota("new", "20", start="2026-04-01"))
    assert quarter("2026-03-31", plan) == ["old"]
    assert quarter("2026-04-01", plan) == ["new"]
    assert quarter("2026-06-30", a_plan(quota("late", "10", start="2026-04-02"))) == []
    assert quarter("2026-06-30", a_plan(quota("short", "10", end="2026-04-02"))) == ["short"]


def test_of_quotas_on_one_metric_the_one_that_started_last_counts() -> None:
    plan = a_plan(
        quota("raised", "20", start="2026-04-01"),
        quota("base", "10"),
        quota("wins", "5", metric="deals_won"),
    )
    assert sorted(quarter("2026-01-15", plan)) == ["base", "wins"]
    assert sorted(quarter("2026-05-15", plan)) == ["raised", "wins"]


def test_a_quota_holds_for_its_own_scope_and_kind_of_period() -> None:
    plan = a_plan(quota("west", "10"))
    day = date(2026, 5, 1)
    assert plan.quotas("team:dustin", period_of("quarter", day, plan.calendar("company"))) == ()
    assert plan.quotas("team:west", period_of("month", day, plan.calendar("company"))) == ()


def test_a_quota_on_no_metric_or_on_half_a_cent_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="quota q: there is no metric 'smiles'"):
        a_plan(quota("q", "10", metric="smiles"))
    with pytest.raises(InvalidRecord, match=r"10\.005"):
        a_plan(quota("q", "10.005"))


@pytest.mark.parametrize(
    ("day", "worth"), [("2025-12-31", None), ("2026-01-01", 1100), ("2026-05-31", 1100), ("2026-06-01", 1250)]
)
def test_money_is_converted_at_the_latest_rate_of_the_day(day: str, worth: int | None) -> None:
    assert PLAN.convert(Money(1000, "EUR"), day) == worth


def test_money_without_a_rate_or_beyond_all_bounds_has_no_worth() -> None:
    assert PLAN.convert(Money(1000, "USD"), "1990-01-01") == 1000
    assert PLAN.convert(Money(1000, "GBP"), "2026-06-01") is None
    assert PLAN.convert(Money(10**15, "EUR"), "2026-06-01") is None


def test_rules_are_found_by_kind_in_order_and_kinds_of_period_come_from_the_company() -> None:
    rules = (Rule("b", "behind_pace"), Rule("w", "deal_won"), Rule("a", "behind_pace"))
    plan = a_plan(rules=rules, company=Company("Acme", "USD", calendar="chicago", periods=("week", "quarter")))
    assert [rule.id for rule in plan.rules("behind_pace")] == ["b", "a"]
    assert plan.rules("early_stage_shortage") == ()
    assert plan.kinds() == ("week", "quarter")


def test_a_kind_of_period_that_is_named_twice_counts_once() -> None:
    assert a_plan(company=Company("Acme", "USD", periods=("month", "week", "month"))).kinds() == ("month", "week")


def test_the_index_carries_revision_and_currency_of_its_plan() -> None:
    assert (PLAN.revision, PLAN.currency) == (1, "USD")
    assert (PLAN.plan.reps, PLAN.plan.teams) == (REPS, TEAMS)
