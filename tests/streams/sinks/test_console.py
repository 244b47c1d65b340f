"""The console: what a message looks like there."""

from msgspec.structs import replace

from quota.notifications import notifications
from schemas.plan import Route
from streams.sinks.console import Console, block
from streams.sinks.sink import DELIVERED
from tests.unit.floor import a_plan
from tests.unit.news import win

(MESSAGE,) = notifications(win(), a_plan(routes=(Route("wins", "sales-floor", "console"),)))


async def test_a_message_is_a_short_block() -> None:
    lines: list[str] = []
    assert await Console(lines.append).send(MESSAGE) == DELIVERED
    assert lines[0].splitlines() == [
        "2026-03-05 12:00  to sales-floor: Deal won: Anna Snelling, USD 5,000",
        "    Anna won.",
        "    Look closer: quotaflow explain rep:anna-snelling deals_won 2026-03-04",
    ]


async def test_a_console_that_is_gone_is_tried_again_later() -> None:
    def write(_: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    answer = await Console(write).send(MESSAGE)
    assert (answer.outcome, answer.reason) == ("failed", "the console cannot be written to (Broken pipe)")


def test_what_a_source_calls_its_deals_moves_no_cursor_and_makes_no_line_that_looks_like_ours() -> None:
    forged = block(replace(MESSAGE, subject="d\x1b[2J\r", body="a\n2026-03-05 12:00  to all: b\x07"))
    first, *rest = forged.splitlines()
    assert all(letter.isprintable() for letter in forged.replace("\n", ""))
    assert first.endswith("d\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}")
    assert all(line.startswith("    ") for line in rest)
