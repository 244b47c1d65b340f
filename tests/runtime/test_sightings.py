"""Where an activity may be held: whoever holds it is found, from the first to the last, however many there are."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.activities import whose_day
from streams.stages import sightings
from streams.stages.buckets import Bucket, Buckets
from streams.stages.sightings import Places, Shelved, Sightings

NAMES = st.sampled_from([f"crm|{number}" for number in range(6)])
KEYS = st.builds("crm|{}|2026-03-0{}".format, st.sampled_from(["anna", "b|en"]), st.integers(1, 3))


@pytest.fixture
def sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are looked up one by one."""
    monkeypatch.setattr(sightings, "YOUNG", 2)


@pytest.mark.usefixtures("sorting")
@pytest.mark.parametrize("kind", ["memory", "shelf"])
@given(batches=st.lists(st.lists(st.tuples(NAMES, KEYS), max_size=4), max_size=12))
def test_every_bucket_that_was_noted_is_found_and_what_is_new_is_told_once(
    kind: str, batches: list[list[tuple[str, str]]]
) -> None:
    places: Places = Sightings() if kind == "memory" else Shelved({})
    buckets, expected = Buckets(), defaultdict[str, list[str]](list)
    for batch in batches:
        for (name, key), known in zip(batch, places.known([name for name, _ in batch]), strict=True):
            bucket = buckets.at(key)
            new = not known and places.first(name, bucket)
            assert new == (name not in expected)
            if not new and key not in expected[name]:
                places.add(name, bucket, expected[name])
            if key not in expected[name]:
                expected[name].append(key)
            assert sorted(places.find(name)) == sorted(expected[name])
    for name, keys in expected.items():
        assert sorted(places.find(name)) == sorted(keys)
    assert [*places.find("crm|nobody")] == []


@pytest.mark.usefixtures("sorting")
@given(held=st.dictionaries(KEYS, st.sets(NAMES)), again=st.booleans())
def test_what_a_new_owner_finds_in_the_records_is_what_was_noted(held: dict[str, set[str]], *, again: bool) -> None:
    places = Sightings()
    for _ in range(1 + again):
        places.forget()
        for key, names in held.items():
            places.note(names, key)
    for name in {name for names in held.values() for name in names}:
        assert {*places.find(name)} == {key for key, names in held.items() if name in names}
        assert any(places.known([name])) or not places.first(name, a_bucket())


def a_bucket() -> Bucket:
    return Buckets().at("crm|dan|2026-03-09")


def test_a_bucket_is_the_one_of_its_key() -> None:
    buckets = Buckets()
    bucket = buckets.at("crm%7Ceu|b|en|2026-03-09")
    assert (bucket.performer.source, bucket.performer.name, bucket.day) == whose_day(bucket.key)
    assert buckets.at(bucket.key) is bucket
