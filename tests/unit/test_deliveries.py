"""What becomes of a message: the schedule of its attempts, and its end."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quota.deliveries import LONGEST_WAIT, SPREAD, WAITS, delivered, pending, refused, retried, unsendable, withdrawn
from quota.notifications import notifications
from schemas.plan import Route
from tests.unit.floor import a_plan, noon
from tests.unit.news import transition

(MESSAGE,) = notifications(transition(), a_plan(routes=(Route("r", "ann", "hook"),)))
AT = noon("2026-03-05")


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10**9)), min_size=10, max_size=10))
def test_a_message_that_always_fails_is_tried_ten_times_at_growing_distances(said: list[tuple[float, float]]) -> None:
    found, at, moments = pending(MESSAGE), AT, [AT]
    for jitter, wanted in said:
        found = retried(found, at, "answered 500", jitter=jitter, wanted=wanted)
        if found.due is not None:
            wait = (found.due - at).total_seconds()
            least = max(WAITS[found.attempts - 1], min(wanted, LONGEST_WAIT))
            assert least - 1e-5 <= wait <= least * (1 + SPREAD) + 1e-5
            moments.append(at := found.due)
    assert (found.state, found.attempts, found.due) == ("failed", 10, None)
    assert found.reason == "given up after 10 attempts; the last one: answered 500"
    assert all(earlier < later for earlier, later in pairwise(moments))


def test_without_jitter_the_waits_are_those_of_standard_webhooks() -> None:
    found, waits = pending(MESSAGE), []
    while (found := retried(found, AT, "no answer", jitter=0.0)).due is not None:
        waits.append(found.due - AT)
    hours = [timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)]
    assert waits == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), *hours]


def test_an_attempt_that_succeeds_or_is_refused_is_the_last() -> None:
    before = retried(pending(MESSAGE), AT, "answered 500", jitter=0.0)
    assert (delivered(before, AT).state, delivered(before, AT).attempts) == ("delivered", 2)
    assert (delivered(before, AT).due, delivered(before, AT).reason) == (None, None)
    ended = refused(before, AT, "gone")
    assert (ended.state, ended.attempts, ended.due, ended.reason) == ("failed", 2, None, "gone")


def test_a_message_without_a_sink_is_pending_and_no_attempt_is_counted() -> None:
    kept = unsendable(pending(MESSAGE), "set it")
    assert (kept.state, kept.attempts, kept.due, kept.reason, kept.at) == ("pending", 0, None, "set it", AT)


def test_what_is_withdrawn_has_failed_without_another_attempt() -> None:
    found = withdrawn(retried(pending(MESSAGE), AT, "answered 500", jitter=0.0), AT, "no route r")
    assert (found.state, found.attempts, found.due, found.reason, found.at) == ("failed", 1, None, "no route r", AT)
