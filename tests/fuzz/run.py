"""Feeds every surface with made-up input: `python -m tests.fuzz.run --seconds 60 [--surface gateway]`.

Where Atheris is installed it is led by coverage. A crash, a hang or too much memory ends it with exit code 1, after the
input and the reason were printed.
"""

import argparse
import random
import subprocess
import sys
import time
import traceback
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.surfaces import LARGEST, NAMES, ROOT, Surface, mutated, surface

MEGABYTES = 1024
"""Of memory for one surface, instrumented."""
HANGS = 20
"""Seconds after which one input hangs."""
PACKAGES = ["streams", "quota", "schemas"]
SHOWN = 10 * LARGEST
"""Characters of what a run that failed has said: the whole input is among them."""


def main() -> int:
    """The exit code: 1 after a surface failed."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--seconds", type=float, default=60.0, help="for each surface")
    told.add_argument("--runs", type=int, default=0, help="inputs for each surface, at most; 0 is any number")
    told.add_argument("--surface", choices=NAMES, action="append", help="this one, or these; without it all of them")
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = told.parse_args()
    if asked.inside:
        _inside(asked.surface[0], asked.inside, asked)
        return 0
    return max([_beside(name, asked) for name in asked.surface or NAMES])


def _beside(name: str, asked: argparse.Namespace) -> int:
    """Feeds one surface in a process of its own."""
    options = [f"--{each}={getattr(asked, each)}" for each in ("seconds", "runs", "seed")]
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.fuzz.run", "--inside", folder, "--surface", name, *options]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode(errors="replace")
    print(f"{name}: {'failed' if done.returncode else _summary(said)}", flush=True)
    if done.returncode:
        print(said[-SHOWN:], flush=True)
    return int(done.returncode != 0)


def _summary(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith(("Done", "fed"))]
    return lines[-1] if lines else "done"


def _inside(name: str, folder: Path, asked: argparse.Namespace) -> None:
    if find_spec("atheris") is None:
        _blindly(surface(name), asked.seconds, asked.runs, random.Random(asked.seed))
        return
    import atheris

    with atheris.instrument_imports(include=PACKAGES):
        found = surface(name)
    _write(folder, found)
    options: dict[str, object] = {"max_total_time": int(asked.seconds) or 1, "seed": asked.seed, "max_len": LARGEST}
    options |= {"timeout": HANGS, "rss_limit_mb": MEGABYTES} | ({"runs": asked.runs} if asked.runs else {})
    options |= {"dict": folder / "words", "artifact_prefix": f"{folder}/"}
    arguments = [sys.argv[0], str(folder / "seeds"), *(f"-{key}={value}" for key, value in options.items())]
    atheris.Setup(arguments, lambda raw: feed(found, raw))
    atheris.Fuzz()  # which ends the process


def _write(folder: Path, found: Surface) -> None:
    (folder / "seeds").mkdir()
    for number, raw in enumerate(found.seeds(ROOT)):
        (folder / "seeds" / str(number)).write_bytes(raw)
    words = ("".join(f"\\x{byte:02x}" for byte in word) for word in found.WORDS)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in words))


def _blindly(found: Surface, seconds: float, runs: int, chance: random.Random) -> None:
    """Without coverage: edits of the seeds, until the time is up."""
    seeds, end, fed = found.seeds(ROOT), time.monotonic() + seconds, 0
    while time.monotonic() < end and (not runs or fed < runs):
        feed(found, mutated(seeds, found.WORDS, chance))
        fed += 1
    print(f"fed {fed} inputs without Atheris")


def feed(found: Surface, raw: bytes) -> None:
    """Feeds the surface; prints an input that fails, and why."""
    try:
        found.feed(raw)
    except BaseException:
        print(f"an input of {len(raw)} bytes fails: {raw!r}\n{traceback.format_exc()}", flush=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
