"""The formats that an export can have: ours, and those that a mapping file describes."""

from collections.abc import Iterator
from pathlib import Path

from streams.documents import suggestion
from streams.replay import ndjson
from streams.replay.lines import Line, Progress, ReplayError
from streams.replay.mapping import rows
from streams.replay.mapping.load import load

_SHIPPED = Path(__file__).parent / "mappings"
_NDJSON = "ndjson"
_TABLES = frozenset({".csv", ".tsv", ".xlsx", ".xls"})


def formats() -> tuple[str, ...]:
    """The names that `facts` takes beside the path of a mapping file."""
    return (_NDJSON, *sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


def facts(path: Path, form: str, *, quiet: bool = True, progress: Progress = lambda _: None) -> Iterator[Line]:
    """Every line of an export; `form` is one of `formats()` or the path of a mapping file.

    `progress` is told of bytes read, of `size` in all. Raises MappingError, and ReplayError before the first line.
    """
    if not path.exists():
        raise ReplayError(f"{path} is not there; name the file or folder to replay")
    if form == _NDJSON:
        _require_lines(path)
        return ndjson.read(path, quiet=quiet, progress=progress)
    return rows.read(load(_mapping_file(form)), path, quiet=quiet, progress=progress)


def _require_lines(path: Path) -> None:
    if not _TABLES.isdisjoint(path.suffixes):
        known = ", ".join(formats()[1:])
        raise ReplayError(
            f"{path} is a table, not NDJSON: say what its columns mean with --format, one of {known} "
            "or a mapping file of your own (docs/mappings.md)"
        )


def size(path: Path, form: str) -> int:
    """Bytes that `facts` reads in all; raises ReplayError or MappingError."""
    if form == _NDJSON:
        _require_lines(path)
    files = ndjson.sources(path) if form == _NDJSON else rows.sources(load(_mapping_file(form)), path)
    return sum(file.stat().st_size for file in files if file.is_file())


def _mapping_file(form: str) -> Path:
    shipped = _SHIPPED / f"{form}.yaml"
    if form in formats():
        return shipped
    if form.endswith((".yaml", ".yml")):
        return Path(form)
    raise ReplayError(f"there is no format {form!r}; {suggestion(form, formats())}, or name a mapping file NAME.yaml")
