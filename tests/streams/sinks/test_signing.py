"""Signatures as the official library makes and checks them."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from streams.sinks.signing import secrets_of, signature

VECTOR = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""Of the libraries of Standard Webhooks in seven languages."""
secrets = st.binary(min_size=24, max_size=64).map(lambda each: f"whsec_{base64.b64encode(each).decode()}")


def test_the_published_example() -> None:
    known = secrets_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signature(known, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == VECTOR


@given(st.lists(secrets, min_size=1, max_size=3), st.text("ab_", min_size=1), st.integers(0, 2**32), st.text())
def test_each_secret_gives_the_signature_of_the_official_library(
    said: list[str], name: str, timestamp: int, text: str
) -> None:
    body = json.dumps(text)
    at = datetime.fromtimestamp(timestamp, UTC)
    found = signature(secrets_of(" ".join(said)), name, timestamp, body.encode()).split(" ")
    assert found == [Webhook(each).sign(name, at, body) for each in said]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_short",
        "whsec_" + "A" * 92,
        "whsec_ÄÄÄ",
        "whsec_!" + "A" * 32,
    ],
)
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="secret") as told:
        secrets_of(text)
    assert not text.strip() or text not in str(told.value)
