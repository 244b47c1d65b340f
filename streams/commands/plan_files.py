"""`quotaflow plan diff`, `export` and `schema`: the files of a plan beside the plan in force."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from msgspec import json

from quota.wording import counted
from schemas.plan import Plan
from streams.commands.options import shared
from streams.commands.plan_folder import DIRECTORY, loaded, summary
from streams.commands.session import Failure, Session
from streams.log import LogError
from streams.plans.differences import Change, What, differences, said
from streams.serving.plan import newest

SIGNS: dict[What, str] = {"added": "+", "removed": "-", "changed": "~", "reordered": "↕"}
DIFFERS, TROUBLE = 1, 2
"""How `diff` ends, as the command of that name does; 0 is for the same."""


@click.command()
@DIRECTORY
@click.option("--json", "as_json", is_flag=True, help="All of it, for programs.")
@shared
@click.pass_context
def diff(context: click.Context, directory: Path, *, as_json: bool) -> None:
    """Say what applying the plan in DIR would change. Ends with 0 for nothing, with 1 for something, else with 2."""
    session: Session = context.obj
    try:
        found = loaded(directory, "nothing was compared")
        before = session.run(_in_force(session))
    except (Failure, LogError) as problem:
        failure = Failure(str(problem))
        failure.exit_code = TROUBLE
        raise failure from problem
    changes = differences(before, found)
    click.echo(json.encode(_document(before, changes)) if as_json else _text(directory, before, changes))
    context.exit(DIFFERS if changes else 0)


@click.command()
@DIRECTORY
@shared
@click.pass_obj
def export(session: Session, directory: Path) -> None:
    """Write the plan in force into DIR, as YAML files that are the same plan."""
    # What writes YAML is needed by nothing else.
    from streams.plans.export import files

    plan = session.run(_in_force(session))
    directory.mkdir(parents=True, exist_ok=True)
    if there := sorted(path.name for path in directory.iterdir() if path.suffix in {".yaml", ".yml"}):
        raise Failure(f"{directory} already holds {there[0]}; name a folder without YAML files")
    written = dict(files(plan))
    for name, text in written.items():
        (directory / name).write_text(text, encoding="utf-8")
    click.echo(f"{', '.join(written)} in {directory} hold revision {plan.revision}: {summary(plan)}.")


@click.command()
@shared
def schema() -> None:
    """Print the JSON Schema of a plan's files, for editors."""
    from streams.contracts.plan_files import document

    click.echo(json.format(json.encode(document(), order="sorted"), indent=2))


async def _in_force(session: Session) -> Plan:
    async with session.reading() as opened:
        return (await newest(opened.log)).plan


def _document(before: Plan, changes: Iterable[Change]) -> dict[str, Any]:
    return {"revision": before.revision, "same": not changes, "changes": [_change(change) for change in changes]}


def _change(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"section": change.section, "change": change.what, "object": change.name}
    if change.edits:
        fields = {edit.field: {"before": edit.before, "after": edit.after} for edit in change.edits}
        return found | {"fields": fields}
    return found | {key: said(each) for key, each in (("before", change.before), ("after", change.after)) if each}


def _text(directory: Path, before: Plan, changes: list[Change]) -> str:
    if not changes:
        return f"{directory} is revision {before.revision}, which is in force."
    lines = []
    for section in dict.fromkeys(change.section for change in changes):
        lines.append(section)
        lines += [line for change in changes if change.section == section for line in _lines(change)]
    many = Counter(change.what for change in changes)
    counts = ", ".join(f"{counted(many[what], 'object', 'objects')} {what}" for what in SIGNS if many[what])
    return "\n".join([*lines, "", f"{directory} differs from revision {before.revision}, which is in force: {counts}."])


def _lines(change: Change) -> list[str]:
    if change.what == "reordered":
        return [f"  {SIGNS[change.what]} in another order"]
    whole = change.after if change.what == "added" else None
    told = ", ".join(f"{key} {_spoken(each)}" for key, each in (said(whole) or {}).items() if _is_said(key, each))
    edits = [f"      {edit.field}: {_spoken(edit.before)} → {_spoken(edit.after)}" for edit in change.edits]
    return [f"  {SIGNS[change.what]} {change.name}{f': {told}' if told else ''}".rstrip(), *edits]


def _is_said(key: str, value: Any) -> bool:
    """Whether a field of a new object is worth a word."""
    return key != "id" and value not in (None, "", [], {}) and not isinstance(value, dict)


def _spoken(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, str):
        return value
    return json.encode(value).decode()
