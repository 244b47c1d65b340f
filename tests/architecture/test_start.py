"""Commands that need no worker start without what takes long to import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("slow", ["faust", "aiokafka", "aiohttp"])
def test_the_command_line_is_there_without(slow: str) -> None:
    asked = f"import sys, agents.cli; print({slow!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
