"""Sinks from settings: found by their names, and every mistake told without a secret."""

from pathlib import Path

import pytest

from streams.config import Config, ConfigError
from streams.sinks.sinks import Sinks, lacking
from streams.wall_clock import now
from tests.streams.sinks.receiver import SECRET

URL, GOOD = "QUOTAFLOW_SINK_SALES_FLOOR_URL", "https://example.com/very-secret-path"


def sinks(**said: str) -> Sinks:
    environment = {f"QUOTAFLOW_SINK_{name}": value for name, value in said.items()}
    return Sinks.of(Config.from_env(environment), print, now)


async def test_the_console_is_always_there_and_a_webhook_by_any_spelling_of_its_name() -> None:
    known = sinks(SALES_FLOOR_URL=GOOD, SALES_FLOOR_SECRET=SECRET)
    assert all(known.find(name) is not None for name in ("console", "sales-floor", "sales.floor", "sales_floor"))
    assert known.find("other") is None
    assert f"set {URL} and QUOTAFLOW_SINK_SALES_FLOOR_SECRET" in lacking("sales-floor")
    await known.close()


def test_a_secret_may_be_in_a_file_and_a_host_of_ones_own_without_https(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert sinks(A_URL="http://127.0.0.1:8000/x", A_SECRET_FILE=str(file)).find("a") is not None
    assert sinks(A_URL="http://receiver:8000/x", A_SECRET=SECRET, A_HTTP_HOST="receiver").find("a") is not None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"A_URL": GOOD}, "QUOTAFLOW_SINK_A_SECRET: there is no secret; make one with"),
        ({"A_URL": GOOD, "A_SECRET": "hunter2hunter2hunter2"}, "QUOTAFLOW_SINK_A_SECRET: a secret is whsec_"),
        ({"A_URL": GOOD, "A_SECRET_FILE": "missing/file"}, "QUOTAFLOW_SINK_A_SECRET_FILE: missing/file: No such file"),
        ({"A_SECRET": SECRET}, "QUOTAFLOW_SINK_A_URL: it is missing"),
        ({"A_URL": "http://example.com/x", "A_SECRET": SECRET}, "allow it with QUOTAFLOW_SINK_A_HTTP_HOST=example.com"),
        ({"A_URL": "ftp://example.com", "A_SECRET": SECRET}, "QUOTAFLOW_SINK_A_URL: this is no address"),
        ({"A_URL": "https://", "A_SECRET": SECRET}, "QUOTAFLOW_SINK_A_URL: this is no address"),
        ({"A_URL": "https://a:port/", "A_SECRET": SECRET}, "QUOTAFLOW_SINK_A_URL: this is no address"),
        ({"A_URL": "https://a/ b", "A_SECRET": SECRET}, "QUOTAFLOW_SINK_A_URL: this is no address"),
        ({"A_TOKEN": "x"}, "QUOTAFLOW_SINK_A_TOKEN: a sink's variables end in"),
        ({"_URL": GOOD}, "QUOTAFLOW_SINK__URL: a sink's variables end in"),
        ({"CONSOLE_URL": GOOD}, "the console needs no settings"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(said: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        sinks(**said)
    assert told in str(error.value)
    assert not any(secret in str(error.value) for secret in ("hunter2", SECRET, "very-secret-path"))


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"A_URL: .*A_SECRET: .*B_URL: "):
        sinks(A_URL="x", B_SECRET=SECRET)


def test_settings_show_no_secret() -> None:
    config = Config.from_env({URL: GOOD, "QUOTAFLOW_SINK_SALES_FLOOR_SECRET": SECRET})
    assert SECRET not in repr(config)
    assert "very-secret-path" not in repr(config)
