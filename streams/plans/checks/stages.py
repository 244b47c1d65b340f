"""Stages of pipelines: one meaning for each name."""

from collections.abc import Iterator

from quota.plans import slug as slug_of
from streams.documents import Entry, Place, Problem
from streams.plans.draft import Draft


def ids(draft: Draft) -> Iterator[Problem]:
    """A stage's id is unique over all pipelines, for a deal says only its stage."""
    first: dict[str, Place] = {}
    for stage in draft.stages():
        name = stage.values["id"]
        if name in first:
            what = f"stage {name!r} is already in {first[name].file}:{first[name].line}"
            yield Problem(stage.at("id"), what, "stage ids are unique over all pipelines, choose another")
        else:
            first[name] = stage.place


def names(draft: Draft) -> Iterator[Problem]:
    """What a source calls a stage means one stage only, also when written as an id; one clash is told per pair."""
    owner: dict[str, Entry] = {}
    told: set[tuple[str, str]] = set()
    for stage in draft.stages():
        for name in _called(stage):
            pair = owner.setdefault(name, stage).values["id"], stage.values["id"]
            if pair[0] != pair[1] and pair not in told:
                told.add(pair)
                what = f"{name!r} means the stages {pair[0]!r} and {pair[1]!r}"
                yield Problem(stage.at("names"), what, "remove the name from one of them")


def _called(stage: Entry) -> list[str]:
    names = {stage.values["id"], *stage.values.get("names", ())}
    return sorted(names | {slug_of(name) for name in names})


def kinds(draft: Draft) -> Iterator[Problem]:
    """A pipeline has something open and something won; only open stages are early."""
    for pipeline in draft.entries["pipelines"]:
        stages = pipeline.values.get("stages")
        if stages is None:
            continue
        found = {stage.values["kind"] for stage in stages}
        for kind in ("open", "won"):
            if kind not in found:
                what = f"pipeline {pipeline.values.get('id', '')!r} has no stage of kind {kind}"
                yield Problem(pipeline.at("stages"), what, f"add a stage with `kind: {kind}`")
        yield from _early(stages)


def _early(stages: tuple[Entry, ...]) -> Iterator[Problem]:
    for stage in stages:
        if stage.values.get("early") and stage.values["kind"] != "open":
            what = f"stage {stage.values['id']!r} is {stage.values['kind']} and cannot be early"
            yield Problem(stage.at("early"), what, "remove `early`")
