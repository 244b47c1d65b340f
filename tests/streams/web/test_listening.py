"""Addresses and tokens: what is usable, and what a refusal tells."""

from pathlib import Path

import pytest
from aiohttp import web

from streams.config import Config, ConfigError
from streams.web.listening import Address, AddressTaken, Tokens, is_local, require_tokens, serving

FIRST, SECOND = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize("text", ["127.0.0.1:8080", "[::1]:0", "localhost:65535", "gateway.example:80"])
def test_addresses_that_there_can_be(text: str) -> None:
    assert Address.parse(text).url == f"http://{text}"


@pytest.mark.parametrize("text", ["8080", ":8080", "localhost", "localhost:65536", "a b:1", "::1:80", "http://a:1", ""])
def test_what_is_no_address_is_told_how_one_is_written(text: str) -> None:
    with pytest.raises(ConfigError, match="write HOST:PORT"):
        Address.parse(text)


def test_tokens_come_from_the_environment_and_from_a_file_for_rotation(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{SECOND}\n\n")
    environment = {"QUOTAFLOW_TOKEN": f" {FIRST}, ", "QUOTAFLOW_TOKEN_FILE": str(tmp_path / "tokens")}
    tokens = Tokens.of(Config.from_env(environment))
    assert [tokens.admit(f"Bearer {token}") for token in (FIRST, SECOND, FIRST + SECOND)] == [True, True, False]


def test_no_token_admits_nobody_by_a_header() -> None:
    assert not Tokens.of(Config()).admit("Bearer ")
    assert not Tokens.of(Config()).admit(None)


@pytest.mark.parametrize("token", [FIRST[:-1], f"{FIRST},short", "with a blank in between", "ä" * 16])
def test_a_token_that_is_easily_guessed_or_cannot_be_sent_is_not_taken_nor_repeated(token: str) -> None:
    with pytest.raises(ConfigError, match="QUOTAFLOW_TOKEN: a token has at least 16") as caught:
        Tokens.of(Config(token=token))
    assert token not in str(caught.value)


def test_a_token_file_without_a_token_is_no_open_door(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("\n \n")
    for name, says in (("tokens", "holds no token"), ("nothing", "No such file"), ("", "Is a directory")):
        with pytest.raises(ConfigError, match=f"QUOTAFLOW_TOKEN_FILE: .*{says}"):
            Tokens.of(Config(token=FIRST, token_file=str(tmp_path / name)))


def test_nobody_reads_a_token_where_settings_are_shown() -> None:
    config = Config(token=FIRST)
    assert FIRST not in repr(config) + repr(Tokens.of(config))


@pytest.mark.parametrize(
    ("host", "open_door"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
    + [(host, False) for host in ("10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.example.com")],
)
def test_only_this_machine_is_let_in_without_a_token(host: str, open_door: bool) -> None:  # noqa: FBT001 - a column
    require_tokens(Address(host, 80), Tokens((FIRST.encode(),)))
    if open_door:
        require_tokens(Address(host, 80), Tokens())
    else:
        with pytest.raises(ConfigError, match="set QUOTAFLOW_TOKEN or QUOTAFLOW_TOKEN_FILE"):
            require_tokens(Address(host, 80), Tokens())


@pytest.mark.parametrize("host", ["localhost", "LocalHost:1", "127.0.0.1:80", "127.0.0.1", "[::1]:1", "[::1]"])
def test_a_host_with_or_without_a_port_may_be_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "", "[", "127.0.0.1@evil.example", "evil.example@localhost", "a:b@localhost", "localhost:1:2"]
    + [f"localhost{rest}" for rest in ("/evil.example", "?evil.example", "#evil.example", ":x", ", evil.example")],
)
def test_a_name_that_somebody_else_gave_this_machine_is_not_local(host: str) -> None:
    assert not is_local(host)


async def test_an_address_in_use_is_told_by_name() -> None:
    async with serving(web.Application(), Address("127.0.0.1", 0)) as at:
        assert at.port > 0
        with pytest.raises(AddressTaken, match=f"cannot listen on 127.0.0.1:{at.port} .*in use.*another --listen"):
            async with serving(web.Application(), at):
                pass
