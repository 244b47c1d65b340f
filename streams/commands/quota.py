"""`quotaflow quota`: set quotas from above, from below and backwards, and see whether they meet."""

import click

from streams.commands.options import shared
from streams.commands.quota_reconcile import reconcile
from streams.commands.quota_required import required
from streams.commands.quota_spread import spread
from streams.commands.quota_suggest import suggest


@click.group()
@shared
def quota() -> None:
    """Hand targets down, suggest them from history, reconcile both, or work back from a revenue."""


for command in (spread, suggest, reconcile, required):
    quota.add_command(command)
