"""No input from outside is a crash, a hang or an answer without a reason, on any surface."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import run
from tests.fuzz.surfaces import ANYWHERE, NAMES, Edit, Surface, mutated, surface

EXAMPLES = {"gateway": 600, "letters": 600, "lines": 300, "records": 200, "mappings": 250, "plans": 120}
RUNS = 60
"""Inputs of a short run: more than there are seeds."""
MOST_MEBIBYTES = 300
"""What 200 inputs of up to 30 MB, which are held as well, may take together."""


class Poisoned:
    """A surface that cannot take one letter."""

    WORDS = (b"poison",)

    def feed(self, raw: bytes) -> None:
        if b"!" in raw:
            raise RecursionError("too deep")

    def seeds(self, root: Path) -> list[bytes]:
        return [b"good", b"better"]


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_is_an_input_that_is_judged(name: str, root: Path) -> None:
    found = surface(name)
    seeds = found.seeds(root)
    assert len(seeds) >= 3
    for raw in seeds:
        found.feed(raw)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_made_of_good_input_is_answered(name: str, root: Path) -> None:
    found = surface(name)
    seeds = found.seeds(root)
    words = st.sampled_from([*found.WORDS, *ANYWHERE]) | st.binary(max_size=4)
    edits = st.builds(Edit, st.floats(0, 1), st.sampled_from([0, 1, 2, 9, 50]), words, st.sampled_from([1, 1, 2, 60]))

    @settings(max_examples=EXAMPLES[name], deadline=None, derandomize=True)
    @given(st.sampled_from(seeds), st.lists(edits, min_size=1, max_size=4))
    def check(raw: bytes, chosen: list[Edit]) -> None:
        for edit in chosen:
            raw = edit.done(raw)
        found.feed(raw)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_are_answered(name: str) -> None:
    found = surface(name)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.binary(max_size=300))
    def check(raw: bytes) -> None:
        found.feed(raw)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_a_short_run_of_the_fuzzer_feeds_the_surface(name: str, root: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.run", "--surface", name, "--seconds", "30", "--runs", str(RUNS)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith(f"{name}: ")
    assert f" {RUNS} " in done.stdout


def test_an_input_that_fails_is_printed_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found: Surface = Poisoned()
    run.feed(found, b"good")
    with pytest.raises(RecursionError):
        run.feed(found, b"bad!")
    said = capsys.readouterr().out
    assert "an input of 4 bytes fails: b'bad!'" in said
    assert "RecursionError: too deep" in said


def test_without_atheris_edits_of_the_seeds_find_what_fails() -> None:
    with pytest.raises(RecursionError):
        run._blindly(Poisoned(), 60.0, 100_000, random.Random(1))


def test_edits_are_the_same_for_the_same_chance() -> None:
    made = [[mutated([b"abc", b"{}"], [b"word"], random.Random(seed)) for seed in range(50)] for _ in range(2)]
    assert made[0] == made[1]
    assert len({*made[0]}) > 25


def test_bombs_and_megabytes_take_little_memory_on_every_surface(root: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.heavy"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    grown, unit, *_ = done.stdout.split()
    assert unit == "MiB,"
    assert int(grown) < MOST_MEBIBYTES, done.stdout
