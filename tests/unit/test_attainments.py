from hypothesis import given
from hypothesis import strategies as st

from quota.attainments import LABELS, attainment
from schemas.plan import Quota
from tests.unit.floor import a_plan
from tests.unit.past import past, the_period

MAY = "2026-05-01"


def quota(scope: str, target: str) -> Quota:
    return Quota(scope, scope, "revenue", "month", target)


PLAN = a_plan(
    quota("team:dustin", "1000.00"),
    quota("rep:ben", "400.00"),
    quota("rep:anna-snelling", "200.00"),
    quota("rep:cara", "1.00"),
)


def test_a_teams_number_is_shown_beside_that_of_its_reps_and_how_many_of_them_reached_theirs() -> None:
    months = [None, None, None, None]
    known = past(
        PLAN, {"rep:ben": [*months, 40_000], "rep:anna-snelling": [*months, 5_000], "team:dustin": [*months, 45_000]}
    )
    found = attainment("team:dustin", "revenue", the_period(MAY, "month", PLAN), known)
    assert (found.attained, found.target, found.own) == (45_000, 100_000, 0.45)
    assert (found.people_attained, found.people_target, found.together) == (45_000, 60_000, 0.75)
    assert (found.people, found.reached, found.share) == (2, 1, 0.5)
    assert dict(zip(LABELS, found.bands, strict=True)) == {
        "below 50 %": 1,
        "50 to 80 %": 0,
        "80 to 100 %": 0,
        "100 to 120 %": 1,
        "from 120 %": 0,
    }


def test_who_has_no_target_is_not_among_them_and_nothing_is_divided_by_nothing() -> None:
    plan = a_plan()
    found = attainment("company", "revenue", the_period(MAY, "month", plan), past(plan, {"rep:ben": [5] * 5}))
    assert (found.target, found.own, found.together, found.share, found.people) == (None, None, None, None, 0)


@given(st.lists(st.integers(0, 100_000), min_size=3, max_size=3))
def test_the_bands_hold_everybody_once_and_the_company_holds_all_teams(sold: list[int]) -> None:
    reps = ("rep:ben", "rep:anna-snelling", "rep:cara")
    known = past(PLAN, {rep: [None] * 4 + [value] for rep, value in zip(reps, sold, strict=True)})
    may = the_period(MAY, "month", PLAN)
    company, *teams = (attainment(scope, "revenue", may, known) for scope in ("company", "team:dustin", "team:west"))
    assert sum(company.bands) == company.people == sum(team.people for team in teams) == 3
    assert company.people_attained == sum(team.people_attained for team in teams) == sum(sold)
    assert company.reached == sum(team.reached for team in teams) == sum(company.bands[3:])
