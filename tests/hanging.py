"""What a test that hangs is waiting for, which the traceback of its event loop does not tell."""

import asyncio
import gc
from collections.abc import Iterator


def waiting() -> str:
    """Each task of asyncio that has not ended, and below it where it waits, the innermost call last."""
    tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]
    told = [line for task in tasks for line in (task.get_name(), *_calls(task.get_coro()))]
    return "\n".join(told) or "no task of asyncio is under way"


def _calls(awaited: object) -> Iterator[str]:
    while frame := getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None):
        yield f"    {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
