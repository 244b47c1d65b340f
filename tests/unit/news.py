"""Transitions for tests of what is told about them."""

from typing import Any

from hypothesis import strategies as st

from schemas.alerts import Transition
from tests.unit.floor import noon

RULES = {"shortage": "early_stage_shortage", "pace": "behind_pace", "wins": "deal_won"}
SCOPES = ("company", "team:central", "team:dustin", "team:west", "rep:anna-snelling", "rep:ben", "rep:dan", "rep:gone")


def transition(rule: str = "shortage", scope: str = "team:dustin", **said: Any) -> Transition:
    """A shortage that began in March 2026, unless something else is said."""
    parts: dict[str, Any] = {
        "fingerprint": f"{rule}|{scope}|2026-Q3",
        "number": 1,
        "rule": rule,
        "kind": RULES[rule],
        "scope": scope,
        "period": "2026-Q3",
        "transition": "firing",
        "at": noon("2026-03-05"),
        "tick": 7,
        "reason": "short",
        "summary": "Dustin Brinkmann is running short.",
        "details": {"since": "2026-03-02T18:00:00-06:00"},
    }
    return Transition(**(parts | said))


def win(**said: Any) -> Transition:
    """A deal that Anna won."""
    details = {"deal": "d1", "amount": "5000.00", "unit": "USD", "day": "2026-03-04"}
    parts = {"period": "2026-03-04", "subject": "d1", "reason": "won", "summary": "Anna won.", "details": details}
    return transition("wins", "rep:anna-snelling", **(parts | said))


transitions = st.builds(
    transition,
    st.sampled_from(["shortage", "pace"]),
    st.sampled_from(SCOPES),
    number=st.integers(1, 9),
    transition=st.sampled_from(["firing", "resolved"]),
    subject=st.none() | st.sampled_from(["revenue", "calls_placed", '"quiet":true}', "\\"]),
    summary=st.text(max_size=20),
    reason=st.sampled_from(["short", "enough", "too_late", "caught_up", "met", "missed", "not_in_plan", "x"]),
    sender=st.sampled_from(["", "alerts/0"]),
    quiet=st.booleans(),
) | st.builds(
    win, transition=st.sampled_from(["firing", "resolved", "retracted"]), number=st.integers(1, 9), quiet=st.booleans()
)
