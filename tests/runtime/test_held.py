"""What a tick sees of what senders said, against the whole history of what they said."""

from dataclasses import dataclass, field
from typing import NoReturn

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.stages.held import Held, Version

KEYS = ("a", "b", "c")


@dataclass
class Remembered:
    """Everything that was ever said, and nothing forgotten."""

    said: list[tuple[str, int, int]] = field(default_factory=list)

    def seen(self, key: str, tick: int) -> int | None:
        before = [(epoch, place) for place, (k, epoch, _) in enumerate(self.said) if k == key and epoch < tick]
        return self.said[max(before)[1]][2] if before else None


says = st.tuples(st.just("say"), st.sampled_from(KEYS), st.integers(0, 3), st.integers(0, 9))
ticks = st.tuples(st.just("tick"), st.integers(1, 3), st.booleans())


def reloaded(held: Held[int], tick: int) -> Held[int]:
    """As a new owner has it, from the records alone."""
    again: Held[int] = Held()
    for key, versions in held.versions.items():
        again.load(key, [*versions])
    again.install(tick)
    return again


@settings(deadline=None)
@given(st.lists(says | ticks, max_size=40))
def test_a_tick_sees_the_last_that_was_said_before_it_also_for_a_new_owner(
    steps: list[tuple[str, str, int, int] | tuple[str, int, bool]],
) -> None:
    held, everything, tick, passed = Held[int](), Remembered(), -1, dict.fromkeys(KEYS, -1)
    for step in steps:
        if len(step) == 4:
            _, key, ahead, value = step
            passed[key] = max(passed[key], tick + ahead)  # a sender has passed what is complete, and never goes back
            held.say(key, passed[key], value)
            everything.said.append((key, passed[key], value))
            continue
        _, further, restart = step
        if restart:
            held = reloaded(held, tick)
        last, tick = tick, tick + further
        passed = {key: max(epoch, tick) for key, epoch in passed.items()}
        come = {key: (before, now) for key, before, now in held.come(last, tick)}
        for key in KEYS:
            expected = everything.seen(key, last), everything.seen(key, tick)
            assert come.get(key, (expected[1], expected[1])) == expected
            assert held.seen(key, tick) == expected[1]


@settings(deadline=None)
@given(st.lists(says, max_size=30), st.integers(0, 4))
def test_what_no_tick_to_come_can_see_is_forgotten_and_every_change_is_to_be_stored(
    steps: list[tuple[str, str, int, int]], tick: int
) -> None:
    held = Held[int]()
    for _, key, epoch, value in sorted(steps, key=lambda step: step[2]):
        held.say(key, epoch, value)
    assert held.changed == held.versions.keys()
    before = {key: [*versions] for key, versions in held.versions.items()}
    held.changed = set()
    held.come(-1, tick)
    for key, versions in held.versions.items():
        assert len([version for version in versions if version.epoch < tick]) <= 1
        assert [version for version in versions if version.epoch >= tick] == [v for v in before[key] if v.epoch >= tick]
        assert key in held.changed or versions == before[key]


def test_a_dropped_key_is_to_be_stored_as_deleted() -> None:
    held = Held[int]()
    held.load("a", [Version(0, 1)])
    held.drop("a")
    assert (held.versions, held.changed) == ({}, {"a"})
    assert held.seen("a", 9) is None


class Large(dict[str, list[Version[int]]]):
    """Cells of which going through all takes too long for a tick."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("all cells were gone through")


def test_a_tick_looks_only_at_what_has_come() -> None:
    held = Held[int]()
    held.versions = Large()
    held.say("a", 1, 10)
    held.say("b", 3, 20)
    held.coming[1].add("dropped")
    assert held.come(0, 2) == [("a", None, 10)]
    assert held.come(2, 3) == []
