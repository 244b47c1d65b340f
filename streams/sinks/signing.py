"""Standard Webhooks: how a message is signed, so that its receiver knows who sent it and when."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
FEWEST, MOST = 24, 64
"""Bytes of a secret."""


def secrets_of(text: str) -> tuple[bytes, ...]:
    """The secrets in a text, separated by blanks; raises ValueError, which repeats nothing of them."""
    found = tuple(_secret(each) for each in text.split())
    if not found:
        raise ValueError("there is no secret")
    return found


def _secret(text: str) -> bytes:
    encoded = text.removeprefix(PREFIX)
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or not FEWEST <= len(secret) <= MOST:
        # The decoder's own words may repeat a piece of it.
        raise ValueError(f"a secret is {PREFIX} and {FEWEST} to {MOST} bytes in base64") from None
    return secret


def signature(secrets: Sequence[bytes], name: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1` signature by each secret, so that receivers may change theirs."""
    signed = b".".join((name.encode(), str(timestamp).encode(), body))
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
