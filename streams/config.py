"""Settings from the environment, read once; command-line options go before them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

BROKER = "QUOTAFLOW_BROKER"
SHARDS = "QUOTAFLOW_SHARDS"
TOKEN = "QUOTAFLOW_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "QUOTAFLOW_TOKEN_FILE"  # noqa: S105 - same
SINK = "QUOTAFLOW_SINK_"
MOST_SHARDS = 1024
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\],]+)(:\d{1,5})?", re.ASCII)


class ConfigError(Exception):
    """Settings that cannot be used: every one of them, with what to write instead."""


@dataclass(frozen=True)
class Config:
    """Which log to use, how many shards a new one is asked to get, and where the tokens of its doors come from.

    An existing log keeps its number of shards; `token` and `token_file` are as they were written, empty where unset,
    and so are `sinks`: every variable about a sink with its value.
    """

    broker: str = "embedded://quotaflow.db"
    shards: int | None = None
    token: str = field(default="", repr=False)
    token_file: str = ""
    sinks: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def new_shards(self) -> int:
        """Shards of a new log: what was asked for; else one on the embedded log, which a single worker owns."""
        return self.shards or (1 if self.broker.startswith("embedded://") else 4)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Config":
        """The settings that the environment makes; raises ConfigError with all problems at once."""
        broker = environment.get(BROKER) or cls.broker
        shards = environment.get(SHARDS) or None
        named = [(BROKER, broker_problem(broker)), (SHARDS, shards_problem(shards) if shards else None)]
        problems = [f"{name}: {problem}" for name, problem in named if problem]
        if problems:
            raise ConfigError("; ".join(problems))
        tokens = environment.get(TOKEN, ""), environment.get(TOKEN_FILE, "")
        sinks = tuple(sorted((name, value) for name, value in environment.items() if name.startswith(SINK) and value))
        return cls(broker, int(shards) if shards else None, *tokens, sinks)


def broker_problem(broker: str) -> str | None:
    """What is wrong with the name of a log, or None."""
    scheme, found, rest = broker.partition("://")
    if found and rest and scheme == "embedded":
        return None
    if found and scheme == "kafka" and all(_HOST.fullmatch(host) for host in rest.split(",")):
        return None
    return f"{broker!r} names no log; write embedded://PATH or kafka://host:port"


def shards_problem(shards: str) -> str | None:
    """What is wrong with a number of shards, or None."""
    if shards.isascii() and shards.isdigit() and 1 <= int(shards) <= MOST_SHARDS:
        return None
    return f"{shards!r} is no number of shards; write one from 1 to {MOST_SHARDS}"
