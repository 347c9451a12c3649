"""What the modules of Zoho Books have in common: the envelope of a document, comparing what we own, stripping what is ours.

Keys of a body that begin with "_" are for us (`_id` of a line, `_total` that Zoho must answer) and never leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from zsync.errors import ContractBroken, RecordError, Refused, TotalsDisagree
from zsync.model.intent import Body, Difference, Node, Written, plain
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Write

OWN_NUMBER = {"ignore_auto_number_generation": "true"}


class Calls(Protocol):
    """What a module needs of the client (`zsync.targets.zoho.client.ZohoClient`)."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def post(
        self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]: ...

    def put(self, path: str, body: Mapping[str, object], params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]: ...


class BooksModule:
    """The common half of a module. Subclasses say the names and how a document is found."""

    name = ""
    path = ""
    resource = ""  # key of one document in an answer
    listing = ""  # key of the list
    id_field = ""
    number_field = ""
    create_params: Mapping[str, str] = {}
    batch = 1
    keyed = True
    updatable = True
    revivable = False
    once: frozenset[str] = frozenset()
    rides = ""
    parent = ""
    void_statuses: frozenset[str] = frozenset({"void"})

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    # --- verbs ----------------------------------------------------------------------------------------------------------

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        return [self._find(key, body) for key, body in asked]

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        try:
            answer = self._calls.post(self.path, stripped(write.body), self.create_params)
        except RecordError as err:
            return [err]
        return [self._written(self._document(answer), write.body)]

    def read(self, standing: Standing) -> Written | Gone:
        content = self._content(standing.id)
        if content is None or self._is_void(content):
            return Gone()
        return self._written(content, standing.body, read=True)

    def update(self, standing: Standing, body: Body) -> Written:
        answer = self._calls.put(f"{self.path}/{standing.id}", self._whole(standing, body), self.create_params)
        return self._written(self._document(answer), body)

    def withdraw(self, standing: Standing) -> Written | None:
        raise RuntimeError(f"{self.name} are not withdrawn")

    def revive(self, standing: Standing) -> Written:
        raise RuntimeError(f"{self.name} are not revived")

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        return tuple(differences(body, written.content or {}))

    def shown(self, body: Body, written: Written) -> bool:
        return False

    def objection(self, body: Body, written: Written) -> RecordError | None:
        expected = body.get("_total")
        if not isinstance(expected, Decimal) or written.total is None or written.total == expected:
            return None
        return TotalsDisagree(
            f"Zoho shows a total of {plain(written.total)}, the source says {plain(expected)}",
            hint="compare the document in Zoho line by line: rounding and tax settings of the organisation decide",
        )

    def renamed(self, key: Key, body: Body) -> Body | None:
        return None

    # --- kitchen --------------------------------------------------------------------------------------------------------

    def _find(self, key: Key, body: Body) -> Found:
        raise RuntimeError("a module says how it finds")

    def _content(self, id: str) -> Mapping[str, Any] | None:
        """The whole document, or None if there is none."""
        try:
            return self._document(self._calls.get(f"{self.path}/{id}"))
        except Refused as err:
            if err.gone:
                return None
            raise

    def _listed(self, params: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return list(self._calls.pages(self.path, self.listing, params))

    def _document(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        found = answer.get(self.resource)
        if not isinstance(found, Mapping) or not found.get(self.id_field):
            raise ContractBroken(f"an answer without `{self.resource}`")
        return found

    def _is_void(self, content: Mapping[str, Any]) -> bool:
        return str(content.get("status", "")) in self.void_statuses

    def _whole(self, standing: Standing, body: Body) -> Mapping[str, object]:
        """The body of a PUT: every field that we own; lines with the ids that Zoho gave them."""
        whole = stripped(body)
        lines = body.get("line_items")
        if isinstance(lines, list):
            whole["line_items"] = [self._line(line, standing.written.parts) for line in lines if isinstance(line, dict)]
        return whole

    def _line(self, line: Mapping[str, Node], parts: Mapping[str, str]) -> dict[str, object]:
        remote = parts.get(str(line.get("_id")))
        return stripped(line) | ({"line_item_id": remote} if remote else {})

    def _written(self, content: Mapping[str, Any], body: Body, *, read: bool = False) -> Written:
        return Written(
            id=str(content[self.id_field]),
            number=str(content.get(self.number_field, "")) if self.number_field else "",
            total=number(content.get("total")),
            status=str(content.get("status", "")),
            modified=str(content.get("last_modified_time", "")),
            parts=parts_of(body, content),
            content=content if read else None,
        )


def stripped(body: Mapping[str, Node]) -> dict[str, object]:
    """The body without the keys that are ours."""
    return {name: _stripped(value) for name, value in body.items() if not name.startswith("_")}


def _stripped(node: Node) -> object:
    if isinstance(node, dict):
        return stripped(node)
    if isinstance(node, list):
        return [_stripped(child) for child in node]
    return node


def parts_of(body: Body, content: Mapping[str, Any]) -> dict[str, str]:
    """Our line ids with Zoho's: lines come back in the order in which they were sent."""
    ours, theirs = body.get("line_items"), content.get("line_items")
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return {}
    ordered = sorted(theirs, key=lambda line: number(line.get("item_order")) or Decimal(0))
    pairs = zip(ours, ordered, strict=True)
    return {str(mine["_id"]): str(line["line_item_id"]) for mine, line in pairs if isinstance(mine, dict) and "_id" in mine}


def number(value: object) -> Decimal | None:
    """An amount of an answer: a JSON number, or its text; None where there is none."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


_NEVER_SHOWN = frozenset({"ignore_auto_number_generation", "tax_id"})
"""What is sent and does not come back under its name, or is filled in by the organisation's own rules."""


def differences(body: Mapping[str, Node], content: Mapping[str, Any], prefix: str = "") -> Iterator[Difference]:
    """Where the fields that we own differ from what the remote shows. Formats do not count: 10 is 10.00, no text is none."""
    for name, value in body.items():
        if name.startswith("_") or name in _NEVER_SHOWN:
            continue
        theirs = content.get(name)
        if isinstance(value, dict):
            yield from differences(value, theirs if isinstance(theirs, Mapping) else {}, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield from _list_differences(value, theirs if isinstance(theirs, list) else [], f"{prefix}{name}")
        elif not same(value, theirs):
            yield Difference(prefix + name, shown_value(value), shown_value(theirs))


def _list_differences(ours: list[Node], theirs: Sequence[Any], name: str) -> Iterator[Difference]:
    if len(ours) != len(theirs):
        yield Difference(name, f"{len(ours)} rows", f"{len(theirs)} rows")
        return
    ordered = sorted(theirs, key=lambda row: number(row.get("item_order")) or Decimal(0)) if name == "line_items" else theirs
    for position, (mine, row) in enumerate(zip(ours, ordered, strict=True), 1):
        if isinstance(mine, dict) and isinstance(row, Mapping):
            yield from differences(mine, row, f"{name}[{position}].")


def same(ours: Node, theirs: object) -> bool:
    """Whether a value is what we sent, in whatever form it comes back."""
    if isinstance(ours, bool):
        return theirs is ours or (theirs is None and not ours)
    if isinstance(ours, Decimal | int):
        return number(theirs) == Decimal(ours)
    return " ".join(str(ours or "").split()) == " ".join(str(theirs or "").split())


def shown_value(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return "" if value is None else str(value)
