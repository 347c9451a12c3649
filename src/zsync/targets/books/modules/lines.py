"""Lines of a sales order or an invoice: which of Zoho's is which of ours, and where the two differ.

ours, with `_id`  --by line_item_id, where it is known-->  Zoho's  --else by item, rate, quantity and text, else in order
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zsync.model.intent import Body, Difference, Node
from zsync.targets.books.modules.values import Content, compared, rows, sums_to_nothing, text

Line = dict[str, Node]

_COMPARED = ("item_id", "name", "description", "rate", "quantity", "tax_id")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Lines side by side: `by_id` holds Zoho's line for our `_id`, `others` those that are not ours."""

    by_id: Mapping[str, Content]
    others: Sequence[Content]


def own_lines(body: Body) -> dict[str, Line]:
    """Our lines by `_id`."""
    listed = body.get("line_items")
    lines = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(line["_id"]): line for line in lines}


def pair(lines: Mapping[str, Line], shown: Sequence[Content], parts: Mapping[str, str]) -> Pairs:
    """Zoho's line for each of ours. What only the order tells apart is paired in order, and only if none is missing."""
    left = list(shown)
    found: dict[str, Content] = {}
    for id in lines:
        row = next((row for row in left if parts.get(id) and text(row, "line_item_id") == parts[id]), None)
        if row is not None:
            found[id] = row
            left.remove(row)
    for names in (("item_id", "rate", "quantity", "description"), ("item_id", "rate", "quantity")):
        for id in _unknown(lines, found, parts):
            row = next((row for row in left if _same(lines[id], row, names)), None)
            if row is not None:
                found[id] = row
                left.remove(row)
    rest = _unknown(lines, found, parts)
    if len(rest) == len(left):
        found.update(zip(rest, left, strict=True))
        left = []
    return Pairs(found, left)


def _unknown(lines: Mapping[str, Line], found: Mapping[str, Content], parts: Mapping[str, str]) -> list[str]:
    """Our lines that have no line of Zoho's yet; one whose known line is gone has none, and gets no other."""
    return [id for id in lines if id not in found and not parts.get(id)]


def _same(line: Line, row: Content, names: Sequence[str]) -> bool:
    return not any(True for name in names for _ in compared(name, line.get(name, ""), row.get(name)))


def parts_of(body: Body, content: Content, parts: Mapping[str, str]) -> dict[str, str]:
    """Our line ids with Zoho's. One that is known and gone stays known, so that it is missed and no other taken for it."""
    lines = own_lines(body)
    found = pair(lines, rows(content, "line_items"), parts).by_id
    shown = {id: text(row, "line_item_id") for id, row in found.items() if text(row, "line_item_id")}
    return {**{id: parts[id] for id in lines if parts.get(id)}, **shown}


def line_differences(body: Body, content: Content, parts: Mapping[str, str]) -> Iterator[Difference]:
    """Lines that are missing, were added, or differ in what we own; what a tax comes to is Zoho's matter."""
    pairs = pair(own_lines(body), rows(content, "line_items"), parts)
    for id, line in own_lines(body).items():
        row = pairs.by_id.get(id)
        if row is None:
            yield Difference(f"line {id}", str(line.get("name", "")), "")
            continue
        fields = [each for name in _COMPARED if name in line for each in compared(name, line[name], row.get(name))]
        for each in (*fields, *sums_to_nothing(row, ("discount",))):
            yield Difference(f"line {id} {each.field}", each.ours, each.theirs)
    for row in pairs.others:
        yield Difference("line", "", text(row, "name"))
