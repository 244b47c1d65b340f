"""`quotaflow gateway`: takes facts over HTTP until it is told to stop."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

from streams.commands.options import shared
from streams.commands.session import Session, stop_signal

if TYPE_CHECKING:
    from streams.web.listening import Address, Tokens

DEFAULT = "127.0.0.1:8080"
LISTEN = "Where to take requests; port 0 is any free one. Other machines need a token: set QUOTAFLOW_TOKEN."


@click.command()
@click.option("--listen", default=DEFAULT, show_default=True, metavar="HOST:PORT", help=LISTEN)
@shared
@click.pass_obj
def gateway(session: Session, listen: str) -> None:
    """Take facts over HTTP and append them to the log until Ctrl-C or SIGTERM.

    POST /events takes CloudEvents and our own facts as JSON; docs/gateway.md has an example of each.
    """
    from streams.web.listening import Address, Tokens, require_tokens

    address, tokens = Address.parse(listen), Tokens.of(session.config)
    require_tokens(address, tokens)
    session.run(_served(session, address, tokens))


async def _served(session: Session, address: "Address", tokens: "Tokens") -> None:
    from streams.gateway.server import Gateway
    from streams.web.listening import serving

    async with AsyncExitStack() as held:
        opened = await held.enter_async_context(session.writing())
        door = Gateway(opened.log, opened.shards, tokens, horizon=session.config.horizon_days)
        at = await held.enter_async_context(serving(door.app(), address))
        stop = stop_signal()
        if not tokens.known:
            click.echo("no token is set: every program on this machine may send facts (QUOTAFLOW_TOKEN)", err=True)
        click.echo(f"taking events on {at.url} ; Ctrl-C stops", err=True)
        await stop.wait()
    click.echo("stopped; every fact that was accepted is in the log", err=True)
