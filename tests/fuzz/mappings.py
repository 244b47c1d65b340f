"""A mapping and its export: a folder with m.yaml → facts, bad lines and lines left out, or what is wrong with it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from streams.replay import MAX_LINE, Bad, Fact, MappingError, ReplayError, facts
from tests.fuzz.folders import joined, laid_out
from tests.fuzz.judging import LONGEST_PROBLEM, MOST_PROBLEMS, require_reason, require_usable

WORDS = (b"facts:", b"column: ", b"lookup: ", b"format: '%Y'", b"epoch_ms", b"multiline: true", b'""', b"last_of: ")
ROWS = 20
"""Lines of each shipped export that a seed has."""


def feed(raw: bytes) -> None:
    """Raises AssertionError for an answer that is none, and whatever is a crash."""
    with TemporaryDirectory() as folder:
        laid_out(Path(folder), raw)
        try:
            for line in facts(Path(folder), str(Path(folder) / "m.yaml")):
                if isinstance(line, Bad):
                    require_reason(line.reason)
                    assert len(line.raw) <= MAX_LINE
                elif isinstance(line, Fact):
                    require_usable(line, quiet=True)
        except MappingError as error:
            for problem in error.problems:
                require_reason(problem.what, LONGEST_PROBLEM)
                require_reason(problem.fix, LONGEST_PROBLEM)
            require_reason(str(error), LONGEST_PROBLEM * MOST_PROBLEMS)
        except ReplayError as error:
            require_reason(str(error), LONGEST_PROBLEM)


def seeds(root: Path) -> list[bytes]:
    """The shipped mappings, one with the beginning of its export, and a small one that says a little of everything."""
    folder = root / "streams" / "replay" / "mappings"
    crm = (folder / "crm-sales-opportunities.yaml").read_bytes()
    data = root / "deploy" / "examples" / "crm-sales-opportunities" / "data"
    rows = {path.name: b"\n".join(path.read_bytes().split(b"\n")[:ROWS]) for path in sorted(data.glob("*.csv"))}
    bpic = (folder / "bpic2012-work-items.yaml").read_bytes()
    return [joined({"m.yaml": crm} | rows), joined({"m.yaml": bpic}), joined(SMALL)]


SMALL = {
    "m.yaml": b"""source: crm
zone: Europe/Berlin
lookups:
  price: {file: prices.csv, key: product, value: price}
files:
  - file: deals.csv
    multiline: true
    ignore: rest
    facts:
      - type: deal_changed
        when: {id: {present: true}}
        id: "{id}:x"
        occurred_at: {column: day, time: 12:00}
        deal: "{id}"
        amount: {column: product, lookup: price, currency: EUR}
      - type: activity
        when: {product: [A]}
        id: "{id}:call"
        occurred_at: {column: day, format: "%Y-%m-%d"}
        performer: "{id}"
        activity: call_placed
""",
    "deals.csv": b'id,day,product\nd1,2026-01-05,A\nd2,2026-01-06,"A"\n,2026-01-07,B\n',
    "prices.csv": b"product,price\nA,9.99\nB,10\n",
}
