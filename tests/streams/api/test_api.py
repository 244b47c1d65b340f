"""What the API answers: the right standings and alerts in their order, and problems that name what is wrong."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import json

from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.standings import Standing
from streams import tables, topics
from streams.api.source import Memory
from streams.log import LogError, Spot
from streams.serving import documents, transitions
from streams.serving.projection import Projection
from tests.runtime.fake_log import FakeLog
from tests.streams.api.asking import SECRET, STORY, Ask, api, asking, following, told
from tests.streams.serving.stories import PLAN, SHARDS, SMALLER, write

INDEX = PlanIndex(PLAN)


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    async with api() as made:
        yield made


def shown(said: Any) -> list[str]:
    return [f"{each['scope']} {each['period']}" for each in said["standings"]]


async def test_one_standing_is_the_document_that_report_prints(ask: Ask) -> None:
    answer = await ask("/api/v1/standings/rep:zoe?period=2017-Q3")
    assert (answer.status, answer.content_type) == (200, "application/json")
    (value,) = [record.value for record in STORY if record.key == b"rep:zoe|2017-Q3"]
    said = json.decode(value or b"", type=Standing)
    assert answer.body == json.encode(documents.document(said, INDEX.calendar("rep:zoe")))


async def test_alerts_are_the_documents_that_the_command_prints(ask: Ask) -> None:
    answer = await ask("/api/v1/alerts")
    found = [
        json.decode(record.value or b"", type=Transition) for record in STORY if record.topic == topics.ALERTS.name
    ]
    expected = [transitions.document(each) for each in transitions.still_open(found)]
    assert answer.body == json.encode({"alerts": expected})
    assert [each["scope"] for each in answer.said["alerts"]] == ["rep:zoe", "team:west"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/rep:zoe", ["rep:zoe 2017-Q3", "rep:zoe 2017-09", "rep:zoe 2017-09-15"]),
        ("/rep%3Amax", ["rep:max 2017-09", "rep:max 2017-09-15"]),
        ("/team:east", ["team:east FY2018-Q2"]),
        ("?level=team", ["team:east FY2018-Q2", "team:west 2017-Q3"]),
        ("?level=company", ["company 2017-Q3"]),
        ("?period=2017-Q3", ["company 2017-Q3", "rep:zoe 2017-Q3", "team:west 2017-Q3", "unassigned 2017-Q3"]),
        ("?period=FY2018-Q2&level=team", ["team:east FY2018-Q2"]),
        ("?period=2017-08", ["rep:zoe 2017-08"]),
        ("?period=FY2017-P08&level=rep", ["rep:zoe 2017-08"]),
        ("?period=2016-Q1", []),
    ],
)
async def test_standings_are_those_asked_for_by_scope_and_period(path: str, names: list[str], ask: Ask) -> None:
    answer = await ask(f"/api/v1/standings{path}")
    assert (answer.status, shown(answer.said)) == (200, names)


@pytest.mark.parametrize(
    ("query", "scopes"),
    [
        ("", ["rep:zoe", "team:west"]),
        ("?state=firing", ["rep:zoe", "team:west"]),
        ("?state=all", ["rep:zoe", "team:west", "rep:bob"]),
        ("?scope=team:west", ["team:west"]),
        ("?scope=rep:bob", []),
        ("?scope=rep:bob&state=all", ["rep:bob"]),
    ],
)
async def test_alerts_are_those_asked_for_by_their_last_transition(query: str, scopes: list[str], ask: Ask) -> None:
    answer = await ask(f"/api/v1/alerts{query}")
    assert (answer.status, [each["scope"] for each in answer.said["alerts"]]) == (200, scopes)


WRONG = [
    ("/api/v1/standings/rep:nobody", 404, "scope", "no such scope"),
    ("/api/v1/standings/rep:gone", 404, "scope", "no such scope"),
    (f"/api/v1/standings/{'x' * 4000}", 404, "scope", "no such scope"),
    ("/api/v1/standings/%FF", 404, "scope", "no such scope"),
    ("/api/v1/standings/rep%00zoe", 404, "scope", "no such scope"),
    ("/api/v1/standings/company?period=2017-Q1", 404, "period", "nothing stands"),
    ("/api/v1/standings/company?period=2017-Q5", 400, "period", "2026-Q4 or 2026"),
    ("/api/v1/standings/company?period=FY2018-Q2", 400, "period", "2026-Q4 or 2026"),
    ("/api/v1/standings/team:east?period=2017-Q2", 400, "period", "FY2026-Q4"),
    ("/api/v1/standings/company?period=2017-W37", 400, "period", "keeps day, month, quarter"),
    ("/api/v1/standings/company?period=", 400, "period", "is not a period"),
    (f"/api/v1/standings/company?period={'9' * 4000}", 400, "period", "this is no period"),
    ("/api/v1/standings/company?period=%FF", 400, "period", "this is no period"),
    ("/api/v1/standings/company?period=2017%00", 400, "period", "is not a period"),
    ("/api/v1/standings/company?period=2017-Q3&period=2017-Q2", 400, "period", "once"),
    ("/api/v1/standings/company?level=rep", 400, "level", "known are period"),
    ("/api/v1/standings?level=person", 400, "level", "rep, team, company"),
    ("/api/v1/standings?level=unassigned", 400, "level", "rep, team, company"),
    ("/api/v1/standings?period=soon", 400, "period", "is not a period"),
    ("/api/v1/standings?perid=2017-Q3", 400, "perid", "known are level, period"),
    (f"/api/v1/standings?{'&'.join(f'p{n}={n}' for n in range(500))}", 400, "p0", "known are level, period"),
    ("/api/v1/alerts?state=resolved", 400, "state", "firing, all"),
    ("/api/v1/alerts?scope=rep:nobody", 404, "scope", "no such scope"),
    ("/api/v1/alerts?scope=%ED%A0%80", 404, "scope", "no such scope"),
]


@pytest.mark.parametrize(("path", "status", "field", "says"), WRONG)
async def test_what_cannot_be_answered_is_a_problem_that_names_the_field(
    path: str, status: int, field: str, says: str, ask: Ask
) -> None:
    answer = await ask(path)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert (answer.said["status"], answer.said["field"]) == (status, field)
    assert says in answer.said["detail"]
    assert len(answer.body) < 500


async def test_another_method_or_place_is_told_what_there_is(ask: Ask) -> None:
    for path, method, status in (("/api/v1/alerts", "POST", 405), ("/api/v1/alert", "GET", 404), ("/", "GET", 404)):
        answer = await ask(path, method)
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        assert "GET /api/v1/standings/{scope}" in answer.said["detail"]
        assert "/metrics" not in answer.said["detail"]


async def test_metrics_are_there_where_somebody_gives_them(ask: Ask) -> None:
    async def measured() -> bytes:
        return b"up 1\n"

    async with api(metrics=measured) as with_metrics:
        answer = await with_metrics("/metrics")
        assert (answer.status, answer.body) == (200, b"up 1\n")
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        assert "/metrics" in (await with_metrics("/nothing")).said["detail"]
    assert (await ask("/metrics")).status == 404


PATHS = ("/api/v1/standings", "/api/v1/standings/company", "/api/v1/alerts", "/metrics", "/nothing")


@pytest.mark.parametrize("path", PATHS)
async def test_with_tokens_nothing_but_health_is_told_without_one(path: str) -> None:
    async with api(SECRET) as ask:
        for authorization in ("", "Bearer", f"Bearer {SECRET[:-1]}", SECRET):
            answer = await ask(path, Authorization=authorization)
            assert (answer.status, SECRET in answer.body.decode()) == (401, False)
        assert (await ask(path, Authorization=f"Bearer {SECRET}")).status in {200, 404}
        assert [(await ask(open_path)).status for open_path in ("/healthz", "/readyz")] == [200, 200]


@pytest.mark.parametrize("path", PATHS)
async def test_without_tokens_another_name_for_this_machine_is_not_let_in(path: str, ask: Ask) -> None:
    assert (await ask(path, Host="evil.example")).status == 403
    assert (await ask(path, Host="localhost:80")).status in {200, 404}
    assert (await ask("/healthz", Host="evil.example")).status == 200


async def test_before_it_has_caught_up_and_without_a_plan_it_asks_to_come_again() -> None:
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    async with asking(Memory(Projection(log, SHARDS))) as ask:
        answers = [await ask(path) for path in ("/api/v1/standings", "/api/v1/alerts", "/readyz")]
        assert [answer.status for answer in answers] == [503] * 3
        assert (await ask("/healthz")).status == 200
    async with following(log) as projection, asking(Memory(projection)) as ask:
        answer = await ask("/api/v1/alerts")
        assert (answer.status, "plan apply" in answer.said["detail"]) == (503, True)
        assert (await ask("/readyz")).status == 200


async def test_it_is_not_ready_while_the_log_does_not_answer() -> None:
    class Silent(FakeLog):
        silent = False

        async def ends(self, spots: Any) -> dict[Spot, int]:
            if self.silent:
                raise LogError("/var/log.db cannot be read")
            return await super().ends(spots)

    log = Silent()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    async with following(log) as projection, asking(Memory(projection)) as ask:
        assert (await ask("/readyz")).status == 200
        log.silent = True
        answer = await ask("/readyz")
        assert (answer.status, "/var" in answer.said["detail"]) == (503, False)


async def test_what_a_later_plan_does_not_have_is_gone(ask: Ask) -> None:
    log = await told()
    await write(log, [SMALLER])
    async with following(log) as projection, asking(Memory(projection)) as later:
        assert (await ask("/api/v1/standings/rep:bob?period=2017-Q3")).status == 400
        assert (await ask("/api/v1/standings/rep:max?period=2017-09")).status == 200
        assert (await later("/api/v1/standings/rep:max?period=2017-09")).status == 404
        assert (await later("/api/v1/standings/rep:zoe?period=2017-09")).said["field"] == "period"
        assert shown((await later("/api/v1/standings?level=rep")).said) == ["rep:zoe 2017-Q3"]
