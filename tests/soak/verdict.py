"""What is wrong in the end: standings beside the oracle, and what was told beside what happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from tests.e2e.cli import Json
from tests.soak.floor import RECIPIENTS
from tests.soak.oracle import METRICS, Totals


def of_standings(standings: Iterable[Json], right: Totals) -> Iterator[str]:
    """Every number that is not the oracle's, every standing that is missing, and every one that comes twice."""
    seen: set[tuple[str, str]] = set()
    for standing in standings:
        key = standing["scope"], standing["period"]
        if key in seen:
            yield f"{key} stands twice"
        seen.add(key)
        for metric in METRICS:
            found, expected = _number(standing["metrics"], metric), right.get(key, {}).get(metric, 0)
            if found != expected:
                yield f"{key} {metric}: {found}, not {expected}"
    yield from (f"{key} is missing" for key in right.keys() - seen)


def _number(metrics: Json, metric: str) -> Decimal:
    return Decimal(metrics[metric]["value"]) * (100 if metric == "revenue" else 1)


def of_transitions(transitions: Iterable[Json], won: set[str]) -> Iterator[str]:
    """Every won deal fires once, and its day ends at most once."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for each in transitions:
        found[each["subject"]].append((each["number"], each["transition"]))
    for deal in won | found.keys():
        if deal not in won or found[deal] not in ([(1, "firing")], [(1, "firing"), (2, "resolved")]):
            yield f"{deal}, {'won' if deal in won else 'not won'}: {found[deal]}"


def of_messages(ids: Sequence[str], said: Sequence[Json], won: set[str]) -> Iterator[str]:
    """Everybody is told once of every won deal: a request may come again, a message with another key may not."""
    bodies: dict[str, Json] = {}
    for name, body in zip(ids, said, strict=True):
        if bodies.setdefault(name, body) != body:
            yield f"the key {name} came with two messages: {bodies[name]} and {body}"
    told = Counter((body["type"], body["data"]["subject"], body["data"]["recipient"]) for body in bodies.values())
    right = {("alert.firing", deal, recipient) for deal in won for recipient in RECIPIENTS}
    yield from (f"nobody was told {each}" for each in right - told.keys())
    yield from (f"{each} was told for nothing" for each in told.keys() - right)
    yield from (f"{each} was told {count} times" for each, count in told.items() if count > 1)


def of_outbox(notifications: Iterable[Json], ids: Iterable[str]) -> Iterator[str]:
    """All that was to be told is known to be delivered, and nothing else was."""
    states = {each["id"]: each["state"] for each in notifications}
    yield from (f"message {name} is {state}" for name, state in states.items() if state != "delivered")
    yield from (f"message {name} is in no outbox" for name in {*ids} - states.keys())
