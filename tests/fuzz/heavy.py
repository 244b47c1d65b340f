"""Feeds every surface with as much as it may get, and says how many megabytes of memory that took at most."""

import resource
import sys
from collections.abc import Callable, Iterator

from streams.gateway.reading import MAX_BODY
from streams.quarantine import KEPT
from tests.fuzz.lines import feed as lines
from tests.fuzz.mappings import SMALL
from tests.fuzz.surfaces import ROOT, surface
from tests.fuzz.test_named import COMPANY, DOCUMENTS, FACTS, LARGE, SURFACES

MEBIBYTE = 2**20
BOUNDED = {"gateway": MAX_BODY, "letter": KEPT}
"""Bytes beyond which a surface's input is cut or refused before it is looked at."""


def inputs() -> Iterator[tuple[Callable[[bytes], object], bytes]]:
    """Bombs and megabytes, each with the surface that it is for."""
    bombs = [*(raw for raw, _ in FACTS.values()), LARGE, b"[" * 10_000_000, b"[]" * 5_000_000, b'{"a":' * 2_000_000]
    for raw in bombs:
        for name, told in SURFACES.items():
            yield told, raw[: BOUNDED.get(name, len(raw))]
    yield lines, b"x" * 30_000_000
    yield lines, b"{}\n" * 200_000
    plans, mappings = surface("plans").feed, surface("mappings").feed
    files = [raw for raw, _ in DOCUMENTS.values()]
    files += [
        COMPANY + b"reps: [" + b"{}," * 600_000 + b"]",
        b"- " * 2_000_000,
        b"? " * 2_000_000,
        b"a: |\n " + b"x\n " * 1_000_000,
    ]
    for raw in files:
        yield plans, b"company.yaml\n" + raw
        yield mappings, b"m.yaml\n" + raw
    yield (
        mappings,
        b"\n%%%%\n".join(
            b"%s\n%s" % (name.encode(), raw)
            for name, raw in (SMALL | {"deals.csv": b"id,day,product\n" + b'"' * 10_000_000}).items()
        ),
    )


def main() -> None:
    """Prints the growth in whole mebibytes."""
    for name in ("gateway", "records", "plans", "mappings", "lines"):
        for raw in surface(name).seeds(ROOT):
            surface(name).feed(raw)
    before, worst = peak(), (0, "")
    for feed, raw in inputs():
        was = peak()
        feed(raw)
        worst = max(worst, (peak() - was, f"{feed.__module__}.{feed.__name__} of {raw[:20]!r}"))
    print(f"{peak() - before} MiB, most of it ({worst[0]} MiB) for {worst[1]}")


def peak() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) // MEBIBYTE


if __name__ == "__main__":
    main()
