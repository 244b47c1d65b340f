"""Where commands write: results to stdout, progress to stderr and only where somebody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

# Rich takes a fifth of a second to import, which most commands do not need.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

WIDE = 200
"""Columns of a table that goes into a file or a pipe."""


def out() -> "Console":
    """Tables on stdout, as wide as they need to be when nobody watches."""
    from rich.console import Console

    return Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else WIDE, highlight=False, emoji=False, markup=False
    )


@contextmanager
def progress() -> Iterator["Progress"]:
    """Bars on stderr, none without a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bars:
        yield bars
