"""What the modules of Zoho Books have in common: the verbs of a document that has an address of its own.

    create   POST /documents                      withdraw   POST /documents/{id}/...
    update   PUT  /documents/{id}, whole           revive     POST /documents/{id}/...

Each write is one request. Only where a change of status is refused, or something is said to be gone, the state is read:
Zoho refuses what is done already, and has one word for all that it misses. A write that was accepted with an answer that
makes no sense may stand: it is in doubt, not broken. Keys of a body that begin with "_" are for us (`_id` of a line, `_total`
that Zoho must answer) and never leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from zsync.errors import ContractBroken, InDoubt, RecordError, Refused, TotalsDisagree
from zsync.model.intent import Body, Difference, Written, plain
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Write
from zsync.targets.books.modules.values import Content, cleared, compared, document, identity, number, other_rate, sendable, text
from zsync.targets.zoho.errors import REMOTE

OWN_NUMBER = {"ignore_auto_number_generation": "true"}


class Calls(Protocol):
    """What a module needs of the client (`zsync.targets.zoho.client.ZohoClient`); each but `pages` is one request."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def post(
        self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]: ...

    def put(self, path: str, body: Mapping[str, object], params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]: ...

    def pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]: ...


@contextmanager
def understood() -> Iterator[None]:
    """Around reading the answer of a write: what is not understood there leaves the write in doubt."""
    try:
        yield
    except ContractBroken as err:
        raise InDoubt(f"accepted, with {err.message}", remote=REMOTE) from err


class BooksModule:
    """The common half of a module. Subclasses say the names and how a document is found."""

    name = ""
    path = ""
    resource = ""  # key of one document in an answer
    listing = ""  # key of the list
    id_field = ""
    number_field = ""
    create_params: Mapping[str, str] = {}
    only_created: frozenset[str] = frozenset()  # fields that the contract knows in a create, not in an update
    unshown: frozenset[str] = frozenset()  # fields that answers may leave out: compared only where they are shown
    uncompared: frozenset[str] = frozenset()  # fields that Zoho answers in its own way, or that are compared apart
    batch = 1
    lots = None
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
            answer = self._calls.post(self.path, self._first(write), self.create_params)
        except RecordError as err:
            return [err]
        with understood():
            return [self._answered(document(answer, self.resource), write.body, {})]

    def read(self, standing: Standing) -> Written | Gone:
        content = self.content(standing.id)
        if content is None or self._is_void(content):
            return Gone()
        return self._written(content, standing.body, standing.written.parts)

    def update(self, standing: Standing, body: Body) -> Written:
        if not self.updatable:
            raise RuntimeError(f"{self.name} are accepted as they are")
        try:
            answer = self._calls.put(f"{self.path}/{standing.id}", self._whole(standing, body), self.create_params)
        except Refused as err:
            raise self._gone_or_refused(standing, err) from err
        with understood():
            return self._answered(document(answer, self.resource), body, self._live_parts(standing))

    def withdraw(self, standing: Standing) -> Written | None:
        raise RuntimeError(f"{self.name} are not withdrawn")

    def revive(self, standing: Standing) -> Written:
        raise RuntimeError(f"{self.name} are not revived")

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        if written.content is None:
            raise ValueError(f"the answer about {written.id} was not kept, so nothing can be compared")
        return list(self._differences(body, written.content, written.parts))

    def shown(self, body: Body, written: Written) -> bool:
        return False

    def objection(self, body: Body, written: Written) -> RecordError | None:
        """Zoho computed another total than the source's: nothing may build on the document."""
        expected = self._expected(body)
        if expected is None or written.total == expected:
            return None
        theirs = "no total" if written.total is None else f"a total of {plain(written.total)}"
        return TotalsDisagree(
            f"Zoho shows {theirs}, the source says {plain(expected)}",
            detail="" if written.total is None else f"{plain(expected - written.total)} apart",
            hint="compare the document in Zoho line by line: rounding and tax settings of the organisation decide",
        )

    def renamed(self, key: Key, body: Body) -> Body | None:
        return None

    # --- kitchen --------------------------------------------------------------------------------------------------------

    def _find(self, key: Key, body: Body) -> Found:
        raise RuntimeError("a module says how it finds")

    def _first(self, write: Write) -> dict[str, Any]:
        """The body of a POST."""
        body: dict[str, Any] = sendable(write.body)
        return body

    def _whole(self, standing: Standing, body: Body) -> dict[str, Any]:
        """The body of a PUT: every field that we own. What was written before and is wanted no more goes empty, since
        a field that is left out may stay."""
        whole: dict[str, Any] = sendable(body)
        for name, empty in cleared(standing.body, body).items():
            if isinstance(empty, dict) and isinstance(whole.get(name), dict):
                whole[name] = {**empty, **whole[name]}
            else:
                whole.setdefault(name, empty)
        return {name: value for name, value in whole.items() if name not in self.only_created}

    def content(self, id: str) -> Content | None:
        """The whole document, or None if there is none."""
        try:
            return document(self._calls.get(f"{self.path}/{id}"), self.resource)
        except Refused as err:
            if err.gone:
                return None
            raise

    def _listed(self, params: Mapping[str, str]) -> Iterator[Content]:
        return self._calls.pages(self.path, self.listing, params)

    def _is_void(self, content: Content) -> bool:
        return text(content, "status").lower() in self.void_statuses

    def _moved(self, standing: Standing, verb: str, status: str, body: Mapping[str, object] | None = None) -> Written | None:
        """Change the status by one call; one that is refused because it is so already counts as done. None: it is gone."""
        try:
            self._calls.post(f"{self.path}/{standing.id}/{verb}", body)
        except Refused as err:
            content = None if err.gone else self.content(standing.id)
            if content is None:
                return None
            if text(content, "status").lower() != status:
                raise
        return replace(standing.written, id=standing.id, status=status, content=None, carried={})

    def _revived(self, standing: Standing, verb: str, status: str) -> Written:
        moved = self._moved(standing, verb, status)
        if moved is None:
            raise Refused(f"{self.resource} {standing.id} is gone", gone=True, key=standing.key, remote=REMOTE)
        return moved

    def _answered(self, content: Content, body: Body, parts: Mapping[str, str]) -> Written:
        """What the answer to a write says. ContractBroken where it tells less than what builds on it needs."""
        return self._written(content, body, parts)

    def _written(self, content: Content, body: Body, parts: Mapping[str, str] | None = None) -> Written:
        return Written(
            id=identity(content, self.id_field),
            number=text(content, self.number_field) if self.number_field else "",
            total=number(content.get("total")),
            status=text(content, "status").lower(),
            modified=text(content, "last_modified_time"),
            parts=self._parts(content, body, parts or {}),
            otherwise=other_rate(body, content),
            content=content,
        )

    def _parts(self, content: Content, body: Body, parts: Mapping[str, str]) -> Mapping[str, str]:
        return {}

    def _gone_or_refused(self, standing: Standing, err: Refused) -> Refused:
        """`gone` may speak of what the body names (an item, the customer) and not of the document: the state decides."""
        if not err.gone or self.content(standing.id) is None:
            return err
        return Refused(
            f"the {self.resource} stands, but not what it names: {err.message}",
            remote_code=err.remote_code,
            hint="was its customer, or an item of a line, deleted in Zoho? `zsync show` names them",
            remote=err.remote,
            request_id=err.request_id,
        )

    def _live_parts(self, standing: Standing) -> Mapping[str, str]:
        """The parts that stand there still, as far as the last reading tells."""
        return standing.written.parts

    def _differences(self, body: Body, content: Content, parts: Mapping[str, str]) -> Iterator[Difference]:
        for name, ours in body.items():
            if not name.startswith("_") and name not in self.uncompared and (name not in self.unshown or name in content):
                yield from compared(name, ours, content.get(name))

    def _expected(self, body: Body) -> Decimal | None:
        """The total that the remote must answer, if there is one."""
        return number(body.get("_total"))
