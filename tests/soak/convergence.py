"""Very many courses of events, each told in three ways, on all cores; ends with 1 and the course if one goes wrong.

python -m tests.soak.convergence --courses 5000 --seed 1
"""

import argparse
import os
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn

from tests.runtime.selling import Selling, courses

CHUNK, STEPS = 25, 60


def of_chunk(chunk: int, first: int) -> str:
    """What went wrong in so many courses; empty if nothing did."""
    machine = seed(first * 1_000_000 + chunk)(type("Selling", (Selling,), {}))
    try:
        run_state_machine_as_test(machine, settings=courses(CHUNK, STEPS, fixed=False))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        notes = "\n".join(getattr(error, "__notes__", ()))
        return f"{''.join(traceback.format_exception_only(error))}{notes}"
    return ""


def main() -> int:
    """0 if every course came to the same in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--courses", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    chunks = -(-given.courses // CHUNK)
    columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn(), TimeRemainingColumn())
    with ProcessPoolExecutor(given.processes) as pool, Progress(*columns, console=Console(stderr=True)) as bars:
        found = pool.map(partial(of_chunk, first=given.seed), range(chunks))
        wrong = [each for each in bars.track(found, total=chunks, description=f"times {CHUNK} courses") if each]
    print(*wrong[:3], sep="\n\n")
    print(f"{chunks * CHUNK:,} courses of events; in {len(wrong):,} of {chunks:,} chunks one went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
