import pytest

from streams.log import Spot
from streams.watchdog import Stalled, Watchdog

SPOT = Spot("sales.deals.v1", 0)


def test_a_partition_that_grows_unread_ends_the_worker() -> None:
    watchdog = Watchdog(patience=60)
    watchdog.look({SPOT: 10}, {SPOT: 10}, now=0)
    watchdog.look({SPOT: 10}, {SPOT: 50}, now=30)
    with pytest.raises(Stalled, match=r"sales\.deals\.v1\[0\] grew to 50 and was not read beyond 10 for 61 s"):
        watchdog.look({SPOT: 10}, {SPOT: 50}, now=61)


def test_a_partition_that_is_read_or_still_is_no_stall() -> None:
    watchdog = Watchdog(patience=60)
    for now in range(0, 600, 10):
        watchdog.look({SPOT: now}, {SPOT: 100_000}, now=now)
    for now in range(600, 1200, 10):
        watchdog.look({SPOT: 590}, {SPOT: 100_000}, now=now)


def test_the_markers_behind_the_last_record_are_no_stall() -> None:
    watchdog = Watchdog(patience=60)
    for now in range(0, 600, 10):
        watchdog.look({SPOT: 10}, {SPOT: 10 if now < 100 else 12}, now=now)


def test_what_is_given_up_and_taken_again_starts_afresh() -> None:
    watchdog = Watchdog(patience=60)
    watchdog.look({SPOT: 10}, {SPOT: 10}, now=0)
    watchdog.look({}, {}, now=50)
    watchdog.look({SPOT: 10}, {SPOT: 50}, now=70)
    watchdog.look({SPOT: 10}, {SPOT: 90}, now=100)
