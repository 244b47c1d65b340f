"""What a manager says of conversations: "we are behind on meaningful conversations this week"."""

from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import COMPANY, Quotaflow, lines, meeting, moment

PLAN = """
quotas:
  - {scope: [rep:ann, rep:bob], metric: meaningful_conversations, period: week, target: 10}
  - {scope: [rep:ann, rep:bob], metric: vp_conversations, period: week, target: 10}
rules:
  - {id: talk, kind: behind_pace, metrics: [meaningful_conversations]}
metrics:
  - {id: vp_conversations, conversations: {minutes: 5, seniorities: [VP]}}
"""
WEEK = "2026-W03"


def talk(name: str, day: str, performer: str, contact: str | None, seconds: int, **said: Any) -> dict[str, Any]:
    """A connected call that took so many seconds."""
    fact = {"type": "activity", "id": f"{performer}-{name}", "source": "phone", "occurred_at": moment(day)}
    known = {} if contact is None else {"contact": contact}
    return {**fact, "performer": performer, "activity": "call_connected", "seconds": seconds, **known, **said}


def week(performer: str, last: int) -> list[dict[str, Any]]:
    """Eight conversations and a call that nobody answered; what they are worth turns on how long the last one took."""
    booked = meeting(f"m-{performer}", "01-12", "booked", organizer=performer, contact="vic", seniority="VP")
    return [
        booked | {"starts_at": moment("01-13", 9), "ends_at": moment("01-13", 10)},
        meeting(f"m-{performer}", "01-13", "held"),
        talk("long", "01-12", performer, "ann", 900, seniority="vp"),
        talk("again", "01-12", performer, "ann", 600, seniority="vp"),
        talk("short", "01-13", performer, "ann", 120),
        talk("good", "01-14", performer, "ann", 120, meaningful=True),
        talk("nobody", "01-14", performer, None, 1800),
        talk("unanswered", "01-14", performer, "cid", 1800, two_way=False),
        talk("other", "01-15", performer, "dee", 60),
        talk("last", "01-15", performer, "eve", last),
    ]


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    """Ann's last conversation was a second too short, Bob's was long enough; it is Thursday evening."""
    floor = Quotaflow(tmp_path_factory.mktemp("talking"))
    folder: Path = floor.folder / "plan"
    folder.mkdir()
    (folder / "plan.yaml").write_text(COMPANY.replace("[month, quarter]", "[week, month]") + PLAN)
    floor.run("plan", "apply", folder)
    floor.replay(lines([*week("ann", 299), *week("bob", 300)]))
    return floor


def test_we_are_behind_on_meaningful_conversations_this_week_and_with_one_more_we_would_not_be(
    talking: Quotaflow,
) -> None:
    found = {rep: talking.standing(f"rep:{rep}", WEEK) for rep in ("ann", "bob")}
    numbers = {rep: standing["metrics"]["meaningful_conversations"]["value"] for rep, standing in found.items()}
    assert numbers == {"ann": 3, "bob": 4}
    status = {
        rep: {quota["metric"]: quota["status"] for quota in standing["quotas"]} for rep, standing in found.items()
    }
    assert status["ann"]["meaningful_conversations"] == "behind"
    assert status["bob"]["meaningful_conversations"] == "at_risk"
    fired = [each for each in talking.json("alerts")["transitions"] if each["transition"] == "firing"]
    assert {each["scope"] for each in fired} == {"rep:ann"}


def test_the_same_is_known_by_seniority(talking: Quotaflow) -> None:
    metrics = talking.standing("rep:bob", WEEK)["metrics"]
    assert metrics["vp_conversations"]["value"] == 2
    assert metrics["conversations"]["value"] == 8


def test_a_contact_of_two_reps_counts_once_a_day_for_their_team(talking: Quotaflow) -> None:
    team = talking.standing("team:west", WEEK)["metrics"]
    assert team["meaningful_conversations"]["value"] == 4
    assert team["conversations"]["value"] == 16


def test_the_number_is_explained_by_each_contact_and_day_once(talking: Quotaflow) -> None:
    found = talking.json("explain", "rep:ann", "meaningful_conversations", WEEK)
    said = [(each["entity"], each["day"], each["value"]) for each in found["contributions"]]
    assert said == [
        ("ann-again", "2026-01-12", 1),
        ("ann-long", "2026-01-12", 0),
        ("m-ann", "2026-01-13", 1),
        ("ann-good", "2026-01-14", 1),
    ]
    assert found["value"] == found["sums_to"] == 3
    assert "counts once" in found["policy"]["distinct"]


def test_the_log_is_verified(talking: Quotaflow) -> None:
    talking.run("verify")
