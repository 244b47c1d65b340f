"""The ways in which input is known to be bad, by name: on every surface it is told what is wrong, and where."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from quota.errors import InvalidRecord
from streams import topics
from streams.gateway.reading import Refused, Unreadable, read
from streams.plans import load
from streams.plans.load import PlanError
from streams.replay import Bad, Fact, MappingError, facts, parse
from tests.fuzz.records import judge

DEALS = topics.DEALS.name
DEAL = {"type": "deal_changed", "id": "a", "source": "s", "occurred_at": "2026-01-08T10:00:00Z", "deal": "d1"}
GOOD = json.dumps(DEAL).encode()
JSON = [("Content-Type", "application/json")]


def fact(more: bytes) -> bytes:
    """A good fact with something more in it."""
    return GOOD[:-1] + b"," + more + b"}"


def by_gateway(raw: bytes) -> str:
    try:
        found = read(JSON, raw).facts
    except Unreadable as error:
        return str(error)
    return "; ".join(each.reason for each in found if isinstance(each, Refused))


def by_record(raw: bytes) -> str:
    letter = judge(DEALS, b"d1", raw)
    return "" if letter is None else letter.reason


def by_line(raw: bytes) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "facts.ndjson"
        path.write_bytes(GOOD + b"\n" + raw + b"\n" + GOOD)
        first, *found, last = facts(path, "ndjson")
    assert isinstance(first, Fact)
    assert first == last
    return "; ".join(each.reason for each in found if isinstance(each, Bad))


def by_letter(raw: bytes) -> str:
    try:
        parse(raw, quiet=False)
    except InvalidRecord as error:
        return str(error)
    return ""


SURFACES: dict[str, Callable[[bytes], str]] = {
    "gateway": by_gateway,
    "record": by_record,
    "line": by_line,
    "letter": by_letter,
}
NOT_UTF8 = "is not UTF-8; send UTF-8"
DEEP = "nested more than 32 deep"
FACTS: dict[str, tuple[bytes, str]] = {
    "a bomb of lists": (b"[" * 60_000, DEEP),
    "a bomb of objects": (b'{"a":' * 9000, DEEP),
    "a bomb inside a field that nobody reads": (fact(b'"x":' + b"[" * 5000 + b"]" * 5000), DEEP),
    "a text that is too long": (fact(b'"owner":"' + b"x" * 60_000 + b'"'), "owner: expected `str` of length <= 200"),
    "a word of which there are few that is too long": (
        GOOD.replace(b"deal_changed", b"x" * 60_000),
        "type: ",
    ),
    "NaN": (fact(b'"version":NaN'), "not JSON"),
    "minus infinity": (fact(b'"version":-Infinity'), "not JSON"),
    "a number beyond all": (fact(b'"version":1e999'), "version: number out of range"),
    "an integer of 400 digits": (fact(b'"version":' + b"9" * 400), "version: expected `int` <= 1000000000"),
    "an integer of 60,000 digits": (fact(b'"version":' + b"9" * 60_000), "version: integer value out of range"),
    "an amount beyond all": (
        fact(b'"amount":{"minor_units":1e30,"currency":"EUR"}'),
        "amount.minor_units: expected `int`",
    ),
    "UTF-16": (GOOD.decode().encode("utf-16"), f"byte 0xff at 0 {NOT_UTF8}"),
    "Latin-1": (fact(b'"owner":"M\xfcller"'), f"byte 0xfc at {len(GOOD) + 10} {NOT_UTF8}"),
    "UTF-8 that is longer than it has to be": (fact(b'"owner":"\xc0\xaf"'), f"byte 0xc0 at {len(GOOD) + 9} {NOT_UTF8}"),
    "half a character": (fact(b'"owner":"\\ud800"'), "not JSON"),
    "a mark of the byte order": (b"\xef\xbb\xbf" + GOOD, "begins with a byte order mark; send UTF-8 without one"),
    "two types": (fact(b'"type":"activity"'), "type: "),
    "a day that no calendar has": (fact(b'"expected_close":"2026-02-30"'), "expected_close is '2026-02-30'"),
    "the end of all years": (fact(b'"created_at":"9999-12-31T23:59:59Z"'), "created_at is 9999-12-31T23:59:59"),
    "null": (b"null", "expected `object`, got `null`"),
    "nothing but zeros": (b"\0" * 20, "not JSON"),
}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(("raw", "reason"), FACTS.values(), ids=FACTS.keys())
def test_a_fact_that_cannot_be_used_is_told_in_the_same_words_everywhere(raw: bytes, reason: str, surface: str) -> None:
    told = SURFACES[surface](raw)
    assert reason in told
    assert len(told) <= 1000


LARGE = fact(b'"owner":"' + b"x" * 10_000_000 + b'"')


@pytest.mark.parametrize("surface", ["gateway", "record", "line"])
def test_a_text_of_ten_megabytes_is_told_by_its_size(surface: str) -> None:
    assert f"has {len(LARGE)} bytes, more than 65536" in SURFACES[surface](LARGE)


def test_of_a_field_that_is_there_twice_the_last_one_counts_everywhere() -> None:
    twice = fact(b'"deal":"d2"')
    (sent,) = read(JSON, twice).facts
    assert isinstance(sent, Fact)
    assert (sent.key, sent.value) == (b"d2", GOOD.replace(b": ", b":").replace(b", ", b",").replace(b"d1", b"d2"))
    assert parse(twice, quiet=False) == sent
    assert by_record(twice) == ""


def test_a_record_whose_key_names_another_deal_counts_for_the_deal_of_its_value() -> None:
    for key in (b"d1", b"another", b"", None):
        assert judge(DEALS, key, GOOD) is None


@pytest.mark.parametrize("value", [None, b""])
@pytest.mark.parametrize("topic", [topic.name for topic in topics.SOURCES])
def test_a_record_without_a_value_deletes_nothing_and_says_how_it_is_done(topic: str, value: bytes | None) -> None:
    letter = judge(topic, b"d1", value)
    assert letter is not None
    assert (
        letter.reason == "the record has no value: a fact is a JSON object; a deal is deleted by one with deleted: true"
    )


COMPANY = b"company: {name: A, currency: EUR}\ncalendars:\n  - {id: default, zone: UTC}\nreps:\n  - {id: ann}\n"
QUOTA = b"quotas:\n  - {scope: rep:ann, metric: revenue, period: month, target: %s, from: 2026-01-01}\n"
DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "a bomb of lists": (b"a: " + b"[" * 50_000, ":1: nested more than 24 deep"),
    "a bomb of mappings": (b"a: " + b"{a: " * 50_000, ":1: nested more than 24 deep"),
    "a bomb of aliases": (
        b"a: &a [x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 107)),
        "more than 400000 values, aliases included",
    ),
    "ten megabytes": (COMPANY + b"#" + b"x" * 10_000_000, f":1: the file has {len(COMPANY) + 10_000_001} bytes"),
    "a key of three megabytes": (b"? " + b"k" * 3_000_000 + b"\n: 1\n", "a key of 3000000 characters; use at most 200"),
    "a tag of three megabytes": (b"a: !" + b"k" * 3_000_000 + b" 1\n", "the tag !kkk"),
    "a tag that would run something": (b"company: !!python/object/apply:os.system [id]", "remove it; values need no"),
    "a key that is there twice": (COMPANY + b"reps: []\n", ":6: 'reps' is given twice, first in line 4"),
    "UTF-16": (COMPANY.decode().encode("utf-16"), ":1: byte 0xff is not UTF-8"),
    "Latin-1": (COMPANY + b"# M\xfcller", ":6: byte 0xfc is not UTF-8"),
    "nothing but zeros": (b"\0\0", ":1: a character that YAML does not allow"),
}
PLANS = DOCUMENTS | {
    "a text of three megabytes": (COMPANY.replace(b"A", b"x" * 3_000_000), "`name`: a text of 3000000 characters"),
    "no number": (COMPANY + QUOTA % b".nan", ":7: quota, `target`: '.nan' is not a number"),
    "a number beyond all": (COMPANY + QUOTA % b"1e999", ":7: quota, `target`: '1e999' is not a number"),
    "a number of 400 digits": (COMPANY + QUOTA % (b"9" * 400), ":7: quota, `target`: a text of 400 characters"),
    "an id that is there twice": (COMPANY + b"  - {id: ann}", ":6: rep 'ann' is already in company.yaml:5"),
}


def by_plan(raw: bytes, folder: Path) -> str:
    (folder / "company.yaml").write_bytes(raw)
    with pytest.raises(PlanError) as caught:
        load(folder)
    return str(caught.value)


@pytest.mark.parametrize(("raw", "reason"), PLANS.values(), ids=PLANS.keys())
def test_a_plan_that_cannot_be_used_is_told_with_its_file_and_line(raw: bytes, reason: str, tmp_path: Path) -> None:
    told = by_plan(raw, tmp_path)
    assert "company.yaml:" in told
    assert reason in told
    assert len(told) < 2000


@pytest.mark.parametrize(("raw", "reason"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_mapping_that_cannot_be_used_is_told_with_its_line(raw: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_bytes(raw)
    with pytest.raises(MappingError) as caught:
        facts(tmp_path, str(tmp_path / "m.yaml"))
    told = str(caught.value)
    assert told.startswith("m.yaml:")
    assert reason in told
    assert len(told) < 2000
