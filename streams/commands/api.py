"""`quotaflow api`: answers from the copy in Redis, without a log and beside no worker."""

from typing import TYPE_CHECKING

import click

from streams.commands.options import redis_option, shared
from streams.commands.session import Session, stop_signal
from streams.config import REDIS, ConfigError

if TYPE_CHECKING:
    from streams.web.listening import Address, Tokens

DEFAULT = "127.0.0.1:8091"
LISTEN_HELP = (
    f"Where to answer (QUOTAFLOW_LISTEN; default {DEFAULT}); port 0 is any free one. "
    "Other machines need a token: set QUOTAFLOW_TOKEN."
)


@click.command()
@redis_option("Redis that workers write their copy to (QUOTAFLOW_REDIS).")
@click.option("--listen", metavar="HOST:PORT", help=LISTEN_HELP)
@shared
@click.pass_obj
def api(session: Session, listen: str | None) -> None:
    """Answer questions over HTTP from the copy in Redis until Ctrl-C or SIGTERM.

    It answers what a worker answers, byte for byte, and needs no log: --broker is not looked at.
    """
    from streams.web.listening import Address, Tokens, require_tokens

    address, tokens = Address.parse(listen or session.config.listen or DEFAULT), Tokens.of(session.config)
    require_tokens(address, tokens)
    if not session.config.redis:
        raise ConfigError(f"no Redis is named: set {REDIS} or --redis, here and on the workers that fill it")
    session.run(_served(session.config.redis, address, tokens))


async def _served(url: str, address: "Address", tokens: "Tokens") -> None:
    from streams.api.server import Api
    from streams.metrics.process import ProcessMetrics
    from streams.redis_copy.server import RedisServer
    from streams.redis_copy.source import RedisSource
    from streams.web.listening import serving

    redis = RedisServer(url)
    async with serving(Api(RedisSource(redis), tokens, ProcessMetrics()).app(), address) as at:
        stop = stop_signal()
        click.echo(f"answering on {at.url}/api/v1/standings from Redis at {redis.name}; Ctrl-C stops", err=True)
        await stop.wait()
    await redis.close()
    click.echo("stopped", err=True)
