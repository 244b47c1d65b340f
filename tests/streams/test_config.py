"""Settings: the environment's where they make sense, ours where there are none, every problem at once."""

import pytest

from streams.config import (
    HORIZON_DAYS,
    MOST_DAYS,
    MOST_SHARDS,
    Config,
    ConfigError,
    broker_problem,
    horizon_problem,
    shards_problem,
    tick_problem,
)

KAFKA = ["kafka://localhost:9092", "kafka://localhost", "kafka://[::1]:9092", "kafka://a:9092,b-1.example:9093"]
NO_KAFKA = ["kafka://", "kafka://localhost:abc", "kafka://:1", "kafka://a:1,", "kafka://a:1:2"]


def test_an_empty_environment_gives_the_embedded_log_beside_us() -> None:
    assert Config.from_env({}) == Config("embedded://quotaflow.db")
    assert Config.from_env({"QUOTAFLOW_BROKER": "", "QUOTAFLOW_SHARDS": ""}) == Config()


def test_the_environment_names_the_log_and_the_shards() -> None:
    environment = {"QUOTAFLOW_BROKER": "kafka://a:9092,b:9092", "QUOTAFLOW_SHARDS": "12", "HOME": "elsewhere"}
    assert Config.from_env(environment) == Config("kafka://a:9092,b:9092", 12)


def test_a_new_log_gets_one_shard_where_one_worker_owns_it_and_four_where_workers_share_it() -> None:
    found = [Config(broker).new_shards for broker in ("embedded://log.db", "kafka://a:9092")]
    assert found == [1, 4]
    assert Config("embedded://log.db", 3).new_shards == 3


def test_every_setting_that_makes_no_sense_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"QUOTAFLOW_BROKER: 'x' names no log.*; QUOTAFLOW_SHARDS: '0' is no number"):
        Config.from_env({"QUOTAFLOW_BROKER": "x", "QUOTAFLOW_SHARDS": "0"})


@pytest.mark.parametrize("url", ["embedded://log.db", "embedded:///tmp/log.db", *KAFKA])
def test_logs_that_there_can_be(url: str) -> None:
    assert broker_problem(url) is None


@pytest.mark.parametrize("url", ["log.db", "embedded://", "redis://x", "://x", "embedded:x", *NO_KAFKA])
def test_names_that_are_no_log(url: str) -> None:
    assert "write embedded://PATH or kafka://host:port" in str(broker_problem(url))


@pytest.mark.parametrize("url", ["kafka://ann:secret@h:9092", "kafka://h:9092,secret@h:1:2", "secret@h"])
def test_a_log_whose_name_may_hold_a_password_is_told_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="QUOTAFLOW_BROKER: this names no log; write embedded://PATH or") as caught:
        Config.from_env({"QUOTAFLOW_BROKER": url})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("shards", "fine"),
    [("1", True), (str(MOST_SHARDS), True), ("0", False), (str(MOST_SHARDS + 1), False), ("-1", False), ("٣", False)],
)
def test_numbers_of_shards(shards: str, fine: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert (shards_problem(shards) is None) is fine


def test_the_environment_says_how_many_days_ahead_a_fact_may_lie() -> None:
    assert Config.from_env({"QUOTAFLOW_HORIZON_DAYS": "30"}).horizon_days == 30
    assert Config.from_env({"QUOTAFLOW_HORIZON_DAYS": ""}).horizon_days == Config().horizon_days == HORIZON_DAYS
    with pytest.raises(ConfigError, match=f"QUOTAFLOW_HORIZON_DAYS: 'soon' is no number .* from 1 to {MOST_DAYS}"):
        Config.from_env({"QUOTAFLOW_HORIZON_DAYS": "soon"})


@pytest.mark.parametrize(
    ("tick", "fine"), [("50", True), ("60000", True), ("49", False), ("60001", False), ("1.5", False)]
)
def test_times_between_ticks(tick: str, fine: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert (tick_problem(tick) is None) is fine


def test_the_environment_says_how_often_ticks_come() -> None:
    assert (Config.from_env({"QUOTAFLOW_TICK_MS": "100"}).tick_ms, Config().tick_ms) == (100, 500)
    with pytest.raises(
        ConfigError, match="QUOTAFLOW_TICK_MS: 'often' is no number of milliseconds; write one from 50 to"
    ):
        Config.from_env({"QUOTAFLOW_TICK_MS": "often"})


@pytest.mark.parametrize(("days", "fine"), [("1", True), (str(MOST_DAYS), True), ("0", False), ("100000", False)])
def test_numbers_of_days(days: str, fine: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert (horizon_problem(days) is None) is fine


@pytest.mark.parametrize(
    "url",
    ["redis://localhost", "redis://localhost:6379/0", "rediss://:p%40ss@redis.example/3", "redis://ann:pass@[::1]:1/0"],
)
def test_a_redis_that_there_can_be_is_taken_and_shown_to_nobody(url: str) -> None:
    config = Config.from_env({"QUOTAFLOW_REDIS": url, "QUOTAFLOW_LISTEN": "127.0.0.1:1"})
    assert (config.redis, config.listen) == (url, "127.0.0.1:1")
    assert url not in repr(config)


@pytest.mark.parametrize(
    "url",
    ["localhost:6379", "redis://", "kafka://secret", "redis://:secret@", "redis://:secret@h:0", "redis://:secret@h:x/0"]
    + [
        f"redis://:secret@{rest}" for rest in ("h:99999", "[h", "h/zero", "h/0/1", "h?x=1", "h/0?db=foo", "h/0#1", "h#")
    ],
)
def test_what_is_no_redis_is_told_without_being_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="QUOTAFLOW_REDIS: this names no Redis; write redis://HOST:PORT/DB") as caught:
        Config.from_env({"QUOTAFLOW_REDIS": url})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("store", ["memory", "rocksdb:stores", "rocksdb:/var/lib/a b"])
def test_stores_that_there_can_be(store: str) -> None:
    assert Config.from_env({"QUOTAFLOW_STORE": store}).store == store
    assert Config.from_env({"QUOTAFLOW_STORE": ""}).store == "memory"


@pytest.mark.parametrize("store", ["disk", "rocksdb", "rocksdb:", "rocksdb: ", "redis:x"])
def test_what_is_no_store_is_told_with_what_to_write(store: str) -> None:
    with pytest.raises(ConfigError, match=r"QUOTAFLOW_STORE: .* names no store; write memory, or rocksdb:DIRECTORY"):
        Config.from_env({"QUOTAFLOW_STORE": store})
