"""The image that the Dockerfile describes runs `quotaflow` as nobody in particular, and writes only where it may."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.example import call, lines
from tests.deploy.dockerfile import Build, Stage, steps

INSTALLED = (
    "import importlib.metadata as m; print(*sorted({d.name.lower().replace('_', '-') for d in m.distributions()}))"
)
TRY = "import sys; open(sys.argv[1] + '/x', 'w').close()"


def engine_answers() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def pins(path: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+==\S+)", path.read_text(), flags=re.MULTILINE))


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    return (root / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def image(root: Path, dockerfile: str) -> Iterator[Stage]:
    """The image built by its steps, in a folder that every user may enter, and made read-only but for /data."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        built = Build(root, Path(folder)).run(dockerfile)
        for kept in ("/opt", "/app"):
            subprocess.run(["chmod", "-R", "a-w", built.at(kept)], check=True)
        yield built


def test_it_is_built_in_stages_from_a_pinned_base_and_runs_as_a_user_of_its_own(dockerfile: str) -> None:
    found = steps(dockerfile)
    assert len({step.rest.split(" AS ")[0] for step in found if step.word == "FROM"}) == 1
    last = [step.word for step in found][[step.word for step in found].index("FROM", 1) :]
    (user,) = (step.rest for step in found if step.word == "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert not {"RUN", "COPY"} & {*last[last.index("USER") :]}
    assert "ADD" not in last


def test_what_is_locked_for_running_is_part_of_what_is_locked_for_all(root: Path) -> None:
    run, everything = pins(root / "requirements-run.lock"), pins(root / "requirements.lock")
    assert run
    assert run < everything


def test_the_context_holds_what_is_copied_and_no_more(root: Path, dockerfile: str) -> None:
    shown = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for step in steps(dockerfile)
        if step.word == "COPY" and "--from" not in step.rest
        for word in step.rest.split()[:-1]
    }
    assert shown == copied


def test_the_command_runs_as_a_user_who_can_write_to_data_only(image: Stage) -> None:
    entry = image.commands["ENTRYPOINT"]
    for arguments in (["--version"], image.commands["CMD"]):
        done = image.runs(*entry, *arguments, user=image.user)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert "quotaflow" in done.stdout.lower()
    if os.getuid() == 0:
        assert image.runs("id", "-u", user=image.user).stdout.strip() == str(image.user)
    for place in ("/opt/quotaflow", "/app", "/opt/quotaflow/bin"):
        assert "PermissionError" in image.runs("python", "-c", TRY, str(image.at(place)), user=image.user).stderr
    applied = image.runs(*entry, "plan", "apply", str(image.at("/app/deploy/examples/demo")), user=image.user)
    assert applied.returncode == 0, applied.stderr
    assert image.at("/data/quotaflow.db").exists()


def test_a_worker_leaves_nothing_in_a_folder_that_it_cannot_write_to(image: Stage) -> None:
    (image.at("/app") / "facts.ndjson").write_bytes(lines([call("c1", "01-08", "amara-abbott", "acme")]))
    log = f"embedded://{image.at('/data')}/other.db"
    command = f"cd {image.at('/app')} && quotaflow --broker {log} plan apply deploy/examples/demo"
    done = image.runs("sh", "-ec", f"{command} && quotaflow --broker {log} replay facts.ndjson --wait", user=image.user)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in image.at("/app").iterdir()} == {"deploy", "facts.ndjson"}


def test_it_holds_what_is_locked_for_running_and_nothing_of_development(image: Stage, root: Path) -> None:
    locked = {pin.partition("==")[0] for pin in pins(root / "requirements-run.lock")} - {"colorama"}
    there = image.runs("python", "-c", INSTALLED).stdout.split()
    assert {*there} == locked | {"quotaflow"}
    assert not image.at("/build").exists()


@pytest.mark.parametrize("answers", [engine_answers()], ids=["engine" if engine_answers() else "no-engine"])
def test_an_engine_builds_it_where_there_is_one(answers: bool, root: Path, dockerfile: str) -> None:  # noqa: FBT001
    if answers:
        subprocess.run(["docker", "build", "--tag", "quotaflow-under-test", str(root)], check=True, timeout=600)
        command = ["docker", "run", "--rm", "--read-only", "quotaflow-under-test", "--version"]
        assert subprocess.check_output(command, text=True, timeout=60).startswith("quotaflow")
    else:
        assert {step.word for step in steps(dockerfile)} >= {"FROM", "COPY", "RUN", "USER", "ENTRYPOINT"}
