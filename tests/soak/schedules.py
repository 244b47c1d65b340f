"""Very many schedules over the log in memory, on all cores; ends with 1 and a story if one goes wrong.

python -m tests.soak.schedules --schedules 100000 --seed today
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from tests.runtime.chaos import IN_A_FLUSH, REVISED, Spread
from tests.runtime.schedules import EACH, judged

LEAST = 0.3
"""Of the schedules, those with a kill or freeze in a flush, and those with a plan change between two."""
SHOWN = 3
"""Failing schedules whose stories are told."""


def of_history(history: int, seed: str) -> tuple[Spread, list[str]]:
    """All schedules of one history: their spread, and the stories of those that went wrong."""
    spread, stories = Spread(), []
    for number in range(history * EACH, (history + 1) * EACH):
        verdict = judged(number, seed)
        spread.add(verdict.story)
        if verdict.wrong:
            stories.append("\n".join([f"schedule {number} of seed {seed!r}:", str(verdict.story), *verdict.wrong]))
    return spread, stories


def all_of(schedules: int, seed: str, processes: int) -> Iterator[tuple[Spread, list[str]]]:
    """The verdicts, history by history."""
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(partial(of_history, seed=seed), range(-(-schedules // EACH)), chunksize=4)


def main() -> int:
    """0 if every schedule ended as it should, and enough of them had something happen in a flush."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--seed", default="past", help="other schedules for every word; `past` are those of the tests")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    spread, stories = Spread(), list[str]()
    verdicts = all_of(given.schedules, given.seed, given.processes)
    total = -(-given.schedules // EACH)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        for each, told in bars.track(verdicts, total=total, description=f"histories of {EACH} schedules"):
            spread.merge(each)
            stories += told
    print(*stories[:SHOWN], sep="\n\n")
    print(f"{spread}; {len(stories):,} went wrong")
    enough = min(spread.share(IN_A_FLUSH), spread.share(REVISED)) >= LEAST
    return 0 if enough and not stories else 1


if __name__ == "__main__":
    sys.exit(main())
