"""The same commands on Kafka, where a worker of its own does the work."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from streams import tables, topics
from tests.agents.example import BAD, FACTS, Quotaflow, lines, running
from tests.kafka.broker import Broker


def test_every_command_works_on_kafka_as_on_the_embedded_log(
    own_broker: Callable[[], Broker], replayed: Quotaflow, tmp_path: Path
) -> None:
    floor = Quotaflow(tmp_path, url=f"kafka://{own_broker().address}")
    floor.apply()
    assert "this is revision 1, which is in force" in floor.apply().stdout
    with running(floor, "--clock", "log"):
        half = len(FACTS) // 2
        floor.replay(lines(FACTS[:half]) + b"\n".join([*BAD, b""]) + lines(FACTS[half:]))
        assert floor.json("report") == replayed.json("report")
        assert floor.json("alerts", "--history") == replayed.json("alerts", "--history")
        explained = [each.json("explain", "company", "revenue", "2026-Q1") for each in (floor, replayed)]
        assert [found["sums_to"] for found in explained] == ["1500.00", "1500.00"]
        letters = floor.run("dead-letters", "list", "--json").stdout.splitlines()
        assert len([json.loads(letter)["id"] for letter in letters]) == len(BAD)
        status = floor.json("status")
        verified = floor.json("verify")
    assert (status["applied"], status["in_force"], status["live"], status["worker"]) == (1, 1, False, None)
    assert (verified["differences"], verified["facts"]) == ([], len(FACTS))
    repartitioned(floor, replayed)


def repartitioned(floor: Quotaflow, replayed: Quotaflow) -> None:
    """The log goes into a file and comes back with another number of shards, as docs/partitions.md says."""
    backup = Quotaflow(floor.folder, "backup.db")
    floor.run("copy", backup.broker, "--shards", "2")
    asyncio.run(delete_topics(floor.broker.removeprefix("kafka://")))
    backup.run("copy", floor.broker, "--shards", "3")
    assert "the target is not empty" in backup.run("copy", floor.broker, "--shards", "3", code=1).stderr
    with running(floor, "--clock", "log"):
        verified = floor.json("verify", "--wait")
        assert (verified["differences"], verified["left_out"], verified["facts"]) == ([], 0, len(FACTS))
        assert floor.json("report") == replayed.json("report")
        found = [each.json("alerts", "--history")["transitions"] for each in (floor, replayed)]
        assert [{**each, "tick": 0} for each in found[0]] == [{**each, "tick": 0} for each in found[1]]
        assert floor.json("status")["shards"] == 3


async def delete_topics(address: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.delete_topics([spec.name for spec in (*topics.ALL, *tables.ALL)])
    await admin.close()
