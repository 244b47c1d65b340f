"""Workers, broker and producer are killed, paused, stopped and replaced: every number is right, nobody is told twice.

`make soak` does more of the same (tests/soak).
"""

from pathlib import Path

import pytest

from tests.soak.kills import Size, run
from tests.soak.troubles import SHORT


@pytest.mark.on_kafka
def test_whatever_is_killed_every_standing_is_the_oracles_and_nobody_is_told_twice(tmp_path: Path) -> None:
    story = run(Size(facts=20_000, workers=3, troubles=SHORT, seed=1), tmp_path, print)
    assert not story.wrong, str(story)
