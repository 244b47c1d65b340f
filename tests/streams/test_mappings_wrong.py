"""What is said where a mapping file, or the export that it describes, is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay import MappingError, ReplayError, facts

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


def replay(folder: Path, mapping: str = MAPPING, **files: str) -> None:
    (folder / "prices.csv").write_text("product,price\nA,9.99\n")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "m.yaml").write_text(mapping)
    list(facts(folder, str(folder / "m.yaml")))


WRONG = [
    ("source: crm", "the mapping has no `files`"),
    (MAPPING.replace("source: crm", "sorce: crm"), "m.yaml:1: the mapping has no key 'sorce'; did you mean 'source'?"),
    (MAPPING.replace("Europe/Berlin", "Europe/Berlyn"), "did you mean 'Europe/Berlin'?"),
    (MAPPING.replace("deal_changed", "deal_changd"), "m.yaml:8: 'deal_changd' is not known; did you mean"),
    (MAPPING.replace("type: deal_changed", "when: {}"), "m.yaml:8: a fact has no `type`"),
    (MAPPING.replace("        deal:", "        dael:"), "has no key 'dael'; did you mean 'deal'?"),
    (MAPPING.replace('        deal: "{id}"\n', ""), "m.yaml:8: a fact deal_changed has no `deal`"),
    (MAPPING.replace('"{id}"', '"{id"'), "m.yaml:11: a fact deal_changed, `deal`: a lone brace"),
    (MAPPING.replace("column: day", "colum: day"), "did you mean 'column'?"),
    (MAPPING.replace("column: day", "column: day, text: '{day}'"), "`occurred_at` says column and text"),
    (MAPPING.replace("{column: day, time: 12:00}", "{time: 12:00}"), "`occurred_at` says no column"),
    (MAPPING.replace("12:00", "noon"), "'noon' is not a time of day"),
    (MAPPING.replace("12:00", "12:00, format: '%H'"), "'%H' is not a format of dates"),
    (MAPPING + "        account: {column: x, lookup: prise}", "m.yaml:12: a fact deal_changed, `account`: lookup"),
    (MAPPING + "        amount: '{x}'", "an amount without a currency"),
    (MAPPING + "        amount: {column: x}", "`amount` has no `currency`"),
    (MAPPING + "        deal_id: x", "has no key 'deal_id'"),
    (MAPPING.replace('deal: "{id}"', "deal: null"), "null says nothing here"),
    (MAPPING.replace('deal: "{id}"', "deal: {column: id, otherwise: null}"), "`deal` cannot be null"),
    (MAPPING + "        when: {a: {is: b}}", "write a value, a list, {not: …} or {present: true}"),
    (MAPPING + "        when: [a]", "a condition must be a mapping"),
    (MAPPING + "    ignore: most", "m.yaml:12: `ignore` is 'most'; write `rest`"),
    (MAPPING + "    delimiter: ab", "'ab' is not one character"),
    (MAPPING + "    delimiter: '\"'", "the quote is also the delimiter"),
    (MAPPING + "    encoding: utf-16", "'utf-16' is not an encoding"),
    (MAPPING.replace("value: price", ""), "m.yaml:4: a lookup has no `value`"),
    ("- a", "the mapping must be a mapping"),
    ("", "the file is empty"),
    ("a: [", "not YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("mapping", "expected"), WRONG)
def test_a_mistake_in_a_mapping_is_named_with_its_line_and_a_fix(tmp_path: Path, mapping: str, expected: str) -> None:
    with pytest.raises(MappingError) as caught:
        replay(tmp_path, mapping, deals="id,day\n")
    assert expected in str(caught.value)
    assert str(caught.value).startswith("m.yaml:")


@given(soup=st.binary(max_size=150) | st.text("[]{}:-&*!|>'\"\n ,filestcourc", max_size=80).map(str.encode))
def test_any_bytes_as_a_mapping_give_problems_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, soup: bytes
) -> None:
    path = tmp_path_factory.mktemp("soup") / "m.yaml"
    path.write_bytes(soup)
    with pytest.raises(MappingError):
        facts(path.parent, str(path))


EXPORTS = [
    ({}, "deals.csv is not there, which m.yaml:6 names; did you mean"),
    ({"deals": "id,dey\n"}, "has no column 'day', which m.yaml:10 names; did you mean 'dey'?"),
    ({"deals": "id,day,day\n"}, "has two columns 'day'; rename one"),
    ({"deals": ""}, "must name the columns, but it is empty"),
    ({"deals": '"id,day\n'}, "must name the columns, but the quotes do not match"),
    ({"deals": "id,day\n", "prices": "product,price\nA,1\nA,2\n"}, "'A' is '2' here and '1' above; keep one"),
    ({"deals": "id,day\n", "prices": "product,price\nA\n"}, "prices.csv:2: 1 cells where the first line has 2"),
    ({"deals": "id,day\n", "prices": "product,cost\n"}, "has no column 'price', which m.yaml:4 names"),
]


@pytest.mark.parametrize(("files", "expected"), EXPORTS)
def test_an_export_that_does_not_fit_says_where_and_what_to_do(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    (tmp_path / "deal.csv").write_text("")
    with pytest.raises(ReplayError) as caught:
        replay(tmp_path, **files)
    assert expected in str(caught.value)
