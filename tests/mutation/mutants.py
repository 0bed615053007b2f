"""Small changes of a module's code, each of which some test should notice.

One mutant is one edit of one line: an operator exchanged, a number moved by one, a condition turned
round, a call left out. Texts, annotations, decorators and what is raised are left alone: a message
that no test reads is not a wrong number.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXCHANGED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"), ast.Pow: ("**", "*"), ast.MatMult: ("@", "*"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """The bytes from ``start`` to ``end`` of a file replaced; ``name`` outlives edits elsewhere."""

    file: str
    line: int
    start: int
    end: int
    new: str
    name: str

    def of(self, source: bytes) -> bytes:
        """The file with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]


class _Finder(ast.NodeVisitor):
    """Collects (first byte, last byte, new text) of every change."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.found: list[tuple[int, int, int, str, str]] = []
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._inside: list[str] = []

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def first(self, node: ast.expr | ast.stmt) -> int:
        return self.at(node.lineno, node.col_offset)

    def last(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.at(node.end_lineno, node.end_col_offset)

    def note(self, line: int, start: int, end: int, new: str) -> None:
        self.found.append((line, start, end, new, ".".join(self._inside)))

    def between(self, left: ast.expr, right: ast.expr, kind: ast.AST) -> None:
        """An operator is between two operands, beside blanks, brackets and comments."""
        old, new = EXCHANGED.get(type(kind), ("", ""))
        start, end = self.last(left), self.first(right)
        at = self.source.find(old.encode(), start, end) if old else -1
        if at >= 0:
            self.note(left.end_lineno or 0, at, at + len(old), new)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, right, kind in zip(operands, operands[1:], node.ops, strict=False):
            self.between(left, right, kind)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not isinstance(node.left, ast.Constant) or not isinstance(node.left.value, str):
            self.between(node.left, node.right, node.op)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.between(left, right, node.op)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        old, new = EXCHANGED.get(type(node.op), ("", ""))
        at = self.source.find(old.encode() + b"=", self.last(node.target), self.first(node.value))
        if old and at >= 0:
            self.note(node.lineno, at, at + len(old), new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.USub):
            self.note(node.lineno, self.first(node), self.first(node.operand), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.note(node.lineno, self.first(node), self.last(node), str(not value))
        elif isinstance(value, int | float):
            self.note(node.lineno, self.first(node), self.last(node), repr(value + 1))

    def visit_If(self, node: ast.If) -> None:
        self._turned(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._turned(node.test)
        self.generic_visit(node)

    def _turned(self, test: ast.expr) -> None:
        """Only where no other change of the condition says the same."""
        if not isinstance(test, ast.Compare | ast.UnaryOp):
            start, end = self.first(test), self.last(test)
            self.note(test.lineno, start, end, f"not ({self.source[start:end].decode()})")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.note(node.lineno, self.first(node), self.last(node), "None")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self.note(node.lineno, self.first(node.value), self.last(node.value), "None")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside.append(node.name)
        for part in (*node.args.defaults, *node.args.kw_defaults, *node.body):
            if part is not None:
                self.visit(part)
        self._inside.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside.append(node.name)
        for part in node.body:
            self.visit(part)
        self._inside.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """What an error says is read by people."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Positions inside an f-string are those of the whole before Python 3.12."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """States what the types cannot."""


def mutants_of(root: Path, file: Path) -> Iterator[Mutant]:
    """Every mutant of a module below ``root``."""
    source = file.read_bytes()
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    seen: dict[str, int] = {}
    where = file.relative_to(root).as_posix()
    for line, start, end, new, inside in sorted(set(finder.found)):
        lines = source.splitlines()
        what = f"{where} {inside} {lines[line - 1].decode().strip()} {source[start:end]!r} {new}"
        seen[what] = seen.get(what, 0) + 1
        name = hashlib.sha256(f"{what} {seen[what]}".encode()).hexdigest()[:12]
        yield Mutant(where, line, start, end, new, name)


def sample(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """``count`` of them, the same ones wherever the rest of the code has not changed."""

    def rank(mutant: Mutant) -> str:
        return hashlib.sha256(f"{seed} {mutant.name}".encode()).hexdigest()

    return sorted(mutants, key=rank)[:count]
