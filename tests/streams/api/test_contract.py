"""The API answers as its OpenAPI document says, and Schemathesis finds no failure."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.api.openapi import document
from streams.api.server import PLACES
from tests.streams.api.asking import SECRET, api
from tests.streams.api.shapes import validator
from tests.streams.api.test_api import WRONG

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIG = """
[checks]
# Whether a period of the right length exists is a question to the calendar, which answers 400.
positive_data_acceptance.expected-statuses = ["2xx", "400", "404"]
"""
EXAMPLES = 40
GOOD = ("/standings", "/standings/rep:zoe", "/standings/company?period=2017-Q3", "/alerts", "/alerts?state=all")


def test_the_document_tells_of_every_place() -> None:
    assert {*document()["paths"]} == {*PLACES}


async def test_answers_and_problems_are_as_the_document_says() -> None:
    async with api() as ask:
        for path in GOOD:
            said = (await ask(f"/api/v1{path}")).said
            names = {"standings": "StandingsDocument", "alerts": "AlertsDocument"}
            validator(names.get(next(iter(said)), "StandingDocument")).validate(said)
        for path, *_ in WRONG:
            validator("Problem").validate((await ask(path)).said)


@pytest.mark.parametrize("break_it", [lambda said: said.pop("scope"), lambda said: said["quotas"][0].update(pace="1")])
async def test_the_document_refuses_what_is_no_standing(break_it: Any) -> None:
    async with api() as ask:
        said = (await ask("/api/v1/standings/company?period=2017-Q3")).said
    break_it(said)
    assert not validator("StandingDocument").is_valid(said)


async def test_schemathesis_finds_no_failure(tmp_path: Path, root: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    async with api(SECRET) as ask:
        options = ["--header", f"Authorization: Bearer {SECRET}", "--max-examples", str(EXAMPLES), "--seed", "4"]
        url = (await ask("/healthz")).url.removesuffix("/healthz")
        process = await asyncio.create_subprocess_exec(
            SCHEMATHESIS, "run", root / "schemas" / "openapi" / "api.json", "--url", url, "--no-color", *options,
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert f"{len(PLACES)} selected" in said.decode()
