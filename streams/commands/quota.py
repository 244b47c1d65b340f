"""`quotaflow quota`: where the targets of a plan come from."""

import click

from streams.commands.options import shared
from streams.commands.quota_import import import_

COMMANDS = (import_,)
"""A new command of the group is added here."""


@click.group()
@shared
def quota() -> None:
    """Make the quotas of a plan."""


for command in COMMANDS:
    quota.add_command(command)
