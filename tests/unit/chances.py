"""The chance of a win by age, straight from its definition, and baselines to try it on."""

from fractions import Fraction

from hypothesis import strategies as st

from schemas.standings import Baseline


def taught(reached: list[int], won_at: list[int], lost_at: list[int], day: str = "2026-06-30") -> Baseline:
    """A baseline of these counts by age."""
    return Baseline(
        day, tuple(reached), tuple(won_at), tuple(lost_at), won=sum(won_at), lost=sum(lost_at), won_amount=0
    )


def by_definition(lessons: Baseline, age: int, days: int) -> Fraction:
    """F(a, h) term by term, in exact fractions."""
    last = len(lessons.reached) - 1
    chance, staying = Fraction(0), Fraction(1)
    for u in range(age + 1, age + days + 1):
        at = min(u, last)
        n = lessons.reached[at]
        if n:
            chance += staying * Fraction(lessons.won_at[at], n)
            staying *= 1 - Fraction(lessons.won_at[at] + lessons.lost_at[at], n)
    return chance


def between_by_definition(lessons: Baseline, age: int, after: int, until: int) -> Fraction:
    """F(a, until) - F(a, after)."""
    return by_definition(lessons, age, until) - by_definition(lessons, age, after)


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    """Up to 25 ages; some reached by nobody, some survived by nobody."""
    ages = []
    for n in draw(st.lists(st.integers(0, 40), min_size=1, max_size=25)):
        closed = draw(st.integers(0, n))
        ages.append((n, draw(st.integers(0, closed)), closed))
    return taught([n for n, _, _ in ages], [won for _, won, _ in ages], [closed - won for _, won, closed in ages])
