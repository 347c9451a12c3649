"""SQL is written in the program and filled by parameters: no text from outside becomes a part of a statement."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import zsync

SOURCE = Path(zsync.__file__).parent
CALLS = {"execute", "executemany", "executescript"}

NAMED_BY_US = {
    "state/journal.py: {columns}",
    "state/records.py: {marks}",
    "state/records.py: {names}",
    "state/records.py: {of_record}",
    "state/standing.py: {condition}",
    "state/store.py: {number + 1}",
    "state/store.py: {MIGRATIONS[number]}",
}
"""Read by a person: question marks, names of our own columns, conditions written in the same file, numbers of versions."""


def strange(source: str, file: str = "x.py") -> list[str]:
    """What stands in statements besides constants: `FILE: {expression}` for each piece, or `FILE: expression`."""
    tree = ast.parse(source)
    constants = {
        target.id for each in tree.body if isinstance(each, ast.Assign) for target in each.targets if isinstance(target, ast.Name)
    }
    found = []
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CALLS and call.args):
            continue
        for piece in pieces(call.args[0]):
            if isinstance(piece, ast.FormattedValue):
                if not (isinstance(piece.value, ast.Name) and piece.value.id in constants):
                    found.append(f"{file}: {{{ast.unparse(piece.value)}}}")
            elif not isinstance(piece, ast.Constant | ast.Name):
                found.append(f"{file}: {ast.unparse(piece)}")
    return found


def pieces(statement: ast.expr) -> list[ast.expr]:
    if isinstance(statement, ast.JoinedStr):
        return [piece for value in statement.values for piece in pieces(value)]
    if isinstance(statement, ast.BinOp) and isinstance(statement.op, ast.Add):
        return [*pieces(statement.left), *pieces(statement.right)]
    return [statement]


def test_sql_is_filled_by_parameters_only() -> None:
    found = {
        each for path in SOURCE.rglob("*.py") for each in strange(path.read_text("utf-8"), path.relative_to(SOURCE).as_posix())
    }

    assert found == NAMED_BY_US


@pytest.mark.parametrize(
    "statement",
    ['f"SELECT {name}"', '"SELECT %s" % name', '"SELECT {}".format(name)', '"SELECT " + str(name)', 'f"SELECT {Name(x)}" + "a"'],
)
def test_a_statement_with_a_text_from_outside_is_found(statement: str) -> None:
    assert strange(f"db.execute({statement}, ())") != []


def test_a_statement_of_constants_is_none() -> None:
    assert strange('_COLUMNS = "a, b"\ndb.execute(f"SELECT {_COLUMNS} FROM t " + "WHERE a = ?", (x,))') == []
