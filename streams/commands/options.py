"""Options that every command takes, before or after its name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from streams.commands.session import Session
from streams.config import broker_problem, redis_problem, store_problem

DEBUG = "quotaflow.debug"
"""Where the context, which nested commands share, remembers that tracebacks are wanted."""

F = TypeVar("F", bound=Callable[..., Any])


def shared(command: F) -> F:
    """Adds --broker and --debug, which change the session of the command and of those below it."""
    default = "QUOTAFLOW_BROKER; default embedded://quotaflow.db"
    return broker_option(f"The log: embedded://PATH or kafka://host:port ({default}).")(debug_option(command))


def broker_option(about: str) -> Callable[[F], F]:
    """Adds --broker; `about` is its help."""
    return click.option("--broker", metavar="URL", expose_value=False, callback=_broker, help=about)


def debug_option(command: F) -> F:
    """Adds --debug."""
    about = "Show the traceback of a failure."
    return click.option("--debug", is_flag=True, expose_value=False, callback=_debug, help=about)(command)


def redis_option(about: str) -> Callable[[F], F]:
    """Adds --redis, which changes the session as --broker does; `about` is its help."""
    return click.option("--redis", metavar="URL", expose_value=False, callback=_redis, help=about)


def store_option(about: str) -> Callable[[F], F]:
    """Adds --store, which changes the session as --broker does; `about` is its help."""
    return click.option("--store", metavar="STORE", expose_value=False, callback=_store, help=about)


def _store(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    problem = store_problem(value)
    if problem:
        raise click.BadParameter(problem, context, option)
    context.obj = replace(context.obj, config=replace(context.obj.config, store=value))


def _redis(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    problem = redis_problem(value)
    if problem:
        raise click.BadParameter(problem, context, option)
    context.obj = replace(context.obj, config=replace(context.obj.config, redis=value))


def _broker(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    problem = broker_problem(value)
    if problem:
        raise click.BadParameter(problem, context, option)
    session = context.find_object(Session)
    if session is not None:
        context.obj = replace(session, config=replace(session.config, broker=value))


def _debug(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click passes it so
    if value:
        context.meta[DEBUG] = True
