"""What a request says: any fact survives every form, and what cannot be used is told by status and field."""

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.errors import InvalidRecord
from streams.gateway.cloudevents import structured as fact_of_event
from streams.gateway.reading import FORMS, MAX_EVENTS, Refused, Unreadable, read
from streams.replay import MAX_LINE, AnyFact, Fact, parse
from tests.streams.any_facts import GOOD, any_fact
from tests.streams.gateway.sending import (
    EVENT,
    Request,
    as_event,
    batch,
    binary,
    in_base64,
    lines,
    plain,
    request,
    structured,
    without,
)

CALL = parse(json.dumps(GOOD).encode(), quiet=False)


@given(said=any_fact, attributes=st.booleans())
def test_a_fact_is_the_same_whichever_way_it_comes(said: AnyFact, *, attributes: bool) -> None:
    raw = msgspec.json.encode(said)
    fact, arrived = json.loads(raw), parse(raw, quiet=False)
    event = as_event(fact, attributes=attributes)
    for headers, body in (plain(fact), structured(event), in_base64(event), binary(event)):
        assert read(headers, body) == ([arrived], False)
    for headers, body in (plain([fact, fact]), lines(fact, fact), batch(event, event)):
        assert read(headers, body) == ([arrived, arrived], True)


@pytest.mark.parametrize(
    "said",
    [
        structured(EVENT | {"type": "com.example.sales.activity.v1"}),
        structured(EVENT | {"data_base64": None, "datacontenttype": None, "traceparent": {"any": ["thing"]}}),
        structured(EVENT | {"datacontenttype": "application/vnd.crm+json; charset=utf-8"}),
        structured(EVENT | {"data": EVENT["data"] | {"quiet": True}}),
        structured(EVENT | {"data": EVENT["data"] | {"type": "note", "id": "other", "source": "other"}}),
        structured(EVENT | {"subject": None, "data": EVENT["data"] | {"performer": "anna"}}),
        structured(EVENT | {"subject": "bob", "data": EVENT["data"] | {"performer": "anna"}}),
        request("APPLICATION/CloudEvents+JSON", EVENT, ("ce-id", "other"), ("ce-specversion", "7")),
        request("application/json ; charset=UTF-8", GOOD | {"quiet": True}),
        request('application/json; charset="utf-8"', GOOD),
        request('application/json;Charset="UTF-8" ; q=1', GOOD),
        request("application/x-ndjson", b"\n\r\n" + json.dumps(GOOD).encode() + b"\r\n\n"),
    ],
)
def test_what_says_the_same_is_the_same_fact(said: Request) -> None:
    assert read(*said).facts == [CALL]


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("e%2D1", "e-1"),
        ("e%2d1", "e-1"),
        ('"e-1"', "e-1"),
        (r'"e\-\"1\""', 'e-"1"'),
        ('"e%2D1"', "e-1"),
        ("%25e-1", "%e-1"),
        ("%252D", "%2D"),
        ("Euro%20%E2%82%AC", "Euro €"),
        ("100%", "100%"),
        ("a+b", "a+b"),
    ],
)
def test_a_header_is_unquoted_and_decoded_once(value: str, means: str) -> None:
    headers, body = binary(EVENT)
    changed = [(name, value if name == "ce-id" else other) for name, other in headers]
    (fact,) = read(changed, body).facts
    assert isinstance(fact, Fact)
    assert json.loads(fact.value)["id"] == means


def with_header(name: str, value: str) -> Request:
    headers, body = binary(EVENT)
    return [*((each, said) for each, said in headers if each != name), (name, value)], body


def without_header(name: str) -> Request:
    headers, body = binary(EVENT)
    return [(each, said) for each, said in headers if each != name], body


def of_deal(**said: Any) -> Request:
    return structured(EVENT | {"type": "com.quotaflow.deal.v1", "subject": "d-1", "data": said})


WRONG: list[tuple[Request, int, str | None]] = [
    (([], b"{}"), 415, "Content-Type"),
    (request("text/plain", GOOD), 415, "Content-Type"),
    (request("application/cloudevents+avro", b"x"), 415, "Content-Type"),
    (request("application/cloudevents-batch+xml", b"x"), 415, "Content-Type"),
    (request("application/json; charset=latin-1", GOOD), 415, "Content-Type"),
    (request('application/json; charset="latin-1"', GOOD), 415, "Content-Type"),
    (request('application/json; charset="utf-8', GOOD), 415, "Content-Type"),
    (plain(b""), 400, None),
    (plain(b"{"), 400, None),
    (plain(b"[1,"), 400, None),
    (plain(b'{"lead":"\xe4"}'), 400, None),
    (plain(b"[" * 60_000), 400, None),
    (structured(b"not json"), 400, None),
    (request("application/cloudevents-batch+json", EVENT), 400, None),
    (with_header("ce-subject", "%C0%A0"), 400, "ce-subject"),
    (with_header("ce-subject", "\udce4"), 400, "ce-subject"),
    (([*binary(EVENT)[0], ("CE-ID", "other")], binary(EVENT)[1]), 400, "ce-id"),
    *((without_header(name), 400, name) for name in ("ce-specversion", "ce-type", "ce-source", "ce-id")),
    (request("application/json", GOOD, ("ce-subject", "anna")), 400, "ce-specversion"),
    ((binary(EVENT)[0], b"{"), 400, None),
    ((binary(EVENT)[0], b""), 422, "activity"),
    (with_header("ce-id", ""), 422, "id"),
    (with_header("ce-specversion", "0.3"), 422, "specversion"),
    *((structured(without(EVENT, name)), 422, name) for name in ("specversion", "type", "source", "id")),
    *((structured(EVENT | {name: None}), 422, name) for name in ("specversion", "type", "source", "id")),
    (structured(EVENT | {"type": "com.example.lead.v1"}), 422, "type"),
    (structured(EVENT | {"type": "sales.deal.v1"}), 422, "type"),
    (structured(EVENT | {"type": "com.quotaflow.deal.v2"}), 422, "type"),
    (structured(EVENT | {"type": 7}), 422, "type"),
    (structured(EVENT | {"data_base64": "e30="}), 422, "data_base64"),
    (structured(without(EVENT, "data") | {"data_base64": "e30"}), 422, "data_base64"),
    (structured(without(EVENT, "data") | {"data_base64": base64.b64encode(b"\xff").decode()}), 422, "data_base64"),
    (structured(without(EVENT, "data") | {"data_base64": base64.b64encode(b"[" * 900).decode()}), 422, "data_base64"),
    (structured(EVENT | {"data": "text"}), 422, "data"),
    (structured(EVENT | {"data": [1]}), 422, "data"),
    (structured(EVENT | {"datacontenttype": "text/xml"}), 422, "datacontenttype"),
    (structured(EVENT | {"data": {}}), 422, "activity"),
    (structured(without(EVENT, "time")), 422, "occurred_at"),
    (structured(without(EVENT, "subject")), 422, "performer"),
    (structured(EVENT | {"time": "yesterday"}), 422, "time"),
    (structured(EVENT | {"time": "1969-01-01T00:00:00Z"}), 422, "time"),
    (structured(EVENT | {"time": "yesterday", "data": without(GOOD, "type", "id", "source")}), 422, "time"),
    (structured(EVENT | {"subject": "", "data": without(GOOD, "type", "id", "source")}), 422, "subject"),
    (with_header("ce-time", "2017-03-01T12:00:00"), 422, "time"),
    (structured([EVENT]), 422, None),
    (of_deal(amount={"minor_units": 1}), 422, "amount.currency"),
    (of_deal(amount={"minor_units": 1.5, "currency": "EUR"}), 422, "amount.minor_units"),
    (of_deal(expected_close="2017-02-30"), 422, "expected_close"),
    (plain(7), 422, None),
    (plain(GOOD | {"type": "tick"}), 422, "type"),
    (plain(without(GOOD, "performer")), 422, "performer"),
    (plain(GOOD | {"lead": "x" * 201}), 422, "lead"),
    (plain(GOOD | {"more": "x" * MAX_LINE}), 422, None),
    (plain([GOOD] * (MAX_EVENTS + 1)), 413, None),
    (lines(*[GOOD] * (MAX_EVENTS + 1)), 413, None),
]


@pytest.mark.parametrize(("said", "status", "field"), WRONG)
def test_a_request_that_cannot_be_used_is_told_by_status_and_field(
    said: Request, status: int, field: str | None
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(*said)
    assert (caught.value.status, caught.value.field) == (status, field)
    assert field is None or field.split(".")[-1] in str(caught.value)


def test_what_curl_sends_unasked_is_told_which_types_are_taken() -> None:
    with pytest.raises(Unreadable, match="Content-Type: none of those taken here; send -H ") as caught:
        read(*request("application/x-www-form-urlencoded", GOOD))
    assert [form for form in FORMS if form not in str(caught.value)] == []


def test_one_bad_fact_among_good_ones_is_refused_by_itself_with_its_id_and_field() -> None:
    bad = without(GOOD, "performer") | {"id": "e-2"}
    found = read(*lines(GOOD, bad, "text", GOOD)).facts
    assert found[0] == found[3] == CALL
    assert found[1] == Refused("e-2", "object missing required field `performer`", "performer")
    assert found[2] == Refused(None, "expected `object`, got `str`", None)


def test_a_line_that_is_no_json_is_refused_by_itself() -> None:
    headers, body = lines(GOOD)
    soup = b"\n".join([b"{", body, b"[" * 5000, b"\xff"])
    good = [isinstance(each, Fact) for each in read(headers, soup).facts]
    assert good == [False, True, False, False]


def test_a_reason_does_not_repeat_what_was_sent() -> None:
    secret = "secret's " * 50
    for said in (plain([GOOD | {"type": secret}]), batch(EVENT | {"type": secret})):
        (refused,) = read(*said).facts
        assert isinstance(refused, Refused)
        assert refused.field == "type"
        assert "secret" not in refused.reason


def test_an_event_can_be_taken_apart_without_a_server() -> None:
    assert parse(fact_of_event(json.dumps(EVENT).encode()), quiet=False) == CALL
    with pytest.raises(InvalidRecord, match="not UTF-8"):
        fact_of_event(b"\xff")


@given(
    st.sampled_from(FORMS),
    st.dictionaries(st.sampled_from(["ce-id", "ce-type", "ce-subject"]), st.text(max_size=9)),
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.sampled_from([GOOD, EVENT]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, *EVENT]), inner),
    ),
)
def test_any_request_is_facts_or_a_refusal(form: str, headers: dict[str, str], said: Any) -> None:
    asked = request(form, said, *headers.items())
    with suppress(Unreadable):
        assert all(isinstance(each, Fact | Refused) for each in read(*asked).facts)
