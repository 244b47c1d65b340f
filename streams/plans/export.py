"""A plan as YAML files, which are read back as the same plan."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import yaml

from quota.catalogue import BUILT_IN
from schemas.plan import Calendar, Membership, Metric, Pipeline, Plan, PlanObject, Quota, Rep
from streams.plans.build import quota_id
from streams.plans.calendars import WEEKDAYS
from streams.plans.sections import SECTIONS

Json = dict[str, Any]

FILES = {
    "company": ("company", "calendars", "pipelines", "metrics"),
    "people": ("teams", "reps"),
    "rules": ("rules", "routes"),
}
"""Which sections share a file; every other has one of its own."""
MOST = 5_000
"""Objects of a section in one file, so that no file is too large to be read."""
_TEXT = "tag:yaml.org,2002:str"
_BARE = re.compile(r"-?\d+(\.\d+)?|\d{4}-\d{2}-\d{2}|\d{2}:\d{2}", re.ASCII)


def files(plan: Plan) -> Iterator[tuple[str, str]]:
    """The name and the text of each file."""
    together = {section for sections in FILES.values() for section in sections}
    alone = {name: (name,) for name in SECTIONS if name not in together}
    for name, sections in (FILES | alone).items():
        said = {section: _objects(section, plan) for section in sections}
        parts = max(-(-len(objects) // MOST) for objects in said.values())
        for part in range(parts):
            # Files are read in the order of their names, and the order of objects is part of the plan.
            number = f"-{part + 1:03d}" if parts > 1 else ""
            here = {section: objects[part * MOST : (part + 1) * MOST] for section, objects in said.items()}
            yield f"{name}{number}.yaml", _text({key: objects for key, objects in here.items() if objects})


def _objects(section: str, plan: Plan) -> list[Json]:
    if section == "company":
        return [_plain(plan.company)]
    return [_WRITERS.get(type(item), _plain)(item) for item in getattr(plan, section)]


def _text(sections: dict[str, list[Json]]) -> str:
    said = {name: objects[0] if name == "company" else objects for name, objects in sections.items()}
    return yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def _plain(item: PlanObject) -> Json:
    """An object with what is not its default, under the keys of a file."""
    said = {name: each for name, each in msgspec.to_builtins(item).items() if name != "type" and each != ""}
    return {_KEYS.get(name, name): _value(each) for name, each in said.items()}


def _value(said: Any) -> Any:
    if isinstance(said, dict):
        return {_KEYS.get(name, name): _value(each) for name, each in said.items()}
    if isinstance(said, list | tuple):
        return [_value(each) for each in said]
    if isinstance(said, float):
        return format(Decimal(repr(said)), "f")
    return said


_KEYS = {"start": "from", "end": "until"}


def _calendar(item: Any) -> Json:
    calendar: Calendar = item
    said = _plain(calendar) | ({"holidays": calendar.holidays} if calendar.holidays else {})
    for key in ("first_weekday", "working_days"):
        if key in said:
            said[key] = _weekdays(said[key])
    if "fiscal" in said:
        said["fiscal"]["weekday"] = _weekdays(said["fiscal"]["weekday"])
    return said


def _weekdays(numbers: Any) -> Any:
    return WEEKDAYS[numbers] if isinstance(numbers, int) else [WEEKDAYS[number] for number in numbers]


def _rep(item: Any) -> Json:
    rep: Rep = item
    said = _plain(rep)
    if rep.external:
        said["external"] = {source: list(names) for source, names in rep.external.items()}
    if len(rep.teams) == 1 and rep.teams[0] == Membership(rep.teams[0].team):
        said = {("team" if key == "teams" else key): each for key, each in said.items()} | {"team": rep.teams[0].team}
    return said


def _pipeline(item: Any) -> Json:
    pipeline: Pipeline = item
    # A chance that is left out is that of the kind of stage.
    stages = [_plain_stage(stage) | {"probability": _value(stage.probability)} for stage in pipeline.stages]
    return {"id": pipeline.id, "stages": stages}


def _plain_stage(stage: msgspec.Struct) -> Json:
    said: Json = _value(msgspec.to_builtins(stage))
    return said


def _quota(item: Any) -> Json:
    quota: Quota = item
    said = _plain(quota)
    metric = BUILT_IN.get(quota.metric)
    if metric is not None and metric.kind == "money":
        del said["currency"]
    if quota.id == quota_id(msgspec.structs.asdict(quota), None):
        del said["id"]
    return said


def _metric(item: Any) -> Json:
    said = _plain(item)
    return {key: each for key, each in said.items() if key != "counts" or "conversations" not in said}


_WRITERS: dict[type, Callable[[Any], Json]] = {
    Calendar: _calendar,
    Rep: _rep,
    Pipeline: _pipeline,
    Quota: _quota,
    Metric: _metric,
}


class _Dumper(yaml.SafeDumper):
    """Writes every object out, and days and numbers without quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is written as a reference to another place."""
        return True


def _bare(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # What is read is the text, whatever YAML would make of it.
    if _BARE.fullmatch(value):
        tag: str = dumper.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
        return dumper.represent_scalar(tag, value)
    # Line breaks of other kinds than ours would come back as ours; written as escapes they stay what they are.
    return dumper.represent_scalar(_TEXT, value, style=None if value.isprintable() else '"')


_Dumper.add_representer(str, _bare)
