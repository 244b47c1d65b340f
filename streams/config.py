"""Settings from the environment, read once; command-line options go before them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BROKER = "QUOTAFLOW_BROKER"
SHARDS = "QUOTAFLOW_SHARDS"
TOKEN = "QUOTAFLOW_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "QUOTAFLOW_TOKEN_FILE"  # noqa: S105 - same
REDIS = "QUOTAFLOW_REDIS"
LISTEN = "QUOTAFLOW_LISTEN"
STORE = "QUOTAFLOW_STORE"
SINK = "QUOTAFLOW_SINK_"
MEMORY = "memory"
HORIZON = "QUOTAFLOW_HORIZON_DAYS"
TICK = "QUOTAFLOW_TICK_MS"
MOST_SHARDS = 1024
HORIZON_DAYS, MOST_DAYS = 366, 99_999
"""Days that a fact may lie after the log took it: what it is where nothing is said, and what may be said."""
TICK_MS, LEAST_TICK_MS, MOST_TICK_MS = 500, 50, 60_000
"""Milliseconds between two ticks while facts come in: what it is where nothing is said, and what may be said."""
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\],]+)(:\d{1,5})?", re.ASCII)


class ConfigError(Exception):
    """Settings that cannot be used: every one of them, with what to write instead."""


@dataclass(frozen=True)
class Config:
    """Which log to use, how many shards a new one is asked to get, where the tokens of its doors come from, and Redis.

    An existing log keeps its number of shards; what follows that is as it was written, empty where unset. `listen` is
    where the API answers, `store` where a worker keeps tables beside the log, `sinks` is every variable about a sink
    with its value, `horizon_days` is how many days a fact may lie after the log took it: all workers and gateways of a
    log have the same. `tick_ms` is how many milliseconds lie between two ticks while facts come in.
    """

    broker: str = "embedded://quotaflow.db"
    shards: int | None = None
    token: str = field(default="", repr=False)
    token_file: str = ""
    redis: str = field(default="", repr=False)
    listen: str = ""
    store: str = MEMORY
    sinks: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    horizon_days: int = HORIZON_DAYS
    tick_ms: int = TICK_MS

    @property
    def new_shards(self) -> int:
        """Shards of a new log: what was asked for; else one on the embedded log, which a single worker owns."""
        return self.shards or (1 if self.broker.startswith("embedded://") else 4)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Config":
        """The settings that the environment makes; raises ConfigError with all problems at once."""
        broker = environment.get(BROKER) or cls.broker
        shards = environment.get(SHARDS) or None
        redis, horizon, tick = (environment.get(name, "") for name in (REDIS, HORIZON, TICK))
        store = environment.get(STORE) or MEMORY
        named = [
            (BROKER, broker_problem(broker)),
            (SHARDS, shards_problem(shards) if shards else None),
            (REDIS, redis_problem(redis) if redis else None),
            (STORE, store_problem(store)),
            (HORIZON, horizon_problem(horizon) if horizon else None),
            (TICK, tick_problem(tick) if tick else None),
        ]
        problems = [f"{name}: {problem}" for name, problem in named if problem]
        if problems:
            raise ConfigError("; ".join(problems))
        tokens = environment.get(TOKEN, ""), environment.get(TOKEN_FILE, "")
        sinks = tuple(sorted((name, value) for name, value in environment.items() if name.startswith(SINK) and value))
        listen = environment.get(LISTEN, "")
        days, tick_ms = int(horizon or HORIZON_DAYS), int(tick or TICK_MS)
        return cls(broker, int(shards) if shards else None, *tokens, redis, listen, store, sinks, days, tick_ms)


def broker_problem(broker: str) -> str | None:
    """What is wrong with the name of a log, or None."""
    scheme, found, rest = broker.partition("://")
    if found and rest and scheme == "embedded":
        return None
    if found and scheme == "kafka" and all(_HOST.fullmatch(host) for host in rest.split(",")):
        return None
    # Such as kafka://user:password@host, of which none is taken.
    named = "this" if "@" in broker else repr(broker)
    return f"{named} names no log; write embedded://PATH or kafka://host:port"


def shards_problem(shards: str) -> str | None:
    """What is wrong with a number of shards, or None."""
    if shards.isascii() and shards.isdigit() and 1 <= int(shards) <= MOST_SHARDS:
        return None
    return f"{shards!r} is no number of shards; write one from 1 to {MOST_SHARDS}"


def store_problem(store: str) -> str | None:
    """What is wrong with the name of a store, or None."""
    scheme, found, directory = store.partition(":")
    if store == MEMORY or (scheme == "rocksdb" and found and directory.strip()):
        return None
    return f"{store!r} names no store; write memory, or rocksdb:DIRECTORY"


def horizon_problem(days: str) -> str | None:
    """What is wrong with a horizon, or None."""
    if days.isascii() and days.isdigit() and 1 <= int(days) <= MOST_DAYS:
        return None
    return f"{days!r} is no number of days; write one from 1 to {MOST_DAYS}"


def tick_problem(milliseconds: str) -> str | None:
    """What is wrong with the time between two ticks, or None."""
    if milliseconds.isascii() and milliseconds.isdigit() and LEAST_TICK_MS <= int(milliseconds) <= MOST_TICK_MS:
        return None
    return f"{milliseconds!r} is no number of milliseconds; write one from {LEAST_TICK_MS} to {MOST_TICK_MS}"


def redis_problem(url: str) -> str | None:
    """What is wrong with the URL of a Redis, or None; it never repeats the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"redis", "rediss"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    # What follows a ? would be settings of the client, not of ours.
    if usable and re.fullmatch(r"/?\d{0,4}", parts.path, re.ASCII) and not {"?", "#"} & {*url}:
        return None
    return "this names no Redis; write redis://HOST:PORT/DB, with a password redis://:PASSWORD@HOST:PORT/DB"
