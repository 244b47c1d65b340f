"""A plan as its files say it, before it is known to make sense: entries with their places."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from streams.documents import Entry, Mapping, Node, Place, Problem, Wrong, document, entry
from streams.plans.sections import COMPANY, SECTIONS, keyed, section_of


@dataclass
class Draft:
    """Entries by section in the order of files and lines, and what was wrong in them."""

    directory: str
    company: list[Entry] = field(default_factory=list)
    entries: dict[str, list[Entry]] = field(default_factory=lambda: {name: [] for name in SECTIONS})
    problems: list[Problem] = field(default_factory=list)

    def ids(self, section: str) -> dict[str, Entry]:
        """The section's entries by id; of several with the same id the first."""
        found: dict[str, Entry] = {}
        for item in self.entries[section]:
            if "id" in item.values:
                found.setdefault(item.values["id"], item)
        return found

    def stages(self) -> Iterator[Entry]:
        """The stages of all pipelines."""
        for pipeline in self.entries["pipelines"]:
            yield from pipeline.values.get("stages", ())

    def currency(self) -> str | None:
        """The company's currency, where it could be read."""
        return next((c.values["currency"] for c in self.company if "currency" in c.values), None)

    def scopes(self) -> list[str]:
        """Every scope that a quota or route may name."""
        return ["company", *(f"team:{i}" for i in self.ids("teams")), *(f"rep:{i}" for i in self.ids("reps"))]


def draft(directory: Path) -> Draft:
    """Reads every *.yaml directly in the directory."""
    result = Draft(directory.name)
    here = Place(str(directory), 1)
    if not directory.is_dir():
        result.problems.append(Problem(here, "there is no such directory", "name the directory that holds the plan"))
        return result
    files = sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file())
    if not files:
        result.problems.append(Problem(here, "no *.yaml file is in the directory", "add company.yaml to start with"))
    for path in files:
        _read_file(path, result)
    return result


def _read_file(path: Path, into: Draft) -> None:
    if path.suffix == ".yml":
        into.problems.append(Problem(Place(path.name, 1), "ends in .yml and would be overlooked", "rename it to .yaml"))
        return
    try:
        root = document(path.read_bytes(), path.name)
    except Wrong as wrong:
        into.problems.extend(wrong.problems)
        return
    except OSError as error:
        into.problems.append(Problem(Place(path.name, 1), f"cannot be read: {error.strerror}", "mend its permissions"))
        return
    if isinstance(root, Mapping):
        for key, value in root.entries:
            _read_section(key.text, key.place, value, into)
    elif root is not None:
        fix = f"start with one of {', '.join(['company', *SECTIONS])}"
        into.problems.append(Problem(root.place, "the file must be a mapping of sections", fix))


def _read_section(name: str, place: Place, node: Node, into: Draft) -> None:
    if name == "company":
        company = entry(node, "company", COMPANY, into.problems)
        into.company.extend([company] if company else [])
        return
    section = section_of(name, place, into.problems)
    if section is None:
        return
    for item in keyed(node, section.what, into.problems):
        found = entry(item, section.what, section.fields, into.problems)
        if found:
            into.entries[name].append(found)
