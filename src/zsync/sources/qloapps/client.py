"""The webservice: one table asked, its rows back, every answer judged (facts, sections 1 to 3).

    page()     the next rows by id, at most `page_size`; the page halves where the shop's PHP runs out of memory
    among()    the rows whose field is one of these values, in few requests
    newest()   the highest id, or the latest time of change
    stands()   whether an object exists: the only answer that is evidence of absence

JSON only, the key as the user name of basic authentication and never in the address, fields always named, and `sort` with
every `limit`: unsorted pages leave rows out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from zsync.errors import ConfigError, ContractBroken, OutOfReach, SuspiciousChange, Throttled, Unavailable, ZsyncError
from zsync.net.client import Answer, Http, Request
from zsync.sources.qloapps.tables import FIELDS, WHOLE
from zsync.sources.qloapps.values import REMOTE, Row, ident, plain

T = TypeVar("T")
Where = Mapping[str, str] | None

_LONGEST_LIST = 4000
"""Characters of one list of values in the address: with the fields' names it stays below the 8 kB of common servers."""

_KEY_HINT = "look at [source] api_key, and in the back office under Advanced Parameters > Webservice"


REFERENCE = re.compile(r"[A-Za-z0-9_.-]{1,32}\Z")
"""An id or a reference that can stand in a filter."""


@dataclass(frozen=True, slots=True)
class Query:
    """One list request. `where`: field -> filter as the webservice writes it. `dated`: dates may be filtered and sorted by."""

    table: str
    fields: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)
    sort: str = "id_ASC"
    limit: int = 1
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows by id, the id of the last one, and whether more may follow."""

    rows: list[Row]
    last: int
    more: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """The last row of a table, by id, and whose it is: a list for its owner that does not have it was cut off, or failed."""

    owner: str
    id: str


class Webservice:
    """A shop's webservice through one key. `language` is sent once it is known."""

    def __init__(self, http: Http, page_size: int) -> None:
        self._http = http
        self._page_size = page_size
        self._sizes: dict[str, int] = {}
        self._served_at: datetime | None = None
        self.language = ""

    @property
    def calls(self) -> int:
        return self._http.calls

    @property
    def served_at(self) -> datetime:
        """The server's clock at its last answer (UTC). ContractBroken before the first, or where it does not tell."""
        if self._served_at is None:
            raise ContractBroken(
                "the shop's answers do not tell its clock (Access-Time)",
                hint="a proxy before the shop must let the header Access-Time through",
                remote=REMOTE,
            )
        return self._served_at

    def page(
        self,
        table: str,
        fields: tuple[str, ...],
        *,
        after: int = 0,
        where: Where = None,
        dated: bool = False,
        most: int | None = None,
    ) -> Rows:
        """The rows with the next ids above `after`, lowest first; `most` makes the page smaller still."""
        while True:
            size = min(self._sizes.get(table, self._page_size), most or self._page_size)
            query = Query(table, fields, {**(where or {}), "id": f">[{after}]"}, limit=size, dated=dated)
            rows = self._ask(query)
            if rows is not None:
                return Rows(rows, _last_id(rows, after, table), more=len(rows) == size)
            if size == 1:
                raise _unspeakable(table, after)
            self._sizes[table] = size // 2

    def every(
        self, table: str, fields: tuple[str, ...], *, after: int = 0, where: Where = None, dated: bool = False
    ) -> Iterator[Row]:
        """All rows above `after`, lowest id first, page by page."""
        while True:
            page = self.page(table, fields, after=after, where=where, dated=dated)
            yield from page.rows
            if not page.more:
                return
            after = page.last

    def among(
        self,
        table: str,
        name: str,
        values: Iterable[str],
        *,
        fields: tuple[str, ...] | None = None,
        where: Where = None,
        witness: Witness | None = None,
    ) -> Iterator[Row]:
        """The rows whose `name` is one of `values` (ids or references), in no promised order; others are left out.

        `witness` is asked for along with them: SuspiciousChange for an answer without it.
        """
        wanted = sorted(set(values), key=lambda value: (len(value), value))
        fields = fields or FIELDS.get(table, ())
        for chunk in _chunks(wanted, self._page_size):
            if name == "id":
                found = list(self._these(table, fields, chunk))
            else:
                asked = list(dict.fromkeys([witness.owner, *chunk])) if witness else chunk
                found = list(self.every(table, fields, where={**(where or {}), name: _filter(asked)}))
            if witness and all(plain(row, "id") != witness.id for row in found):
                raise incomplete(table)
            chosen = set(chunk)
            yield from (row for row in found if plain(row, name) in chosen)

    def newest(self, table: str, name: str) -> str:
        """The highest `id`, the latest `date_upd`, ... of a table; empty for a table without rows."""
        fields = ("id",) if name == "id" else ("id", name)
        rows = self._ask(Query(table, fields, sort=f"{name}_DESC", dated=name == "date_upd"))
        if rows is None:
            raise _unspeakable(table, 0)
        return plain(rows[0], name) if rows else ""

    def witness(self, table: str, name: str, *, where: Where = None) -> Witness | None:
        """The last row of a table, and whose it is by its field `name`; None where there is none, or where nobody could be asked
        for."""
        rows = self._ask(Query(table, ("id", name), where or {}, sort="id_DESC"))
        if rows is None:
            raise _unspeakable(table, 0)
        owner = plain(rows[0], name) if rows else ""
        return Witness(owner, plain(rows[0], "id")) if REFERENCE.match(owner) else None

    def count(self, table: str) -> int:
        """How many rows a table has."""
        rows = self._bare(table)
        if rows is None:
            raise _unspeakable(table, 0)
        return len(rows)

    def ids(self, table: str) -> frozenset[str]:
        """The ids of all rows; asked for a second time where there are none, page by page where they are too many at once."""
        rows = self._bare(table)
        if rows == []:
            rows = self._bare(table)
        return frozenset(ident(row) for row in (self.every(table, ("id",)) if rows is None else rows))

    def _bare(self, table: str) -> list[Row] | None:
        """All rows, ids only: cheap even for tens of thousands, and without filter, sort or limit."""
        return self._call(f"/api/{table}", {}, lambda answer: _rows(answer, table))

    def stands(self, table: str, id: str) -> bool:
        """Whether the object exists: a 404 of the webservice itself is evidence, an empty list is not."""
        return self._call(f"/api/{table}/{id}", {"display": "[id]"}, lambda answer: _stands(answer, table))

    def tables(self) -> frozenset[str]:
        """What this key may use."""
        return self._call("/api/", {}, _names)

    def close(self) -> None:
        self._http.close()

    # --- one request ----------------------------------------------------------------------------------------------------

    def _these(self, table: str, fields: tuple[str, ...], ids: Sequence[str]) -> Iterator[Row]:
        rows = self._ask(Query(table, fields, {"id": f"[{'|'.join(ids)}]"}, limit=len(ids)))
        if rows is not None:
            yield from rows
        elif len(ids) == 1:
            raise _unspeakable(table, int(ids[0]) - 1)
        else:
            middle = len(ids) // 2
            yield from self._these(table, fields, ids[:middle])
            yield from self._these(table, fields, ids[middle:])

    def _ask(self, query: Query) -> list[Row] | None:
        """The rows; None where the shop died of the request. A failed query reads as an empty list, and what is built on
        one (a customer without an address, a line without a tax) looks whole: an empty list is asked for a second time."""
        rows = self._list(query)
        return self._list(query) if rows == [] else rows

    def _list(self, query: Query) -> list[Row] | None:
        """One request for a list."""
        params = {
            "display": "full" if query.table in WHOLE and not query.fields else f"[{','.join(query.fields)}]",
            **{f"filter[{name}]": value for name, value in query.where.items()},
            "sort": f"[{query.sort}]",
            "limit": str(query.limit),
            **({"date": "1"} if query.dated else {}),
        }
        return self._call(f"/api/{query.table}", params, lambda answer: _rows(answer, query.table))

    def _call(self, path: str, params: Mapping[str, str], judge: Callable[[Answer], T]) -> T:
        spoken = {"language": self.language} if self.language else {}

        def keep_time(answer: Answer) -> T:
            told = answer.headers.get("access-time", "")
            if told.isdecimal() and len(told) < 12:
                self._served_at = datetime.fromtimestamp(int(told), UTC)
            return judge(answer)

        return self._http.call(Request("GET", path, {**params, "output_format": "JSON", **spoken}), keep_time)


# --- what an answer means -------------------------------------------------------------------------------------------------


def _rows(answer: Answer, table: str) -> list[Row] | None:
    """The rows of a list: `{"orders":[...]}`, or `[]` for none. None where the shop died of the request."""
    if answer.status == 404:
        raise _not_a_shop(answer)
    if (answer.status in (200, 500)) and not answer.body:
        return None  # PHP ran out of memory or time (500), or a text that is no JSON was among the rows (200)
    loaded = _loaded(answer, table)
    if loaded == []:
        return []
    found = next(iter(loaded.values())) if isinstance(loaded, dict) and len(loaded) == 1 else None
    if not isinstance(found, list) or not all(isinstance(row, dict) and _is_id(row.get("id")) for row in found):
        raise ContractBroken(f"the list `{table}` has another shape than expected", remote=REMOTE)
    return found


def _is_id(value: object) -> bool:
    """A number, or its text: which of them depends on the table."""
    return isinstance(value, int | str) and re.fullmatch(r"[0-9]{1,18}", str(value)) is not None


def _stands(answer: Answer, table: str) -> bool:
    if answer.status == 404:
        if answer.body:
            raise _not_a_shop(answer)
        return False
    _loaded(answer, table)
    return True


def _names(answer: Answer) -> frozenset[str]:
    if answer.status == 404:
        raise _not_a_shop(answer)
    loaded = _loaded(answer, "")
    if not isinstance(loaded, list) or not all(isinstance(name, str) for name in loaded):
        raise _not_a_shop(answer)
    return frozenset(loaded)


def _loaded(answer: Answer, table: str) -> object:
    """The JSON of a good answer; raises what any other one means."""
    if answer.status != 200:
        raise classify(answer, table)
    try:
        loaded: object = answer.json()
    except ContractBroken as err:
        raise ContractBroken(
            "the shop's answer is no JSON",
            hint="if the shop runs in developer mode (_PS_MODE_DEV_), warnings are printed into its answers: switch it off",
            remote=REMOTE,
        ) from err
    if isinstance(loaded, dict) and "errors" in loaded:
        raise ContractBroken("the shop answered with an error in place of data", remote=REMOTE)
    return loaded


def classify(answer: Answer, table: str) -> ZsyncError:
    """The error that an answer other than 200 means (facts, section 1)."""
    codes = _codes(answer)
    match answer.status:
        case 301 | 302 | 303 | 307 | 308:
            return _elsewhere(answer)
        case 401 if 18 in codes:
            return ConfigError("the webservice key is not 32 characters long", hint=_KEY_HINT, remote=REMOTE)
        case 401 if 20 in codes or 21 in codes:
            return ConfigError("the shop does not know the webservice key, or it is not active", hint=_KEY_HINT, remote=REMOTE)
        case 401 | 405 if 26 in codes or 25 in codes:
            return ConfigError(
                f"the webservice key may not read `{table}`",
                hint=f"give it GET on `{table}` in the back office under Advanced Parameters > Webservice",
                remote=REMOTE,
            )
        case 401:
            return ConfigError(
                "the webservice key did not reach the shop",
                hint="the web server drops the header Authorization (with PHP as CGI: let it through, `CGIPassAuth On`)",
                remote=REMOTE,
            )
        case 403 if 132 in codes:
            return ConfigError("the webservice key is not linked to this shop", hint=_KEY_HINT, remote=REMOTE)
        case 403:
            return ConfigError(
                "the web server forbids access to the webservice", hint="look at its rules for /api", remote=REMOTE
            )
        case 404:
            return _not_a_shop(answer)
        case 429:
            return Throttled("the shop's server asks for a pause", after_s=30, remote=REMOTE)
        case 503 if 22 in codes:
            return ConfigError(
                "the shop's webservice is switched off",
                hint="switch it on in the back office under Advanced Parameters > Webservice",
                remote=REMOTE,
            )
        case status if status >= 500:
            return Unavailable(
                f"the shop answered {status}{_told(codes)} when asked for `{table or 'api'}`",
                hint="look at the shop's error log",
                remote=REMOTE,
            )
        case status:
            return ContractBroken(
                f"the shop refuses the request for `{table}`: {status}{_told(codes)}",
                hint="made for QloApps 1.6.1; another version may name things differently",
                remote=REMOTE,
            )


def _codes(answer: Answer) -> frozenset[int]:
    """The codes of `{"errors":[{"code":..,"message":..}]}`; none where the body is something else."""
    if answer.content_type != "application/json":
        return frozenset()
    try:
        loaded = answer.json()
    except ContractBroken:
        return frozenset()  # the status alone has to do
    errors = loaded.get("errors") if isinstance(loaded, dict) else None
    found = [each.get("code") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return frozenset(code for code in found if isinstance(code, int))


def _told(codes: frozenset[int]) -> str:
    return f" (code {', '.join(map(str, sorted(codes)))})" if codes else ""


def _elsewhere(answer: Answer) -> ConfigError:
    """QloApps sends every host name that is not its own to the shop's domain; so do web servers from http to https."""
    where = urlsplit(answer.headers.get("location", ""))
    words = f" and names `{where.scheme}://{where.netloc}`" if where.netloc else ""
    return ConfigError(
        f"the shop does not answer under this address{words}",
        hint="set [source] url to the shop's own domain (back office: Preferences > SEO & URLs); redirects are not followed",
        remote=REMOTE,
    )


def _not_a_shop(answer: Answer) -> ConfigError:
    return ConfigError(
        f"there is no QloApps webservice at this address (status {answer.status})",
        hint="set [source] url to the shop's address without `/api`; friendly URLs must be on (the web server rewrites `/api`)",
        remote=REMOTE,
    )


def incomplete(table: str) -> SuspiciousChange:
    """A list came without a row that is known to be there: its query failed, or a part of it."""
    return doubtful(f"a list of the hotel's table `{table}` came without a row that is there")


def doubtful(message: str) -> SuspiciousChange:
    hint = "look at the shop's error log and database; nothing was changed, and the next run reads it again"
    return SuspiciousChange(message, hint=hint, remote=REMOTE)


def _unspeakable(table: str, after: int) -> OutOfReach:
    return OutOfReach(
        f"the shop cannot give the row of `{table}` that follows id {after}",
        hint="look at the shop's PHP error log: out of memory, or a text in that row that is no UTF-8",
        remote=REMOTE,
    )


# --- lists in an address --------------------------------------------------------------------------------------------------


def _chunks(values: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """Parts of at most `most` values whose list fits into an address; `|` counts three, as it is encoded."""
    part: list[str] = []
    size = 0
    for value in values:
        if part and (len(part) == most or size + len(value) + 3 > _LONGEST_LIST):
            yield part
            part, size = [], 0
        part.append(value)
        size += len(value) + 3
    if part:
        yield part


def _filter(values: Sequence[str]) -> str:
    """One of these: as a range where they are numbers that lie close together, which is short, else as a list."""
    if all(value.isdecimal() for value in values):
        numbers = sorted(int(value) for value in values)
        if len(numbers) > 2 and numbers[-1] - numbers[0] < 2 * len(numbers):
            return f"[{numbers[0]},{numbers[-1]}]"
    return f"[{'|'.join(values)}]"


def _last_id(rows: Sequence[Row], after: int, table: str) -> int:
    """The id that the next page follows. ContractBroken where rows do not rise: a page would be lost."""
    for row in rows:
        id = int(ident(row))
        if id <= after:
            raise ContractBroken(f"the rows of `{table}` do not come in the order asked for", remote=REMOTE)
        after = id
    return after
