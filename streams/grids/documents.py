"""Targets as a plan's file, what they add up to, and whether they fit into a folder of files."""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.grids.quotas import Reading, Target
from streams.plans import PlanError, load

LEVELS = {"rep": "reps", "team": "teams", "company": "company"}


def document(found: Sequence[Target], about: str, reading: Reading, said: Mapping[str, str | None]) -> str:
    """A file with a quota for each target; `about` says where they come from, `said` what all of them say beside."""
    more = "".join(f", {key}: {json.dumps(text, ensure_ascii=False)}" for key, text in said.items() if text)
    lines = [f"# Quotas on {reading.metric.id} from {about!r}.", "quotas:"]
    for each in found:
        span = f"from: {each.period.start}, until: {each.period.end}"
        what = f"scope: {each.scope}, metric: {reading.metric.id}, period: {each.period.kind}, target: {each.amount}"
        lines.append(f"  - {{{what}, {span}{more}}}")
    return "\n".join(lines) + "\n"


def totals(found: Sequence[Target], reading: Reading) -> Iterator[str]:
    """A line for each period: what reps, teams and the company are asked for, each in sum where that has a meaning."""
    sums: dict[str, defaultdict[str, list[Decimal]]] = {}
    for each in sorted(found, key=lambda target: (target.period.start, target.period.end, target.period.id)):
        by_level = sums.setdefault(each.period.id, defaultdict(list))
        by_level[each.scope.partition(":")[0]].append(Decimal(each.amount))
    for name, by_level in sums.items():
        told = [_told(LEVELS[level], by_level[level], reading) for level in LEVELS if by_level[level]]
        yield f"  {name:<12} {', '.join(told)}"


def _told(level: str, amounts: Sequence[Decimal], reading: Reading) -> str:
    if not reading.metric.prorated:
        return f"{level}: {len(amounts)}"
    unit = f" {reading.currency}" if reading.currency else ""
    return f"{level}: {sum(amounts):,}{unit} in {len(amounts)}"


def misfits(text: str, path: Path) -> list[str]:
    """What would be wrong in the plan of the path's folder if the path held the text."""
    with TemporaryDirectory() as scratch:
        for other in path.parent.glob("*.yaml"):
            if other.name != path.name:
                shutil.copy(other, scratch)
        Path(scratch, path.name).write_text(text, encoding="utf-8")
        try:
            load(Path(scratch))
        except PlanError as error:
            return [str(problem) for problem in error.problems if path.name in str(problem)]
    return []
