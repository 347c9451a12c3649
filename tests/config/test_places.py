"""Where a key stands: every way in which TOML lets one write it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from zsync.config.places import dotted, line_of, lines

TEXT = '''# a comment with [brackets] = "x"
top = 1

[source]          # comment
type = "qloapps"
"quoted key" = 'literal # no comment'
a.b.c = 3
long = """
[not.a.table]
key = "no"
"""
raw = \'\'\'
[nor.this]\'\'\'
many = [
  1, # one ]
  { inner = [ "]" ], other = "}" },
]
api_key = { env = "NAME" }

[target.payment_methods]
"Bank \\"wire\\"" = { mode = "banktransfer", account = "Bank" }

[[list]]
x = 1979-05-27T07:32:00Z
[target]
y = "é" # after
'''


def test_each_key_has_its_line() -> None:
    found = lines(TEXT)

    assert found["top",] == 2
    assert found["source",] == 4
    assert found["source", "type"] == 5
    assert found["source", "quoted key"] == 6
    assert found["source", "a", "b", "c"] == 7
    assert found["source", "long"] == 8
    assert found["source", "raw"] == 12
    assert found["source", "many"] == 14
    assert found["source", "many", "inner"] == 16
    assert found["source", "api_key", "env"] == 18
    assert found["target", "payment_methods", 'Bank "wire"', "mode"] == 21
    assert found["target", "payment_methods", 'Bank "wire"', "account"] == 21
    assert found["list", "x"] == 24
    assert found["target", "y"] == 26


def test_what_stands_in_strings_and_comments_is_no_key() -> None:
    names = {part for path in lines(TEXT) for part in path}

    assert not names & {"not", "nor", "brackets", "key"}


def test_every_key_that_tomllib_knows_is_found() -> None:
    def paths(node: Mapping[str, Any], at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        made = set()
        for name, value in node.items():
            made.add((*at, name))
            if isinstance(value, dict):
                made |= paths(value, (*at, name))
        return made

    assert paths(tomllib.loads(TEXT)) <= set(lines(TEXT))


def test_a_missing_key_is_placed_at_its_table() -> None:
    assert line_of(("source", "url"), lines(TEXT)) == 4
    assert line_of(("nowhere", "url"), lines(TEXT)) is None


@pytest.mark.parametrize(
    ("path", "text"), [(("a", "b-c"), "a.b-c"), (("a", "Bank wire"), 'a."Bank wire"'), (('say "x"',), '"say \\"x\\""')]
)
def test_a_path_is_written_as_toml_would(path: tuple[str, ...], text: str) -> None:
    assert dotted(path) == text
