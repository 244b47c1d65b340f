"""Small faults to put into a module on purpose: where there is room for one, and the module's text with it."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
_SAID_NOT_DONE = {"annotation", "returns", "decorator_list", "bases"}
"""Fields of a node in which nothing is computed: types, caches, and how a class is made."""


@dataclass(frozen=True)
class Mutation:
    """One fault: in `place`, a qualified name, the text `before` becomes `after`; `source` is the whole module then."""

    module: str
    place: str
    before: str
    after: str
    count: int
    line: int
    source: str

    def __str__(self) -> str:
        again = f" #{self.count}" if self.count > 1 else ""
        where = f"{self.module}.{self.place}" if self.place else self.module
        return f"{where}: {self.before} -> {self.after}{again}"


def mutations(module: str, source: str) -> list[Mutation]:
    """Every fault there is room for, in the order of the text; of equal ones in one place the later are numbered."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for place, node, faulty in _faults(ast.parse(source), ""):
        before, after = ast.unparse(node), ast.unparse(faulty)
        seen[place, before, after] += 1
        text = _replaced(source, node, f"({after})" if isinstance(node, ast.expr) else after)
        found.append(Mutation(module, place, before, after, seen[place, before, after], node.lineno, text))
    return found


def drawn(candidates: list[Mutation], number: int, seed: int) -> list[Mutation]:
    """So many of them at random; a change elsewhere in the module leaves the draw as it is."""
    return sorted(candidates, key=lambda mutation: Random(f"{seed} {mutation}").random())[:number]


def _faults(node: ast.AST, place: str) -> Iterator[tuple[str, ast.expr | ast.stmt, ast.AST]]:
    if isinstance(node, ast.JoinedStr | ast.Raise) or (isinstance(node, ast.keyword) and node.arg == "maxsize"):
        return
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        place = f"{place}.{node.name}".lstrip(".")
    if isinstance(node, ast.expr | ast.stmt):
        for faulty in _faulty(node):
            yield place, node, faulty
    for condition in _conditions(node):
        yield place, condition, ast.UnaryOp(ast.Not(), condition)
    for field, value in ast.iter_fields(node):
        if field in _SAID_NOT_DONE or (field == "keywords" and isinstance(node, ast.ClassDef)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _faults(child, place)


def _faulty(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, ops, comparators):
            for n, op in enumerate(ops):
                yield ast.Compare(left, [*ops[:n], _COMPARED[type(op)](), *ops[n + 1 :]], comparators)
        case ast.BinOp(left, op, right) if type(op) in _CALCULATED:
            yield ast.BinOp(left, _CALCULATED[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in _CALCULATED:
            yield ast.AugAssign(target, _CALCULATED[type(op)](), value)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Constant(bool() | int() | float() as value):
            yield ast.Constant(_beside(value))
        case ast.Return(value):
            yield ast.Pass() if value is None else ast.Expr(value)


def _beside(value: float) -> float:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else round(value + 0.01, 4)


def _conditions(node: ast.AST) -> Iterator[ast.expr]:
    """What a node branches on, where its negation is not a fault of an operator anyway."""
    tests = []
    match node:
        case ast.If(test) | ast.IfExp(test) | ast.While(test):
            tests = [test]
        case ast.comprehension(ifs=ifs):
            tests = ifs
    for test in tests:
        flipped = isinstance(test, ast.Compare) and len(test.ops) == 1 and not isinstance(test.ops[0], _ORDERING)
        if not flipped and not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
            yield test


def _replaced(source: str, node: ast.expr | ast.stmt, text: str) -> str:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    whole = b"".join(lines)
    return (whole[:start] + text.encode() + whole[end:]).decode()
