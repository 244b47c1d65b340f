"""The gateway on a real port and a real log: what it says is accepted is in the log, and nobody else gets in."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from streams import topics
from streams.embedded.log import EmbeddedLog
from streams.gateway.reading import MAX_BODY, MAX_EVENTS
from streams.gateway.server import Gateway
from streams.log import Record, Spot
from streams.partitioner import partition
from streams.replay import parse
from streams.web.listening import Address, Tokens, serving
from tests.runtime.fake_log import FakeLog
from tests.streams.any_facts import GOOD
from tests.streams.gateway.client import SHARDS, gateway, posted
from tests.streams.gateway.sending import EVENT, Request, batch, binary, lines, plain, structured, without

SECRET = "a-token-that-is-long-enough"
CALL = parse(json.dumps(GOOD).encode(), quiet=False)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    log = EmbeddedLog(tmp_path / "log.db")
    await log.start()
    await log.declare(topics.ALL, SHARDS)
    await log.stop()
    return tmp_path / "log.db"


@pytest.fixture
async def client(path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    log = EmbeddedLog(path)
    await log.start()
    async with gateway(log) as made:
        yield made
    await log.stop()


async def in_file(path: Path) -> list[Record]:
    """What another connection reads."""
    log = EmbeddedLog(path)
    await log.start()
    spots = [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]
    found = [record for spot in spots async for chunk in log.read(spot) for record in chunk]
    await log.stop()
    return found


@pytest.mark.parametrize("said", [plain(GOOD), structured(EVENT), binary(EVENT)])
async def test_a_fact_that_is_accepted_is_in_its_partition_for_everybody(
    said: Request, client: aiohttp.ClientSession, path: Path
) -> None:
    assert await posted(client, said) == (202, {"accepted": 1})
    (record,) = await in_file(path)
    assert (record.topic, record.partition) == (CALL.topic, partition(CALL.key, SHARDS))
    assert (record.key, record.value) == (CALL.key, CALL.value)


async def test_a_fact_that_is_sent_twice_is_in_the_log_as_one_identity(
    client: aiohttp.ClientSession, path: Path
) -> None:
    for said in (plain(GOOD), structured(EVENT)):
        assert (await posted(client, said))[0] == 202
    assert len({record.value for record in await in_file(path)}) == 1


async def test_of_a_batch_the_good_facts_are_in_and_the_bad_ones_are_told(
    client: aiohttp.ClientSession, path: Path
) -> None:
    bad = without(EVENT, "subject") | {"id": "e-2"}
    status, told = await posted(client, batch(EVENT, bad, EVENT | {"id": "e-3"}))
    reason = "object missing required field `performer`"
    assert status == 207
    assert told == {
        "accepted": 2,
        "refused": [{"index": 1, "id": "e-2", "reason": reason, "field": "performer"}],
    }
    assert {json.loads(record.value or b"")["id"] for record in await in_file(path)} == {"e-1", "e-3"}


async def test_a_batch_of_bad_facts_is_refused_with_the_same_list(client: aiohttp.ClientSession, path: Path) -> None:
    status, told = await posted(client, lines({}, GOOD | {"id": ""}))
    assert status == 422
    assert [(each["index"], each["id"], each["field"]) for each in told["refused"]] == [
        (0, None, "type"),
        (1, None, "id"),
    ]
    assert await in_file(path) == []


async def test_a_fact_that_lies_too_far_ahead_is_refused_at_the_door(client: aiohttp.ClientSession, path: Path) -> None:
    far = "2190-01-01T00:00:00+01:00"
    status, told = await posted(client, plain([GOOD, GOOD | {"occurred_at": far}]))
    ((_, body),) = [(each["field"], each["reason"]) for each in told["refused"]]
    assert (status, told["accepted"], told["refused"][0]["field"]) == (207, 1, "occurred_at")
    assert body.startswith(f"occurred_at is {far}: over 366 days after it was received at 20")
    for said in (structured(EVENT | {"time": far}), binary(EVENT | {"time": far}), lines(GOOD | {"occurred_at": far})):
        assert (await posted(client, said))[0] == 422
    assert len(await in_file(path)) == 1


async def test_an_empty_batch_is_fine(client: aiohttp.ClientSession) -> None:
    assert await posted(client, batch()) == (202, {"accepted": 0})


async def test_as_many_facts_as_may_come_at_once_are_all_in_and_many_clients_can_send(
    client: aiohttp.ClientSession, path: Path
) -> None:
    full = lines(*(GOOD | {"id": f"e-{number}"} for number in range(MAX_EVENTS)))
    answers = await asyncio.gather(*(posted(client, full) for _ in range(4)))
    assert answers == [(202, {"accepted": MAX_EVENTS})] * 4
    assert len(await in_file(path)) == 4 * MAX_EVENTS


async def test_a_refusal_is_a_problem_that_names_the_field(client: aiohttp.ClientSession) -> None:
    headers, body = plain(without(GOOD, "activity"))
    async with client.post("/events", data=body, headers=headers) as answer:
        assert answer.content_type == "application/problem+json"
        assert await answer.json(content_type=None) == {
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "object missing required field `activity`",
            "field": "activity",
        }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (plain(b"{"), 400),
        (plain(b" " * (MAX_BODY + 1)), 413),
        (plain(b" " * MAX_BODY), 400),
        (plain([GOOD] * (MAX_EVENTS + 1)), 413),
        (([("Content-Type", "text/csv")], b"a,b"), 415),
        (([*plain(GOOD)[0], ("Content-Encoding", "gzip")], plain(GOOD)[1]), 415),
        (plain(GOOD | {"type": "tick"}), 422),
    ],
)
async def test_every_refusal_is_a_problem(said: Request, status: int, client: aiohttp.ClientSession) -> None:
    found, told = await posted(client, said)
    assert (found, told["status"], told["type"]) == (status, status, "about:blank")
    assert told["title"]
    assert told["detail"]


async def test_another_method_or_place_is_told_what_there_is(client: aiohttp.ClientSession) -> None:
    for path, status in (("/events", 405), ("/nothing", 404)):
        async with client.get(path) as answer:
            assert answer.status == status
            assert (answer.headers.get("Allow") or "OPTIONS,POST").split(",") == ["OPTIONS", "POST"]
            assert "POST /events" in (await answer.json(content_type=None))["detail"]


async def test_a_sender_that_asks_first_is_told_that_it_may_send(client: aiohttp.ClientSession) -> None:
    asked = {"WebHook-Request-Origin": "events.example.com", "WebHook-Request-Rate": "120"}
    async with client.options("/events", headers=asked) as answer:
        assert answer.status == 200
        assert answer.headers["WebHook-Allowed-Origin"] == "events.example.com"
        assert answer.headers["WebHook-Allowed-Rate"] == "*"
        assert answer.headers["Allow"] == "OPTIONS, POST"
    async with client.options("/events", headers={"Origin": "https://example.com"}) as answer:
        assert not [name for name in answer.headers if name.lower().startswith(("webhook", "access-control"))]


async def test_a_gateway_whose_log_answers_is_ready(client: aiohttp.ClientSession) -> None:
    assert [(await client.get(path)).status for path in ("/healthz", "/readyz")] == [200, 200]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {SECRET}", 202),
        (f"bearer  {SECRET}-2", 202),
        (f"Bearer {SECRET}-3", 401),
        (f"Bearer {SECRET[:-1]}", 401),
        (f"Basic {SECRET}", 401),
        (SECRET, 401),
        ("Bearer", 401),
        ("Bearer ä", 401),
        ("", 401),
    ],
)
async def test_only_one_of_the_tokens_lets_in(authorization: str, status: int) -> None:
    log = FakeLog()
    await log.declare(topics.ALL, SHARDS)
    async with gateway(log, SECRET, f"{SECRET}-2") as client:
        headers = {"Authorization": authorization} if authorization else {}
        async with client.post("/events", json=GOOD, headers=headers) as answer:
            assert answer.status == status
            assert ("WWW-Authenticate" in answer.headers) is (status == 401)
            assert SECRET not in await answer.text()
        assert (await client.get("/healthz")).status == 200


async def test_without_a_token_another_name_for_this_machine_is_not_let_in(client: aiohttp.ClientSession) -> None:
    for host, status in (("evil.example", 403), ("[", 403), ("localhost:1", 202), ("[::1]:80", 202)):
        assert (await posted(client, plain(GOOD), Host=host))[0] == status


async def said_to_a_gateway(said: str) -> bytes:
    """The whole answer to what may be no HTTP."""
    async with serving(Gateway(FakeLog(), SHARDS, Tokens()).app(), Address("127.0.0.1", 0)) as at:
        reader, writer = await asyncio.open_connection(at.host, at.port)
        writer.write(said.encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answer


async def test_without_a_token_a_request_that_names_no_host_is_not_let_in() -> None:
    assert b" 403 " in (await said_to_a_gateway("POST /events HTTP/1.0\r\n\r\n")).partition(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/events", "/healthz", "/nothing"])
async def test_an_expectation_that_cannot_be_met_is_a_problem_that_repeats_nothing(path: str) -> None:
    said = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: {SECRET}\r\n\r\n"
    head, _, body = (await said_to_a_gateway(said)).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == b"417"
    assert b"application/problem+json" in head
    assert json.loads(body)["title"] == "Expectation Failed"
    assert SECRET.encode() not in head + body


@pytest.mark.parametrize(
    "soup",
    [
        f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SECRET}\x00\r\n\r\n",
        f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization {SECRET}\r\n\r\n",
        f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SECRET * 400}\r\n\r\n",
        f"POST /{SECRET} x HTTP/9\r\n\r\n",
        f"POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz{SECRET}\r\n",
    ],
)
async def test_what_is_no_http_is_told_without_what_was_sent(soup: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = await said_to_a_gateway(soup)
    assert answer.split(b" ")[1] == b"400"
    assert b"application/problem+json" in answer
    assert "a request could not be handled" in caplog.text
    assert SECRET not in caplog.text + answer.decode()
