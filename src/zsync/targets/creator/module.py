"""A form of the application as a module: rows by their key field, in lots where Creator takes lots (facts, sections 4 to 6).

    find     GET report, 100 keys a call            update    PATCH report/ID; equal changes of several rows by criteria, in one
    create   POST form, 200 rows a call             withdraw  DELETE by criteria, 200 a call; or a field is set, by criteria

A row is ours if it has our key: the field is unique. What a report hides is there all the same, so a key that is refused as
taken and yet not found is the report's fault, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from zsync.errors import ContractBroken, InDoubt, Refused, ZsyncError
from zsync.model.intent import Body, Difference, Node, Ref, Written, digest, plain
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Handling, Standing, Stranger, Write
from zsync.targets.creator.client import KEYS, LOT, CreatorClient
from zsync.targets.creator.errors import DONE, FULL, GONE, INVALID, REMOTE, classify, code_of, refused, words_of
from zsync.targets.creator.mapping import key_text
from zsync.targets.creator.rules import FormRule

DISABLED = "disabled"
_SPACES = re.compile(r"\s+")


class FormModule:
    """Implements `zsync.ports.Module` for one form."""

    batch = LOT
    keyed = True
    updatable = True
    once: frozenset[str] = frozenset()
    rides = ""
    parent = ""

    def __init__(self, client: CreatorClient, rule: FormRule) -> None:
        self._client = client
        self.rule = rule
        self.name = rule.form
        self.revivable = bool(rule.flag)
        self.lots = FormLots(self)

    # --- questions --------------------------------------------------------------------------------------------------------

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        keys = [body[self.rule.key] for _, body in asked]
        rows = self.by_key([key for key in keys if key_text(key)])
        return [self._found(key_text(key), rows.get(key_text(key), [])) for key in keys]

    def read(self, standing: Standing) -> Written | Gone:
        row = self._client.one(self.rule.report, standing.id)
        return self.seen(row) if row is not None else Gone()

    def by_key(self, keys: Sequence[Node]) -> dict[str, list[Mapping[str, Any]]]:
        """The rows that have these keys, by key, a hundred a call."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for first in range(0, len(keys), KEYS):
            some = keys[first : first + KEYS]
            criteria = "||".join(f"{self.rule.key}=={_operand(key)}" for key in some)
            for row in self._client.where(self.rule.report, criteria):
                found.setdefault(self.key_in(row), []).append(row)
        return found

    def by_id(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for first in range(0, len(ids), KEYS):
            for row in self._client.where(self.rule.report, _ids(ids[first : first + KEYS])):
                found[str(row.get("ID"))] = row
        return found

    def key_in(self, row: Mapping[str, Any]) -> str:
        """The key that a row shows; a report that does not show it is for a person to mend."""
        if self.rule.key not in row:
            raise refused(
                0,
                f"the report `{self.rule.report}` does not show the key field `{self.rule.key}`",
                hint="add the field to the report in Creator, then `zsync retry`",
            )
        return str(row[self.rule.key])

    def written(self, row: Mapping[str, Any]) -> Written:
        """What a row that was read says."""
        marked = bool(self.rule.flag) and _same(self.rule.gone, row.get(self.rule.flag))
        id = id_of(row)
        if not id:
            raise ContractBroken(f"a row of `{self.rule.report}` without an `ID` that is one", remote=REMOTE)
        return Written(id, number=str(row.get(self.rule.key) or ""), status=DISABLED if marked else "", content=row)

    def seen(self, row: Mapping[str, Any]) -> Written | Gone:
        """What a row that was read is to the engine: one that is marked as gone is gone."""
        found = self.written(row)
        return found if found.status != DISABLED else Gone()

    def _found(self, key: str, rows: Sequence[Mapping[str, Any]]) -> Found:
        if len(rows) > 1:
            ids = ", ".join(str(row.get("ID")) for row in rows)
            words = f"{len(rows)} rows have the key (IDs {ids}): the key field was not always unique"
            return Stranger(self.written(rows[0]), ours=False, message=words)
        return self.written(rows[0]) if rows else None

    # --- writes -----------------------------------------------------------------------------------------------------------

    def create(self, writes: Sequence[Write]) -> Sequence[Written | ZsyncError]:
        """Each result is matched by place, and by the key where it shows one: they must say the same."""
        records = [{name: value for name, value in sendable(each.body).items() if value not in ("", [])} for each in writes]
        results = self._client.add(self.name, records, [self.rule.key])
        return [self._created(write, result) for write, result in zip(writes, results, strict=True)]

    def _created(self, write: Write, result: Mapping[str, Any]) -> Written | ZsyncError:
        if code_of(result) not in (DONE, None):
            return self._no(result)
        data, key = result.get("data"), key_text(write.body[self.rule.key])
        id = id_of(data) if code_of(result) == DONE else ""
        if not isinstance(data, Mapping) or not id:
            return InDoubt("the result of a record is not understood", remote=REMOTE)
        told = data.get(self.rule.key)
        if told is not None and not _same(write.body[self.rule.key], told):
            return InDoubt("the results do not stand in the order of the records", remote=REMOTE)
        return Written(id, number=key)

    def update(self, standing: Standing, body: Body) -> Written:
        answer = self._client.update(self.rule.report, standing.id, sendable(body))
        result = answer.get("data", answer) if answer else {}
        if not isinstance(result, Mapping) or not result:
            raise refused(GONE, f"row {standing.id} is gone")
        return Written(standing.id, number=key_text(body[self.rule.key]))

    def withdraw(self, standing: Standing) -> Written | None:
        """Taking back twice is taking back once."""
        try:
            if self.rule.flag:
                self._client.update(self.rule.report, standing.id, {self.rule.flag: _flag(self.rule.gone)})
                return Written(standing.id, number=standing.written.number, status=DISABLED)
            answer = _deleted(standing, _Named(self._client.delete(self.rule.report, standing.id)))
        except Refused as err:
            answer = Gone() if err.gone else err
        if isinstance(answer, Gone):
            return None
        raise answer or InDoubt("the answer does not name the row", remote=REMOTE)

    def revive(self, standing: Standing) -> Written:
        self._client.update(self.rule.report, standing.id, {self.rule.flag: _flag(self.rule.back)})
        return Written(standing.id, number=standing.written.number)

    def _no(self, result: Mapping[str, Any]) -> ZsyncError:
        """Why a record was not taken. Of its key alone a refusal may mean that it is there already."""
        code, error = code_of(result), result.get("error")
        if code == FULL:
            full = classify("POST", 200, code, "")
            assert full is not None
            return full
        about_key = isinstance(error, Mapping) and self.rule.key in error
        said_so = not isinstance(error, Mapping) and _speaks_of_a_double(words_of(result))
        duplicate = code == INVALID and (about_key or said_so)
        return refused(code or 0, words_of(result), duplicate=duplicate)

    # --- pure -------------------------------------------------------------------------------------------------------------

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        """Fields that the report does not show cannot be compared."""
        content = written.content or {}
        return [
            Difference(name, _shown(ours), _shown(content[name]))
            for name, ours in body.items()
            if name in content and not _same(ours, content[name])
        ]

    def shown(self, body: Body, written: Written) -> bool:
        return False

    def objection(self, body: Body, written: Written) -> None:
        return None

    def renamed(self, key: Key, body: Body) -> None:
        return None


class FormLots:
    """Implements `zsync.ports.Lots` for a form."""

    def __init__(self, module: FormModule) -> None:
        self._module = module
        self._rule = module.rule

    @property
    def replaces(self) -> bool:
        return self._rule.replaces

    @property
    def unseen(self) -> str:
        return (
            f"the report `{self._rule.report}` does not show the row that has this key: let it show all rows, then `zsync retry`"
        )

    def most(self, handling: Handling) -> int:
        match handling:
            case "find" | "read":
                return KEYS
            case "revive":
                return 1
            case _:
                return LOT

    def alike(self, standing: Standing, body: Body) -> str:
        """The change itself, where what stood before is known: rows that get the same fields go together."""
        change = _change(standing, body)
        return digest(change) if change and self._rule.key not in change else ""

    def read(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | None]:
        rows = self._module.by_id([each.id for each in standings])
        return [self._module.seen(rows[each.id]) if each.id in rows else None for each in standings]

    def update(self, changes: Sequence[tuple[Standing, Body]]) -> Sequence[Written | ZsyncError | None]:
        change = sendable(_change(*changes[0]))
        results = _Named(self._client.update_where(self._rule.report, _ids([each.id for each, _ in changes]), change))
        return [self._answer(each, results, key_text(body[self._rule.key])) for each, body in changes]

    def withdraw(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | ZsyncError | None]:
        criteria = _ids([each.id for each in standings])
        if self._rule.flag:
            marked = _Named(self._client.update_where(self._rule.report, criteria, {self._rule.flag: _flag(self._rule.gone)}))
            return [self._marked(each, marked) for each in standings]
        results = _Named(self._client.delete_where(self._rule.report, criteria))
        return [_deleted(each, results) for each in standings]

    @property
    def _client(self) -> CreatorClient:
        return self._module._client

    def _marked(self, standing: Standing, results: _Named) -> Written | ZsyncError | None:
        answer = self._answer(standing, results, standing.written.number)
        return Written(answer.id, number=answer.number, status=DISABLED) if isinstance(answer, Written) else answer

    def _answer(self, standing: Standing, results: _Named, number: str) -> Written | ZsyncError | None:
        result = results.of(standing)
        if result is None or isinstance(result, ZsyncError):
            return result
        if code_of(result) != DONE:
            return refused(code_of(result) or 0, words_of(result))
        return Written(standing.id, number=number)


class _Named:
    """The results of a call by criteria, by the IDs that they name."""

    def __init__(self, results: Sequence[Mapping[str, Any]]) -> None:
        self._by_id = {id_of(each.get("data")): each for each in results}

    def of(self, standing: Standing) -> Mapping[str, Any] | InDoubt | None:
        """A row's result; None where none names it. Doubt where one of the results could not be read: it may be this row's."""
        found = self._by_id.get(standing.id)
        if found is not None and code_of(found) is not None:
            return found
        if found is not None or "" in self._by_id:
            return InDoubt("the result of a record is not understood", remote=REMOTE)
        return None


def _deleted(standing: Standing, results: _Named) -> Gone | ZsyncError | None:
    result = results.of(standing)
    if result is None or isinstance(result, ZsyncError):
        return result
    return Gone() if code_of(result) in (DONE, GONE) else refused(code_of(result) or 0, words_of(result))


_ID = re.compile(r"[0-9]{6,20}")


def sendable(body: Mapping[str, Node]) -> dict[str, object]:
    """A body as it is sent: an empty text clears a field."""
    return {name: "" if value is None else value for name, value in body.items()}


def _change(standing: Standing, body: Body) -> Body:
    """The fields that are not as they stood; empty where it is not known how they stood."""
    if not standing.body:
        return {}
    return {name: value for name, value in body.items() if name not in standing.body or standing.body[name] != value}


def id_of(data: object) -> str:
    """The ID that a result tells; empty for anything but the long number, in quotation marks, that every recorded one is."""
    told = data.get("ID") if isinstance(data, Mapping) else None
    return told if isinstance(told, str) and _ID.fullmatch(told) else ""


def _ids(ids: Sequence[str]) -> str:
    return "||".join(f"ID=={id}" for id in ids)


def _operand(key: Node) -> str:
    """A key in a criteria: numbers bare, text in double quotes (the mapping lets no quotation mark through)."""
    return plain(key) if isinstance(key, Decimal) else f'"{key_text(key)}"'


def _flag(value: object) -> object:
    return "" if value is None else value


def _speaks_of_a_double(words: str) -> bool:
    """Where the refusal does not name the field, its words are all there is; a look follows before anything else."""
    text = words.casefold()
    return "exist" in text or "unique" in text or "duplicate" in text


# --- comparing --------------------------------------------------------------------------------------------------------------


def _same(ours: object, theirs: object) -> bool:
    """Whether what stands there is what was written, in whatever form Creator shows it."""
    if _is_nothing(ours) or _is_nothing(theirs):
        return _is_nothing(ours) and _is_nothing(theirs)
    match ours, theirs:
        case bool(), _:
            return str(theirs).lower() == str(ours).lower()
        case dict(), Mapping():
            return all(_same(value, theirs.get(name)) for name, value in ours.items())
        case list(), list():
            return _same_lists(ours, theirs)
        case _, Mapping() if "ID" in theirs:
            return str(theirs["ID"]) == _plain_text(ours)
        case dict(), _:
            return _plain_text(theirs) == str(ours.get("url", ""))
        case _:
            return _same_texts(_plain_text(ours), _plain_text(theirs))


def _same_lists(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Choices and lookups have no order; the rows of a subform have."""
    if any(isinstance(each, dict) for each in ours):
        return len(ours) == len(theirs) and all(_same(one, other) for one, other in zip(ours, theirs, strict=True))
    named = [each["ID"] if isinstance(each, Mapping) and "ID" in each else each for each in theirs]
    return sorted(map(_plain_text, ours)) == sorted(map(_plain_text, named))


def _same_texts(ours: str, theirs: str) -> bool:
    if ours == theirs or _SPACES.sub(" ", ours).strip() == _SPACES.sub(" ", theirs).strip():
        return True
    try:
        return Decimal(ours) == Decimal(theirs.replace(",", ""))
    except InvalidOperation:
        return False


def _is_nothing(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_nothing(each) for name, each in value.items() if name != "ID")
    return value is None or value == "" or value == []


def _plain_text(value: object) -> str:
    match value:
        case Decimal():
            return plain(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case Ref():
            return str(value.key)
        case Mapping():
            return str(value.get("zc_display_value") or ", ".join(_shown(each) for each in value.values()))
        case list():
            return ", ".join(_shown(each) for each in value)
        case _:
            return _plain_text(value)


def rows_of_keys(
    module: FormModule, keys: Sequence[Node], rows: Iterator[Mapping[str, Any]]
) -> dict[str, list[Mapping[str, Any]]]:
    """Of all rows of a report those that have one of these keys, by key."""
    wanted = {key_text(key) for key in keys}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = module.key_in(row)
        if key in wanted:
            found.setdefault(key, []).append(row)
    return found


__all__ = ["FormLots", "FormModule", "Refused", "rows_of_keys", "sendable"]
