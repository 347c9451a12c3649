"""Checks a Deluge script by its structure: what can be known without Zoho's compiler.

    text --> tokens (strings, comments, names, numbers, brackets, operators) --> balance, bracket blocks, statements, variables

`faults(text)` is a list of `line: what is wrong`; an empty one says that nothing of this kind is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>\"(?:\\.|[^\"\\\n])*\")|(?P<date>'[^'\n]*')|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op>==|!=|<=|>=|&&|\|\||[-+*/<>!=.,:;(){}\[\]])",
    re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BLOCKS = {
    "invokeurl": ({"url", "type", "headers", "parameters", "body", "connection", "detailed"}, {"url", "type"}),
    "sendmail": ({"from", "to", "cc", "subject", "message"}, {"from", "to", "subject", "message"}),
}
FORBIDDEN = frozenset({"while", "alert", "createRecord", "createRecords", "sendEmail", "break", "continue"})
_KEYWORDS = frozenset(
    "if else for each in try catch insert into info invokeurl sendmail true false null zoho ifnull Map List return".split()
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


def tokens(script: str) -> list[Token]:
    """ValueError names the line with a character, or an open text, that nothing begins with."""
    found, at, line = [], 0, 1
    while at < len(script):
        match = _TOKEN.match(script, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"{line}: nothing begins with {script[at : at + 10]!r}")
        if match.lastgroup not in ("blank", "comment"):
            found.append(Token(match.lastgroup, match[0], line))
        line += match[0].count("\n")
        at = match.end()
    return found


def faults(script: str, forms: Sequence[str] = ()) -> list[str]:
    """Everything that is wrong with the script; `forms` are link names that stand for themselves."""
    try:
        found = tokens(script)
    except ValueError as err:
        return [str(err)]
    unbalanced = list(_unbalanced(found))
    if unbalanced:
        return unbalanced
    wrong = [f"{each.line}: `{each.text}` is not for a schedule" for each in found if each.text in FORBIDDEN]
    wrong += _blocks(found)
    wrong += _statements(script)
    wrong += _unassigned(found, frozenset(forms))
    return wrong


def inserted(script: str, form: str) -> list[str]:
    """The fields that the insert into this form fills, in their order."""
    block = re.search(rf"insert into {form}\s*\[(.*?)\n\s*\];", script, re.DOTALL)
    assert block is not None
    return re.findall(r"^\s*([A-Za-z_][A-Za-z0-9_]*) = ", block[1], re.MULTILINE)


def changed(script: str) -> list[str]:
    """The fields that are set on a row that stands."""
    return re.findall(r"^\s*row\.([A-Za-z_][A-Za-z0-9_]*) = ", script, re.MULTILINE)


def _unbalanced(found: Sequence[Token]) -> Iterator[str]:
    stack: list[Token] = []
    for each in found:
        if each.kind == "op" and each.text in "([{":
            stack.append(each)
        elif each.kind == "op" and each.text in _PAIRS and (not stack or stack.pop().text != _PAIRS[each.text]):
            yield f"{each.line}: `{each.text}` closes nothing"
            return
    for each in stack:
        yield f"{each.line}: `{each.text}` is not closed"


def _inside(found: Sequence[Token], start: int) -> list[Token]:
    """The tokens between the bracket at `start` and the one that closes it."""
    depth = 0
    inner: list[Token] = []
    for each in found[start:]:
        depth += each.text in "([{" and each.kind == "op"
        depth -= each.text in _PAIRS and each.kind == "op"
        if depth == 0:
            return inner[1:]
        inner.append(each)
    return inner


def _blocks(found: Sequence[Token]) -> list[str]:
    """What stands in the brackets of invokeurl, sendmail and insert into."""
    wrong = []
    for place, each in enumerate(found):
        after = found[place + 1 : place + 4]
        if each.text in _BLOCKS and after and after[0].text == "[":
            inner = _inside(found, place + 1)
            known, needed = _BLOCKS[each.text]
            keys = [t.text for t, n in pairwise(inner) if t.kind == "name" and n.text == ":"]
            wrong += [f"{each.line}: `{key}` is no key of {each.text}" for key in keys if key not in known]
            wrong += [f"{each.line}: {each.text} without `{key}`" for key in sorted(needed - set(keys))]
            wrong += [f"{each.line}: `{key}` stands twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
        elif each.text == "insert" and [t.text for t in after[:1]] == ["into"] and len(after) == 3 and after[2].text == "[":
            inner = _inside(found, place + 3)
        else:
            continue
        wrong += [f"{t.line}: no `;` inside the brackets" for t in inner if t.text == ";"]
    return wrong


def _statements(script: str) -> list[str]:
    """Every simple statement ends with `;`, no block does; `else` and `catch` follow a block; heads stand alone."""
    wrong, before, depth = [], "", 0
    for number, raw in enumerate(script.splitlines(), 1):
        line = re.sub(r"//.*$", "", raw).strip() if '"' not in raw else raw.strip()
        if not line:
            continue
        opens_bracket = line == "["
        if depth or opens_bracket:
            depth += opens_bracket
            if line.startswith("]"):
                depth -= 1
                wrong += [] if line == "];" else [f"{number}: a bracket block ends with `];`"]
            before = line
            continue
        head = re.match(r"(if|else if|for each|else|try|catch)\b", line)
        opens_block = line == "sendmail" or line.endswith("invokeurl") or re.match(r".*insert into \w+$", line) is not None
        if line in ("{", "}"):
            wrong += [f"{number}: a block without a head"] if line == "{" and not before.startswith(_HEADS) else []
        elif head:
            wrong += [f"{number}: a head with `;`"] if line.endswith(";") else []
            wrong += (
                [f"{number}: `{head[1]}` follows no block"] if head[1] in ("else", "else if", "catch") and before != "}" else []
            )
        elif not opens_block and not line.endswith(";"):
            wrong.append(f"{number}: a statement without `;`")
        before = line
    return wrong


_HEADS = ("if(", "else", "for each", "try", "catch")


def _unassigned(found: Sequence[Token], forms: frozenset[str]) -> list[str]:
    """Names that are read before anything was put into them. Members, keys of brackets and fields of forms are not variables."""
    known, wrong = set(_KEYWORDS) | set(forms), []
    brackets: list[str] = []
    for place, each in enumerate(found):
        previous = found[place - 1].text if place else ""
        following = found[place + 1].text if place + 1 < len(found) else ""
        if each.kind == "op" and each.text == "[":
            brackets.append("block" if previous in _BLOCKS or found[place - 2].text == "into" else "criteria")
        elif each.kind == "op" and each.text == "]":
            brackets.pop()
        if each.kind != "name" or previous == "." or (previous == "into"):
            continue
        in_block = brackets and brackets[-1] == "block"
        if (in_block and following in (":", "=")) or (brackets and brackets[-1] == "criteria" and following == "=="):
            continue
        if each.text in ("GET", "POST") and previous == ":":
            continue
        if following == "=" or previous in ("each", "catch") or (previous == "(" and found[place - 2].text == "catch"):
            known.add(each.text)
        elif each.text not in known:
            wrong.append(f"{each.line}: `{each.text}` has no value yet")
    return wrong
