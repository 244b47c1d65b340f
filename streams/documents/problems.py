"""What is wrong in a file, where, and what to do about it."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from streams.documents.nodes import Place


class Problem(NamedTuple):
    """One mistake; `fix` says what to do."""

    place: Place
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}: {self.what}; {self.fix}"


class Wrong(Exception):
    """A value cannot be used: all the problems found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def at(cls, place: Place, what: str, fix: str) -> "Wrong":
        """A single problem."""
        return cls([Problem(place, what, fix)])


class DocumentError(Exception):
    """Files that cannot be used: every problem in them, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def suggestion(name: str, known: Iterable[str]) -> str:
    """The fix for a name that is not known: the one that was probably meant, or those there are."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "none is defined"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"choose one of {shown}"
