"""A plan folder: files, each its name and its content → a plan that everybody can work under, or its problems."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import json

from quota.plans import PlanIndex
from streams.driving import Evenings
from streams.log import Record
from streams.plans import load
from streams.plans.load import PlanError
from streams.plans.records import assemble, plan_records
from streams.stages.stage import Place
from tests.fuzz.folders import joined, laid_out
from tests.fuzz.judging import ARROW_OF, LONGEST_PROBLEM, MOST_PROBLEMS, require_reason
from tests.fuzz.records import FOLLOWING

WORDS = (b"quotas:", b"- {", b"period: week", b"&a", b"*a", b"!!python/object", b"0x10", b"2026-02-30", b"{scope: rep:")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def feed(raw: bytes) -> None:
    """Raises AssertionError for an answer that is none, and whatever is a crash."""
    with TemporaryDirectory() as folder:
        laid_out(Path(folder), raw)
        try:
            plan = load(Path(folder))
        except PlanError as error:
            for problem in error.problems:
                require_reason(problem.what, LONGEST_PROBLEM)
                require_reason(problem.fix, LONGEST_PROBLEM)
                assert problem.place.line >= 1
            require_reason(str(error), LONGEST_PROBLEM * MOST_PROBLEMS)
            return
    assert assemble(each.value for each in plan_records(plan, 0, AT)) == plan
    index = PlanIndex(plan)
    Evenings(plan).of(AT.date())
    for topic, said in FOLLOWING.items():
        stage = ARROW_OF[topic].stage(_place())
        stage.install(index, -1)
        fact = stage.decode(json.encode(said))
        stage.take(fact, Record(topic, 0, 0, 0, b"k", json.encode(said)), -1)
        assert [each for each in stage.owed() if each.topic == "quota.dead-letters.v1"] == []


def _place() -> Place:
    return Place("fuzz", 0, 1, lambda _: 0)


def seeds(root: Path) -> list[bytes]:
    """The plans of the repository, and the example of the tests of the command line."""
    examples = [*(root / "deploy" / "examples").glob("*/")]
    return [joined({path.name: path.read_bytes() for path in sorted(each.glob("*.yaml"))}) for each in examples]
