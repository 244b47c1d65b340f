"""Whatever happens on a floor, and in whatever order it is told: the same numbers, explanations and alerts."""

from hypothesis.stateful import run_state_machine_as_test

from tests.runtime.selling import Selling, courses

COURSES, STEPS = 80, 40


def test_any_order_repetition_and_batching_of_any_history_ends_with_the_numbers_of_plain_loops() -> None:
    run_state_machine_as_test(Selling, settings=courses(COURSES, STEPS, fixed=True))
