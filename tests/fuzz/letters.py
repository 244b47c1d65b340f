"""Dead letters: any bytes that were set aside → shown, and sent again as a fact or kept with the reason."""

from functools import partial
from pathlib import Path

from msgspec import json

from quota.facts import require_near
from schemas.dead_letters import DeadLetter
from streams import topics
from streams.commands.dead_letters import _line, _sorted
from streams.log import Record, Spot
from streams.quarantine import dead_letter
from streams.serving.dead_letters import document
from tests.fuzz import lines, records
from tests.fuzz.judging import LONGEST_PROBLEM, require_reason, require_usable

WORDS = lines.WORDS
NEAR = partial(require_near, taken=1_767_225_600_000, days=366)
"""As if the letter was sent again at the beginning of 2026."""


def feed(raw: bytes) -> None:
    """Raises AssertionError for an answer that is none, and whatever is a crash."""
    written = dead_letter(Spot(topics.DEALS.name, 0), Record(topics.DEALS.name, 0, 7, 0, raw[:40], raw), "of old")
    letter = json.decode(written.value or b"", type=DeadLetter)
    json.encode(document(letter))
    shown = _line(letter)
    assert all(each.isprintable() or each == "\n" for each in shown), "a letter's bytes steer the terminal"
    good, kept = _sorted([letter], NEAR, quiet=False)
    assert len(good) + len(kept) == 1
    for fact in good.values():
        require_usable(fact, quiet=False)
    for reason in kept.values():
        require_reason(reason, LONGEST_PROBLEM)


def seeds(root: Path) -> list[bytes]:
    """What the other surfaces begin with."""
    return [*lines.seeds(root), *(each.split(b"\n", 2)[-1] for each in records.seeds(root))]
