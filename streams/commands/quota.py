"""`quotaflow quota`: set quotas from above, from below and backwards, see whether they meet, and agree on them."""

import click

from streams.commands.options import shared
from streams.commands.quota_attainment import attained
from streams.commands.quota_import import import_
from streams.commands.quota_propose import accept, comment, contest, propose, withdraw
from streams.commands.quota_reconcile import reconcile
from streams.commands.quota_required import required
from streams.commands.quota_review import review
from streams.commands.quota_spread import spread
from streams.commands.quota_suggest import suggest

COMMANDS = (
    *(spread, suggest, reconcile, required, attained, import_),
    *(propose, comment, accept, contest, withdraw, review),
)
"""A new command of the group is added here."""


@click.group()
@shared
def quota() -> None:
    """Hand targets down, suggest or import them, work back from a revenue, and agree on them."""


for command in COMMANDS:
    quota.add_command(command)
