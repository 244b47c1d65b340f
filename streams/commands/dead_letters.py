"""`quotaflow dead-letters`: what could not be used, why, and once more."""

from collections.abc import Sequence
from functools import partial

import click
from msgspec import json

from quota.errors import InvalidRecord
from quota.facts import require_near
from quota.wording import counted
from schemas.dead_letters import DeadLetter
from streams import replay as exports
from streams.commands.options import shared
from streams.commands.session import Failure, Session
from streams.documents import suggestion
from streams.log import Outgoing
from streams.partitioner import partition
from streams.passage import ask
from streams.replay import Fact
from streams.replay.lines import Require
from streams.serving.dead_letters import Kept, document, readable
from streams.serving.dead_letters import dead_letters as stored
from streams.wall_clock import now

SHORT = 100
"""Characters of a letter's bytes in the list."""


@click.group("dead-letters")
@shared
def dead_letters() -> None:
    """Input that could not be used: list it, look at it, send it again after a fix."""


@dead_letters.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@shared
@click.pass_obj
def list_(session: Session, *, as_json: bool) -> None:
    """List every dead letter with its reason."""
    found = session.run(_letters(session))
    for letter in found.values():
        click.echo(json.encode(document(letter)) if as_json else _line(letter))
    if not as_json:
        click.echo(f"{counted(len(found), 'dead letter', 'dead letters')}.")


@dead_letters.command()
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@shared
@click.pass_obj
def show(session: Session, id_: str, *, as_json: bool) -> None:
    """Print one dead letter whole: where it came from, what is wrong, and its bytes."""
    found = session.run(_letters(session))
    _require(id_, found)
    shown = document(found[id_])
    if as_json:
        click.echo(json.encode(shown))
        return
    raw = shown.pop("raw")
    for name, value in shown.items():
        click.echo(f"{name}: {harmless(str(value))}")
    click.echo(harmless(raw))


@dead_letters.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--notify", is_flag=True, help="Let what follows from these facts be notified.")
@click.option("--json", "as_json", is_flag=True, help='{"replayed": [...], "kept": [{"id", "reason"}]}, for programs.')
@shared
@click.pass_obj
def replay(session: Session, ids: tuple[str, ...], *, notify: bool, as_json: bool) -> None:
    """Read dead letters again (all, or those named): good ones become facts and leave the list, the others stay."""
    sent, kept = session.run(_replayed(session, ids, quiet=not notify))
    if as_json:
        click.echo(json.encode({"replayed": sent, "kept": [{"id": name, "reason": why} for name, why in kept.items()]}))
        return
    for name, why in kept.items():
        click.echo(f"{name} stays: {harmless(why)}")
    click.echo(f"{counted(len(sent), 'dead letter is a fact', 'dead letters are facts')} now, {len(kept)} stay.")


async def _letters(session: Session) -> dict[str, DeadLetter]:
    async with session.reading() as opened:
        return {name: kept.letter for name, kept in (await stored(opened.log, opened.shards)).items()}


async def _replayed(session: Session, ids: Sequence[str], *, quiet: bool) -> tuple[list[str], dict[str, str]]:
    """The ids of the letters that are facts now, and of each other one the reason why it stays."""
    async with session.reading() as opened:
        found = await stored(opened.log, opened.shards)
        for name in ids:
            _require(name, found)
        near = partial(require_near, taken=int(now().timestamp() * 1000), days=session.config.horizon_days)
        good, kept = _sorted([found[name].letter for name in dict.fromkeys(ids or found)], near, quiet=quiet)
        if good:
            records = [Outgoing(f.topic, partition(f.key, opened.shards), f.key, f.value) for f in good.values()]
            await opened.log.append(records)
            # Only now: a crash before this leaves a letter whose fact counts once, however often it is sent.
            await opened.log.append([found[name].rest() for name in good])
            await ask(opened.log, opened.shards, quiet=quiet)
    return [*good], kept


def _sorted(letters: Sequence[DeadLetter], require: Require, *, quiet: bool) -> tuple[dict[str, Fact], dict[str, str]]:
    good: dict[str, Fact] = {}
    kept: dict[str, str] = {}
    for letter in letters:
        try:
            good[letter.id] = _fact(letter, require, quiet=quiet)
        except InvalidRecord as error:
            kept[letter.id] = str(error)
    return good, kept


def _fact(letter: DeadLetter, require: Require, *, quiet: bool) -> Fact:
    """The fact that the letter's bytes are; raises InvalidRecord, as does `require`."""
    if letter.truncated:
        raise InvalidRecord(f"{letter.truncated} of its bytes were not kept; send it again from its source")
    try:
        return exports.parse(letter.raw, quiet=quiet, require=require)
    except InvalidRecord as error:
        if letter.partition >= 0 or letter.topic == "ndjson":
            raise
        told = f"{letter.reason}; mend that row and replay the export again with --format {letter.topic}"
        raise InvalidRecord(told) from error


def _require(name: str, found: dict[str, DeadLetter] | dict[str, Kept]) -> None:
    if name not in found:
        raise Failure(f"there is no dead letter {name!r}; {suggestion(name, found)}")


def _line(letter: DeadLetter) -> str:
    text = readable(letter.raw)
    shown = repr(letter.raw[:SHORT]) if text is None else harmless(text[:SHORT], lines=False)
    return f"{letter.id}: {harmless(letter.reason, lines=False)}\n    {shown}"


def harmless(text: str, *, lines: bool = True) -> str:
    """The text, its control characters but the ends of `lines` written out: it came from outside, a terminal obeys."""
    return "".join(each if each.isprintable() or (lines and each in "\n\t") else _written(each) for each in text)


def _written(control: str) -> str:
    return control.encode("unicode_escape").decode()
