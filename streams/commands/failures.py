"""How failures are told: one sentence and exit code 1, a traceback only when it is asked for."""

import logging
from typing import Any

import click

from quota.errors import QuotaError
from streams.commands.options import DEBUG
from streams.commands.session import Failure
from streams.config import ConfigError
from streams.lock import Locked
from streams.log import LogError
from streams.replay.lines import ReplayError

EXPECTED = (QuotaError, LogError, Locked, ReplayError)
"""Failures whose message says what to do."""
PASSED_ON = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)


class Failing(click.Group):
    """A group whose commands end with a message, whatever happens in them."""

    def invoke(self, context: click.Context) -> Any:
        """Runs the command that was named."""
        if not context.meta.get(DEBUG):
            logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        try:
            return super().invoke(context)
        except PASSED_ON:
            raise
        except ConfigError as error:
            raise click.UsageError(str(error), context) from error
        except Exception as error:
            if context.meta.get(DEBUG):
                raise
            raise Failure(told(error)) from error


def told(error: BaseException) -> str:
    """What a failure is called on the command line."""
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return told(error.exceptions[0])
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; name a file that can be used"
    return f"{type(error).__name__}: {error}. This should not happen: run it again with --debug to see where"
