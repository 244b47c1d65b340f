"""A Dockerfile's steps, taken in a fresh directory of this machine: what COPY, RUN, ENV, WORKDIR and USER would do.

Absolute paths that the file writes to are put below the directory; `python` and `pip` are those of a new environment,
as the base image has its own. An instruction that is not known here is an error. Whoever is not root builds for
themselves: what the image gives to its user is theirs.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HARMLESS = frozenset({"EXPOSE", "LABEL", "HEALTHCHECK"})
OURS = re.compile(r"(?<![\w.])/(opt/quotaflow|build|app|data)(?=[/\s\"':]|$)")
"""What the file may write to. Everything else is the base image's."""


@dataclass(frozen=True)
class Step:
    """An instruction and the rest of its line."""

    word: str
    rest: str


def steps(text: str) -> list[Step]:
    """The instructions of a Dockerfile, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [Step(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]


@dataclass
class Stage:
    """A stage as it is built: its root, its variables, where it is and who runs in it."""

    root: Path
    variables: dict[str, str]
    folder: str = "/"
    user: int = 0
    commands: dict[str, list[str]] = field(default_factory=dict)

    def at(self, path: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / (path if path.startswith("/") else f"{self.folder}/{path}").lstrip("/")

    def here(self, text: str) -> str:
        """The text with paths of the image as they are on this machine."""
        return OURS.sub(lambda found: f"{self.root}{found[0]}", text)

    def runs(self, *command: str, user: int | None = None) -> "subprocess.CompletedProcess[str]":
        """Runs a command in the image, as root or as the user named, with the image's variables."""
        drop: dict[str, Any] = {} if user is None or os.getuid() else {"user": user, "group": user, "extra_groups": []}
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        # What pip has to know of the network it finds in the machine's own variables.
        return subprocess.run(
            ["env", "--unset=PYTHONPATH", *variables, *command],
            cwd=self.at(""),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **drop,
        )


class Build:
    """A build of a context in a folder."""

    def __init__(self, context: Path, folder: Path) -> None:
        self._context, self._folder = context, folder
        base = folder / "base"
        subprocess.run([_python_for_all(), "-m", "venv", str(base)], check=True)
        self._variables = {"PATH": f"{base / 'bin'}:/usr/local/bin:/usr/bin:/bin"}
        self._stages: dict[str, Stage] = {}

    def run(self, dockerfile: str) -> Stage:
        """The last stage, built."""
        for step in steps(dockerfile):
            if step.word == "FROM":
                self._begin(step.rest)
            else:
                self._take(step, [*self._stages.values()][-1])
        return [*self._stages.values()][-1]

    def _begin(self, rest: str) -> None:
        image, _, name = rest.partition(" AS ")
        assert re.fullmatch(r"python:3\.\d+-slim", image), f"{image}: another base than a Python"
        root = self._folder / "image"
        for number, before in enumerate(self._stages.values()):
            if before.root == root:
                before.root = root.rename(self._folder / f"stage-{number}")
        root.mkdir()
        self._stages[name] = Stage(root, dict(self._variables))

    def _take(self, step: Step, stage: Stage) -> None:
        match step.word:
            case "ENV":
                for pair in shlex.split(step.rest):
                    name, _, value = pair.partition("=")
                    stage.variables[name] = stage.here(value).replace("$PATH", stage.variables["PATH"])
            case "WORKDIR":
                stage.folder = step.rest
                stage.at("").mkdir(parents=True, exist_ok=True)
            case "USER":
                stage.user = int(step.rest.partition(":")[0])
            case "COPY":
                self._copy(shlex.split(step.rest), stage)
            case "RUN":
                done = stage.runs("/bin/sh", "-ec", _for_us(stage.here(step.rest)))
                assert done.returncode == 0, f"{step.rest}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            case "ENTRYPOINT" | "CMD":
                stage.commands[step.word] = json.loads(step.rest)
            case word:
                assert word in HARMLESS, f"{word}: this builder does not know what it does"

    def _copy(self, said: list[str], stage: Stage) -> None:
        options = dict(word.removeprefix("--").split("=") for word in said if word.startswith("--"))
        *sources, target = [word for word in said if not word.startswith("--")]
        for source in sources:
            found = self._stages[options["from"]].at(source) if options else self._context / source
            if found.is_dir():
                ignored = shutil.ignore_patterns("__pycache__") if not options else None
                shutil.copytree(found, stage.at(target), symlinks=True, ignore=ignored)
            else:
                stage.at(target).mkdir(parents=True, exist_ok=True)
                shutil.copy(found, stage.at(target))


def _python_for_all() -> str:
    """A Python that every user of this machine may run: the tests' own may lie in somebody's home."""
    ours = str(Path(sys.executable).resolve())
    others = [shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin") or ours]
    reached = [each for each in (ours, *others) if all(folder.stat().st_mode & 0o001 for folder in Path(each).parents)]
    assert reached, f"no Python that another user than {os.getuid()} may run: install one, as python3-venv has it"
    return reached[0]


def _for_us(command: str) -> str:
    """Who is not root can give files to nobody else."""
    uid, gid = os.getuid(), os.getgid()
    return command if uid == 0 else re.sub(r"--owner \d+ --group \d+", f"--owner {uid} --group {gid}", command)
