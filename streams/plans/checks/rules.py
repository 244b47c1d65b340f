"""Alert rules: thresholds that can fire and clear, on things that exist."""

from collections.abc import Iterator

from streams.documents import Problem
from streams.plans.draft import Draft


def thresholds(draft: Draft) -> Iterator[Problem]:
    """A shortage fires above its clearing threshold, a pace below it."""
    for rule in draft.entries["rules"]:
        fire, clear = rule.values.get("fire"), rule.values.get("clear")
        if fire is None or clear is None:
            continue
        kind = rule.values.get("kind")
        if kind == "early_stage_shortage" and fire <= clear:
            yield Problem(
                rule.at("clear"), f"clears at {clear:g}, not below firing at {fire:g}", "choose a lower `clear`"
            )
        if kind == "behind_pace" and fire >= clear:
            yield Problem(
                rule.at("clear"), f"clears at {clear:g}, not above firing at {fire:g}", "choose a higher `clear`"
            )


def early_stages(draft: Draft) -> Iterator[Problem]:
    """A shortage of early-stage opportunities needs a pipeline with early stages."""
    unread = any("stages" not in pipeline.values for pipeline in draft.entries["pipelines"])
    if unread or any(stage.values.get("early") for stage in draft.stages()):
        return
    for rule in draft.entries["rules"]:
        if rule.values.get("kind") == "early_stage_shortage":
            yield Problem(rule.at("kind"), "no pipeline has an early stage", "mark one with `early: true`")
