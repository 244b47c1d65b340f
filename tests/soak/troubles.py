"""Everything that is done to a scene: power cuts, pauses, outages, restarts, people who come and go, and plans."""

import random
import time
from collections.abc import Callable, Mapping

from tests.kafka.broker import Broker
from tests.soak.floor import write_plan
from tests.soak.scene import Scene

PAUSE_SECONDS = 9.0
"""More than a session, after which the group gives a worker's shards to others."""
FEWEST = 2
KINDS = ("kill", "pause", "outage", "rolling", "join", "leave", "plan", "producer")
SHORT = {"kill": 3, "pause": 1, "outage": 1, "rolling": 1, "join": 1, "leave": 1, "plan": 2, "producer": 2}


def full(kills: int) -> dict[str, int]:
    """How much of each trouble goes with so many kills."""
    several = max(1, kills // 5)
    some = {"pause": several, "outage": max(1, several // 2), "rolling": max(1, several // 2)}
    return {"kill": kills, **some, "join": several, "leave": several, "plan": several, "producer": several}


class Troubles:
    """Makes trouble on a scene by chance, and lets it recover."""

    def __init__(self, scene: Scene, broker: Broker, chance: random.Random) -> None:
        """The first plan is in force."""
        self.scene, self.revision = scene, 1
        self._broker, self._chance = broker, chance
        self._kinds: Mapping[str, Callable[[], None]] = {kind: getattr(self, f"_{kind}") for kind in KINDS}

    def order(self, counts: Mapping[str, int]) -> list[str]:
        """So many of each kind, in any order."""
        kinds = [kind for kind in KINDS for _ in range(counts[kind])]
        self._chance.shuffle(kinds)
        return kinds

    def make(self, kind: str) -> None:
        """One trouble; mostly the scene has recovered before this returns, sometimes the next one comes sooner."""
        self.scene.tell(f"{kind}, at {self.scene.sent} facts")
        self._kinds[kind]()
        if kind != "producer" and self._chance.random() < 0.7:
            self.scene.settle()

    def _some(self, most: int = 1) -> list[str]:
        return self._chance.sample(sorted(self.scene.workers), self._chance.randint(1, most))

    def _kill(self) -> None:
        killed = self._some(2)
        self.scene.kill(*killed)
        for _ in killed:
            self.scene.join()

    def _pause(self) -> None:
        """Its shards go to others meanwhile, and when it wakes up it is shut out."""
        (name,) = self._some()
        worker, began = self.scene.workers[name], time.monotonic()
        worker.pause()
        self.scene.until(lambda: time.monotonic() - began > PAUSE_SECONDS, "the pause was over")
        self.scene.catch_up()
        worker.resume()
        self.scene.tell(f"paused {name} for {time.monotonic() - began:.1f} s")
        before = self.scene.takeovers(name)
        self.scene.until(
            lambda: name not in self.scene.workers or self.scene.takeovers(name) > before, f"{name} had work again"
        )

    def _outage(self) -> None:
        if self._chance.random() < 0.5:
            self._broker.kill()
        else:
            self._broker.stop()
        self._broker.start()
        self.scene.settle()

    def _rolling(self) -> None:
        for name in [*self.scene.workers]:
            if name in self.scene.workers:
                self.scene.leave(name)
                fresh = self.scene.join()
                self.scene.until(lambda fresh=fresh: self.scene.joined(fresh), f"{fresh} had joined")  # type: ignore[misc]

    def _join(self) -> None:
        self.scene.join()

    def _leave(self) -> None:
        if len(self.scene.workers) > FEWEST:
            self.scene.leave(*self._some())

    def _plan(self) -> None:
        """Moves credit; now and then a worker is killed in the middle of it."""
        self.revision += 1
        folder = write_plan(self.scene.flow.folder / f"plan-{self.revision}", self.revision)
        command = self.scene.flow.start("plan", "apply", folder)
        if self._chance.random() < 0.5:
            self._kill()
        self.scene.until(lambda: not command.running, f"revision {self.revision} was in force")
        if command.ended() != 0:
            self.scene.flow.run("plan", "apply", folder)

    def _producer(self) -> None:
        self.scene.kill_producer()
