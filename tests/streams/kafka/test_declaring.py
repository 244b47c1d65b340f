"""Declaring topics while the broker's partitions come and go."""

from collections.abc import Iterable
from typing import Any

import pytest

from streams.kafka.declaring import configuration, declare
from streams.log import LogError, TopicSpec

FACTS = TopicSpec("facts", "facts")
TICKS = TopicSpec("ticks", "ticks", sharded=False)


class Settings:
    """What a broker answers to a question for configurations."""

    def __init__(self, names: Iterable[str]) -> None:
        self.resources = [
            (0, None, 2, name, [(key, value) for key, value in configuration(TopicSpec(name, name)).items()])
            for name in names
        ]


class Admin:
    """A broker whose topics exist; each question finds the next of the given leaders, the last for ever."""

    def __init__(self, *leaders: dict[str, list[int]]) -> None:
        self.leaders = list(leaders)
        self.asked = 0

    async def describe_topics(self, names: list[str]) -> list[Any]:
        now = self.leaders[min(self.asked, len(self.leaders) - 1)]
        self.asked += 1
        return [
            {"topic": name, "error_code": 0, "partitions": [{"leader": leader} for leader in now[name]]}
            for name in names
        ]

    async def describe_configs(self, asked: list[Any]) -> list[Settings]:
        return [Settings(resource.name for resource in asked)]


@pytest.mark.parametrize("first", [[-1, 0], [-1, -1], [0, -1]])
async def test_partitions_without_a_leader_are_waited_for(first: list[int]) -> None:
    admin = Admin({"facts": first}, {"facts": [-1, 0]}, {"facts": [0, 0]})
    assert await declare(admin, [FACTS], 7, 1) == 2
    assert admin.asked == 3


async def test_a_topic_for_all_shards_whose_partition_has_no_leader_is_waited_for() -> None:
    admin = Admin({"facts": [0, 0], "ticks": [-1]}, {"facts": [0, 0], "ticks": [0]})
    assert await declare(admin, [FACTS, TICKS], 2, 1) == 2


async def test_another_number_of_partitions_is_an_error_with_and_without_leaders() -> None:
    for leaders in ([0, 0, 0], [-1, -1, -1]):
        admin = Admin({"facts": [0, 0]}, {"facts": leaders})
        with pytest.raises(LogError, match="another number of partitions than 2"):
            await declare(admin, [FACTS], 2, 1)
