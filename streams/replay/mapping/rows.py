"""A mapping applied to an export: rows become facts, bad lines, or are ignored on purpose."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
from msgspec import UNSET

from quota.errors import InvalidRecord, shortened
from quota.facts import require_plausible
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams.replay.lines import AnyFact, Bad, Fact, Ignored, Line, Progress, ReplayError, fact
from streams.replay.mapping.binding import Bindings, Cells, Make, make
from streams.replay.mapping.spec import REQUIRED, FactSpec, FileSpec, LookupSpec, Mapping, Test, Value
from streams.replay.mapping.tables import Row, find, open_table, position
from streams.replay.mapping.times import moments

_TYPES: dict[str, type[AnyFact]] = {
    "activity": Activity,
    "meeting_changed": MeetingChanged,
    "deal_changed": DealChanged,
}
Holds = Callable[[Cells], bool]


def read(mapping: Mapping, path: Path, *, quiet: bool, progress: Progress) -> Iterator[Line]:
    """Every line of the export at the path, a folder or the mapping's one file; raises ReplayError."""
    lookups = {name: _lookup(spec, _folder(path)) for name, spec in mapping.lookups.items()}
    tables = []
    for spec, file in zip(mapping.files, sources(mapping, path), strict=True):
        columns, rows = open_table(spec.table, file, progress)
        bindings = Bindings(file, columns, lookups, partial(_latest, spec, file))
        tables.append((_Rows(spec, bindings, quiet=quiet), rows))
    for maker, rows in tables:
        for row in rows:
            yield from maker.lines(row)


def sources(mapping: Mapping, path: Path) -> list[Path]:
    """The files whose rows a replay of the path reads; raises ReplayError."""
    if path.is_dir():
        return [find(spec.table, path) for spec in mapping.files]
    if not path.is_file():
        raise ReplayError(f"{path} is not there; name the folder that holds {mapping.files[0].table.file}")
    if len(mapping.files) > 1:
        wanted = ", ".join(spec.table.file for spec in mapping.files)
        raise ReplayError(f"{mapping.name} reads {wanted}; name the folder that holds them, not one file")
    return [path]


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _lookup(spec: LookupSpec, folder: Path) -> dict[str, str]:
    path = find(spec.table, folder)
    columns, rows = open_table(spec.table, path, lambda _: None)
    where = f"{spec.place.file}:{spec.place.line}"
    key, value = (position(column, columns, where, path) for column in (spec.key, spec.value))
    found: dict[str, str] = {}
    for row in rows:
        if row.reason:
            raise ReplayError(f"{path}:{row.number}: {row.reason}; mend the file, facts are looked up in it")
        name, said = row.cells[key].strip(), row.cells[value].strip()
        if found.setdefault(name, said) != said:
            raise ReplayError(f"{path}:{row.number}: {name!r} is {said!r} here and {found[name]!r} above; keep one")
    return found


def _latest(spec: FileSpec, path: Path, value: Value) -> datetime | None:
    """The last moment in the value's columns anywhere in the file; cells without a moment do not count."""
    columns, rows = open_table(spec.table, path, lambda _: None)
    where = f"{value.place.file}:{value.place.line}"
    places = [position(column, columns, where, path) for column in value.last_of]
    moment = moments(value)
    texts = {row.cells[at].strip() for row in rows if row.cells for at in places}
    return max((found for text in texts if (found := _moment(moment, text))), default=None)


def _moment(read_moment: Callable[[str], datetime], text: str) -> datetime | None:
    try:
        found = read_moment(text)
        require_plausible(found, "it")
    except InvalidRecord:
        return None
    return found


@dataclass(frozen=True)
class _Maker:
    """One kind of fact of a file: whether a row holds it, and what makes its fields."""

    spec: FactSpec
    holds: Holds
    fields: dict[str, Make]

    def fact(self, cells: Cells, *, quiet: bool) -> Fact:
        said = {
            name: value for name, make in self.fields.items() if (value := self._field(name, make, cells)) is not UNSET
        }
        for name in REQUIRED[self.spec.type]:
            if name not in said:
                place = self.spec.fields[name].place
                raise InvalidRecord(f"{name}: nothing in the columns of {place.file}:{place.line}")
        try:
            return fact(msgspec.convert(said, _TYPES[self.spec.type]), quiet=quiet)
        except msgspec.ValidationError as error:
            raise InvalidRecord(str(error).replace("`$.", "`")) from None

    def _field(self, name: str, make_field: Make, cells: Cells) -> object:
        try:
            return make_field(cells)
        except InvalidRecord as error:
            raise InvalidRecord(f"{name}: {error}") from None


class _Rows:
    """A file's rows become lines; a row whose facts are not all usable is bad as a whole."""

    def __init__(self, spec: FileSpec, to: Bindings, *, quiet: bool) -> None:
        self._name = to.path.name
        self._quiet = quiet
        self._makers = [_maker(item, to) for item in spec.facts]
        self._ignored = [_all_hold(tests, to) for tests in spec.ignore]
        self._ignore_rest = spec.ignore_rest

    def lines(self, row: Row) -> Iterator[Line]:
        """The facts of a row, or why there are none."""
        name = f"{self._name}:{row.number}"
        if row.reason:
            yield Bad(name, row.reason, row.raw, row.truncated)
        elif any(holds(row.cells) for holds in self._ignored):
            yield Ignored(name)
        else:
            yield from self._facts(name, row)

    def _facts(self, name: str, row: Row) -> Sequence[Line]:
        try:
            facts = [maker.fact(row.cells, quiet=self._quiet) for maker in self._makers if maker.holds(row.cells)]
        except InvalidRecord as error:
            return [Bad(name, shortened(str(error)), row.raw)]
        if facts:
            return facts
        if self._ignore_rest:
            return [Ignored(name)]
        return [Bad(name, "no fact of the mapping applies; mend the row, or say in `ignore` that it is none", row.raw)]


def _maker(spec: FactSpec, to: Bindings) -> _Maker:
    return _Maker(spec, _all_hold(spec.when, to), {name: make(value, to) for name, value in spec.fields.items()})


def _all_hold(tests: tuple[Test, ...], to: Bindings) -> Holds:
    checks = [(to.position(test.column, test.place), test.texts, test.negated) for test in tests]
    return lambda cells: all((cells[at].strip() in texts) is not negated for at, texts, negated in checks)
