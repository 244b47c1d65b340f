"""What a server answers: JSON, and problems as RFC 9457 has them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web


def answer(
    status: int, said: Any, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> web.Response:
    """A body of JSON."""
    return web.Response(status=status, body=msgspec.json.encode(said), content_type=content_type, headers=headers)


def problem(
    status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """An answer of RFC 9457; the field is the one of the request that is wrong."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    if field is not None:
        said["field"] = field
    return answer(status, said, "application/problem+json", headers)
