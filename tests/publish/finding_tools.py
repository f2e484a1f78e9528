"""Finds in the source every warning and repair that a run may write down: its code, and its message with holes."""

import ast
import itertools
from pathlib import Path

import gis

HOLE = "\N{LATIN SMALL LETTER X}\N{LATIN SMALL LETTER Y}\N{LATIN SMALL LETTER Z}"
"""Stands where the source puts in a value."""

_LEVELS = {"warning", "repair"}
_HELPERS = {"_left_out": (0, 1), "_warn": (1, 3)}
"""Functions that write findings down, and which of their arguments are code and message."""

_CONSOLE = {"doctor.py"}  # whose findings no output holds


def sources() -> list[Path]:
    """Return the modules of the program whose findings outputs hold."""
    return [path for path in sorted(Path(gis.__file__).parent.rglob("*.py")) if path.name not in _CONSOLE]


def noted(path: Path) -> list[tuple[str, str, int]]:
    """List code, message and line of each warning and repair in a module; one for each way a message may go."""
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for call in ast.walk(scope):
            if not isinstance(call, ast.Call) or len(call.args) < 3:
                continue
            place = next((k for name, k in _HELPERS.items() if getattr(call.func, "id", "") == name), None)
            levels = _LEVELS & set(_texts(call.args[0], scope, tree, call.lineno))
            if place or levels:
                code, message = place or (1, 2)
                codes, texts = (_texts(call.args[k], scope, tree, call.lineno) for k in (code, message))
                together = isinstance(call.args[code], ast.Name) and len(codes) == len(texts)  # in one loop
                pairs = zip(codes, texts, strict=True) if together else itertools.product(codes, texts)
                found += [(*pair, call.lineno) for pair in pairs]
    return [one for one in found if one[1] != HOLE]  # a helper's own parameter: its callers say the message


def _texts(
    node: ast.expr, scope: ast.AST, tree: ast.Module, line: int, seen: frozenset[str] = frozenset()
) -> list[str]:
    """Return what an expression on a line may be; a hole for what only a run can tell."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, scope, tree, line, seen), *_texts(node.orelse, scope, tree, line, seen)]
    if isinstance(node, ast.JoinedStr):
        parts = [_texts(part, scope, tree, line, seen) for part in node.values]
        return ["".join(chosen) for chosen in itertools.product(*parts)]
    if isinstance(node, ast.FormattedValue):
        return [HOLE] if node.format_spec is not None else _texts(node.value, scope, tree, line, seen)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = itertools.product(
            _texts(node.left, scope, tree, line, seen), _texts(node.right, scope, tree, line, seen)
        )
        return [a + b for a, b in both]
    if isinstance(node, ast.Name) and node.id not in seen:
        inside = _assigned(node.id, scope, line) or _assigned(node.id, tree, line)
        known = [text for value in inside for text in _texts(value, scope, tree, line, seen | {node.id})]
        return known or [HOLE]
    return [HOLE]


def _assigned(name: str, scope: ast.AST, line: int) -> list[ast.expr]:
    """Return what a name stands for on a line: what was assigned last, or what a loop over things written out gives."""
    last: dict[int, list[ast.expr]] = {}
    body = ast.walk(scope) if not isinstance(scope, ast.Module) else iter(scope.body)
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                last[node.lineno] = _bound(name, target, [node.value]) or last.get(node.lineno, [])
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple | ast.List):
            last[getattr(node, "lineno", 0)] = _bound(name, node.target, node.iter.elts)
    before = [number for number, values in last.items() if values and (isinstance(scope, ast.Module) or number <= line)]
    return last[max(before)] if before else []


def _bound(name: str, target: ast.expr, values: list[ast.expr]) -> list[ast.expr]:
    if isinstance(target, ast.Name):
        return values if target.id == name else []
    if isinstance(target, ast.Tuple):
        for k, one in enumerate(target.elts):
            if isinstance(one, ast.Name) and one.id == name:
                return [value.elts[k] for value in values if isinstance(value, ast.Tuple) and len(value.elts) > k]
    return []
