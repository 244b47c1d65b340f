"""Commands that need no worker start, and open their log, without what takes long to import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("slow", ["faust", "aiokafka", "aiohttp", "holidays", "openpyxl"])
def test_the_command_line_is_there_without(slow: str) -> None:
    asked = f"import sys, agents.cli; print({slow!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("broker", ["kafka://localhost:9092", "embedded://quotaflow.db"])
def test_a_log_is_opened_without_faust(broker: str) -> None:
    asked = f"import sys, agents.cli, streams.opening as o; o.open_log({broker!r}); print('faust' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
