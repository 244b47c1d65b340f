"""Mapping files: what the documented keys do to the rows of an export."""

import gzip
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay import Bad, Fact, Ignored, Line, facts, formats, size
from streams.replay.mapping import fields, load
from streams.replay.mapping.spec import FACTS

MAPPING = """\
source: crm
zone: Europe/Berlin
lookups:
  price: {file: prices.csv, key: product, value: price}
files:
  - file: deals.csv
    facts:
      - type: deal_changed
        id: "{id}:x"
        occurred_at: {column: day, time: 12:00}
        deal: "{id}"
"""


def said(line: Line) -> dict[str, Any]:
    assert isinstance(line, Fact), line
    found: dict[str, Any] = msgspec.json.decode(line.value)
    return found


def replay(folder: Path, mapping: str = MAPPING, **files: str) -> list[Line]:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(dedent(text))
    (folder / "prices.csv").write_text("product,price\nA,9.99\nB,1200\n")
    (folder / "m.yaml").write_text(mapping)
    return list(facts(folder, str(folder / "m.yaml")))


def value_of(folder: Path, field: str, spec: str, cell: str) -> Any:
    """What one field becomes for one cell, or the reason why the row is bad."""
    mapping = MAPPING + f"        {field}: {spec}\n"
    mapping = mapping.replace("file: deals.csv", "file: deals.csv\n    delimiter: '|'")
    (line,) = replay(folder, mapping, deals=f"id|day|cell|other\n1|2017-07-01|{cell}|EUR\n")
    return line.reason if isinstance(line, Bad) else said(line).get(field, "absent")


VALUES: list[tuple[str, str, str, Any]] = [
    ("owner", "'{cell}'", " Anna ", "Anna"),
    ("owner", "{column: cell, as: slug}", "Anna Snelling", "anna-snelling"),
    ("owner", "{column: cell, as: number}", "10912.0", "10912"),
    ("owner", "{column: cell, as: number}", "SYS", "SYS"),
    ("owner", "{column: cell, as: upper}", "ab", "AB"),
    ("owner", "{column: cell, as: lower}", "AB", "ab"),
    ("owner", "{column: cell, map: {x: y}}", "x", "y"),
    ("owner", "{column: cell, map: {x: y}}", "z", "z"),
    ("owner", "{column: cell, map: {x: y}, strict: true}", "z", "owner: 'z' is not in the strict map of m.yaml:13"),
    ("owner", "{column: cell, otherwise: nobody}", "", "nobody"),
    ("owner", "{column: cell, otherwise: null}", "", None),
    ("owner", "{column: cell}", "", "absent"),
    ("owner", "{text: 'a-{cell}-{other}-{{}}'}", "b", "a-b-EUR-{}"),
    ("owner", "{text: 'a-{cell}-{other}'}", "", "absent"),
    ("owner", "constant", "b", "constant"),
    ("owner", "null", "b", None),
    ("owner", "'{cell}'", "x" * 201, "Expected `str` of length <= 200 - at `owner`"),
    ("account", "{column: cell, lookup: price}", "A", "9.99"),
    ("account", "{column: cell, lookup: price, otherwise: '?'}", "C", "?"),
    ("account", "{column: cell, lookup: price}", "C", "account: lookup price has nothing for 'C'; add it"),
    ("amount", "{column: cell, currency: USD}", "1234.5", {"minor_units": 123450, "currency": "USD"}),
    ("amount", "{column: cell, currency: '{other}'}", "-7", {"minor_units": -700, "currency": "EUR"}),
    ("amount", "{column: cell, currency: JPY}", "1234", {"minor_units": 1234, "currency": "JPY"}),
    ("amount", "{column: cell, currency: USD}", "0.125", {"minor_units": 13, "currency": "USD"}),
    ("amount", "{column: cell, currency: USD, minor_units: true}", "125", {"minor_units": 125, "currency": "USD"}),
    (
        "amount",
        "{column: cell, currency: EUR, decimal: ',', thousands: '.'}",
        "1.234,56",
        {"minor_units": 123456, "currency": "EUR"},
    ),
    ("amount", "{column: cell, currency: USD, lookup: price}", "A", {"minor_units": 999, "currency": "USD"}),
    ("amount", "{column: cell, currency: USD}", "12 USD", "amount: '12 USD' is not an amount"),
    ("amount", "{column: cell, currency: USD}", "NaN", "amount: 'NaN' is not an amount"),
    (
        "amount",
        "{column: cell, currency: USD}",
        "9" * 18,
        "Expected `int` <= 1000000000000000 - at `amount.minor_units`",
    ),
    ("amount", "{column: cell, currency: '{cell}'}", "12", "Expected `str` matching regex"),
    ("created_at", "{column: cell}", "2017-07-01 10:00:00", "2017-07-01T08:00:00Z"),
    ("created_at", "{column: cell}", "2017-07-01T10:00:00.5+05:00", "2017-07-01T05:00:00.500000Z"),
    ("created_at", "{column: cell}", "2017-07-01", "2017-06-30T22:00:00Z"),
    ("created_at", "{column: cell, time: 9:30, zone: America/Chicago}", "2017-07-01", "2017-07-01T14:30:00Z"),
    ("created_at", "{column: cell, format: '%d.%m.%y %H:%M'}", "01.07.17 10:00", "2017-07-01T08:00:00Z"),
    ("created_at", "{column: cell, format: epoch}", "1498888800", "2017-07-01T06:00:00Z"),
    ("created_at", "{column: cell, format: epoch_ms}", "1498888800500", "2017-07-01T06:00:00.500000Z"),
    ("created_at", "{column: cell}", "2017-10-29 02:30:00", "2017-10-29T00:30:00Z"),
    ("created_at", "{column: cell}", "2017-03-26 02:30:00", "2017-03-26T01:30:00Z"),
    ("created_at", "{column: cell}", "2017-02-29", "created_at: '2017-02-29' is not a time in the format iso"),
    ("created_at", "{column: cell}", "9999-12-31T23:59:59-14:00", "created_at: '9999"),
    ("created_at", "{column: cell}", "1066-10-14", "created_at is 1066"),
    ("created_at", "{column: cell, format: epoch}", "1e300", "created_at: '1e300' is not a time"),
    ("created_at", "{column: cell, otherwise: null}", "", None),
    ("created_at", "{last_of: [day, cell], time: 12:00}", "2017-07-03", "2017-07-03T10:00:00Z"),
    ("created_at", "{last_of: [day, cell], time: 12:00}", "9999-01-01", "2017-07-01T10:00:00Z"),
    ("created_at", "'{day}'", "", "2017-06-30T22:00:00Z"),
    ("expected_close", "{column: cell, format: '%d.%m.%Y'}", "01.07.2017", "2017-07-01"),
    ("expected_close", "{column: cell}", "tomorrow", "expected_close: 'tomorrow' is not a day"),
    ("deleted", "{column: cell}", "Yes", True),
    ("deleted", "{column: cell, map: {X: true}, otherwise: false}", "X", True),
    ("deleted", "{column: cell}", "maybe", "deleted: 'maybe' is neither true nor false"),
    ("version", "{column: cell}", "7", 7),
    ("version", "{column: cell}", "seven", "version: 'seven' is not a whole number"),
]


@pytest.mark.parametrize(("field", "spec", "cell", "expected"), VALUES)
def test_a_value_becomes_what_its_steps_say(tmp_path: Path, field: str, spec: str, cell: str, expected: Any) -> None:
    found = value_of(tmp_path, field, spec, cell)
    assert str(found).startswith(expected) if isinstance(expected, str) else found == expected


def test_the_documented_example_works(tmp_path: Path, root: Path) -> None:
    blocks = re.findall(r"`([\w-]+\.\w+)`:\n\n```\w*\n(.*?)```", (root / "docs" / "mappings.md").read_text(), re.DOTALL)
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="cp1252" if name == "deals.csv" else "utf-8")
    lines = list(facts(tmp_path, str(tmp_path / "our-crm.yaml")))
    assert [type(line) for line in lines] == [Fact, Fact, Fact, Ignored, Fact]
    assert said(lines[0])["owner"] == "Anna Snelling"
    assert said(lines[0])["expected_close"] == "2026-05-15"
    assert said(lines[1])["amount"] == {"minor_units": 123450, "currency": "EUR"}
    assert said(lines[2])["owner"] == "unassigned"
    assert said(lines[4])["occurred_at"] == "2026-04-01T07:20:00Z"


def test_every_key_is_documented_and_every_documented_key_exists(root: Path) -> None:
    text = (root / "docs" / "mappings.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    known = {*load._TOP, *load._FILE, *load._LOOKUP, "type", "when", *FACTS}
    known |= {key for keys in fields._KEYS.values() for key in keys}
    assert documented == known
    for kind, its_fields in FACTS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{kind}` |"))
        assert set(re.findall(r"`(\w+)`", row)) == {kind, *its_fields}


def test_a_bad_row_spoils_only_itself(tmp_path: Path) -> None:
    lines = replay(
        tmp_path,
        deals="""\
        id,day
        1,2017-07-01

        2,2017-07-32
        3,2017-07-01,extra
        "4,2017-07-01
        ,2017-07-01
        5,
        6,2017-07-01
        """,
    )
    assert [line.id if isinstance(line, Bad) else said(line)["deal"] for line in lines] == [
        "1", "deals.csv:4", "deals.csv:5", "deals.csv:6", "deals.csv:7", "deals.csv:8", "6",
    ]  # fmt: skip
    bad = [line for line in lines if isinstance(line, Bad)]
    assert bad[0].raw == b"2,2017-07-32"
    assert "is not a time in the format iso" in bad[0].reason
    assert bad[1].reason == "3 cells where the first line has 2"
    assert "set `multiline: true`" in bad[2].reason
    assert bad[3].reason == "id: nothing in the columns of m.yaml:9"
    assert bad[4].reason == "occurred_at: nothing in the columns of m.yaml:10"


def test_cells_over_several_lines_are_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    deals = 'id,day\n"1\na",2017-07-01\n"2,2017-07-01\n3,2017-07-01\n'
    lines = replay(tmp_path, MAPPING + "    multiline: true\n", deals=deals)
    assert [line.id if isinstance(line, Bad) else said(line)["deal"] for line in lines] == ["1\na", "deals.csv:4", "3"]


@given(soup=st.lists(st.binary(max_size=60), max_size=12), multiline=st.booleans())
def test_rows_of_any_bytes_are_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory,
    soup: list[bytes],
    multiline: bool,  # noqa: FBT001 # drawn by name
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "prices.csv").write_text("product,price\n")
    (folder / "deals.csv").write_bytes(b"\n".join([b"id,day", b"1,2017-07-01", *soup]))
    (folder / "m.yaml").write_text(MAPPING + f"    multiline: {multiline}\n")
    first, *rest = facts(folder, str(folder / "m.yaml"))
    assert said(first)["deal"] == "1"
    assert all(isinstance(line, Fact | Bad) for line in rest)


def test_rows_are_ignored_only_on_purpose(tmp_path: Path) -> None:
    wanted = MAPPING + "        when: {id: {not: [2, 3]}}\n"
    deals = "id,day\n1,2017-07-01\n2,2017-07-01\n3,2017-07-01\n"
    kinds = {
        "": [Fact, Bad, Bad],
        "    ignore: {id: 2}\n": [Fact, Ignored, Bad],
        "    ignore: [{id: 2}, {id: [1, 3], day: {present: true}}]\n": [Ignored, Ignored, Ignored],
        "    ignore: rest\n": [Fact, Ignored, Ignored],
    }
    for ignore, expected in kinds.items():
        assert [type(line) for line in replay(tmp_path, wanted + ignore, deals=deals)] == expected


def test_a_file_may_have_other_signs_and_no_header(tmp_path: Path) -> None:
    mapping = MAPPING + "    delimiter: tab\n    quote: null\n    columns: [id, day]\n    encoding: latin-1\n"
    (tmp_path / "deals.csv").write_bytes(b'"\xe9\t2017-07-01\n')
    (line,) = replay(tmp_path, mapping)
    assert said(line)["deal"] == '"é'


def test_compressed_files_are_found_and_a_single_file_may_be_named(tmp_path: Path) -> None:
    plain = replay(tmp_path, deals="id,day\n1,2017-07-01\n")
    (tmp_path / "deals.csv.gz").write_bytes(gzip.compress((tmp_path / "deals.csv").read_bytes()))
    (tmp_path / "deals.csv").unlink()
    mapping = str(tmp_path / "m.yaml")
    assert list(facts(tmp_path, mapping)) == plain
    assert list(facts(tmp_path / "deals.csv.gz", mapping)) == plain
    seen: list[int] = []
    list(facts(tmp_path, mapping, progress=seen.append))
    assert sum(seen) == size(tmp_path, mapping) == (tmp_path / "deals.csv.gz").stat().st_size


def test_the_shipped_mappings_have_an_example_plan_each(root: Path) -> None:
    shipped = set(formats()) - {"ndjson"}
    assert shipped == {"crm-sales-opportunities", "bpic2012-work-items"}
    assert shipped <= {path.name for path in (root / "deploy" / "examples").iterdir()}
