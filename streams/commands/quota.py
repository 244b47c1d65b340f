"""`quotaflow quota`: where the targets of a plan come from, and whether they meet."""

import click

from streams.commands.options import shared
from streams.commands.quota_import import import_
from streams.commands.quota_reconcile import reconcile
from streams.commands.quota_required import required
from streams.commands.quota_spread import spread
from streams.commands.quota_suggest import suggest

COMMANDS = (spread, suggest, reconcile, required, import_)
"""A new command of the group is added here."""


@click.group()
@shared
def quota() -> None:
    """Hand targets down, suggest them from history, reconcile both, work back from a revenue, read a grid of them."""


for command in COMMANDS:
    quota.add_command(command)
