"""Zoho Books in memory, as far as the modules speak to it: a client that keeps `Calls` and writes down each request.

It is what makes the modules' tests quick and exact; how the whole behaves is the sandbox's matter. It refuses what the facts
say is refused, with the documented codes, and shows what answers show.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zsync.errors import InDoubt, Refused

Doc = dict[str, Any]

_KINDS = {
    "contacts": ("contact", "contact_id", "contact_name", "3062"),
    "items": ("item", "item_id", "name", "1001"),
    "salesorders": ("salesorder", "salesorder_id", "salesorder_number", "36004"),
    "invoices": ("invoice", "invoice_id", "invoice_number", "1001"),
    "customerpayments": ("payment", "payment_id", "", ""),
    "creditnotes": ("creditnote", "creditnote_id", "creditnote_number", "12018"),
    "settings/currencies": ("currency", "currency_id", "currency_code", "9001"),
}
_CHILDREN = {
    ("creditnotes", "invoices"): ("invoices_credited", "", "creditnote_invoice_id"),
    ("creditnotes", "refunds"): ("creditnote_refunds", "creditnote_refund", "creditnote_refund_id"),
    ("customerpayments", "refunds"): ("payment_refunds", "payment_refunds", "payment_refund_id"),
    ("settings/currencies", "exchangerates"): ("exchange_rates", "exchange_rate", "exchange_rate_id"),
}
"""What hangs on a document: the key of its list, of one of it in an answer, and its id."""

_LISTED = {
    "contacts": ("contact_id", "contact_name", "contact_type", "status"),
    "items": ("item_id", "name", "sku", "status"),
    "salesorders": ("salesorder_id", "salesorder_number", "reference_number", "status", "total"),
    "invoices": ("invoice_id", "invoice_number", "reference_number", "status", "total"),
    "customerpayments": ("payment_id", "payment_number", "reference_number", "customer_id", "amount", "date", "status"),
    "creditnotes": ("creditnote_id", "creditnote_number", "reference_number", "status", "total"),
}


@dataclass(frozen=True)
class Sent:
    """One request as it left."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None


@dataclass
class FakeBooks:
    """Keeps `zsync.targets.books.modules.base.Calls`. The switches turn on what real organisations do."""

    docs: dict[str, dict[str, Doc]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    children: dict[tuple[str, str, str], list[Doc]] = field(default_factory=lambda: defaultdict(list))
    sent: list[Sent] = field(default_factory=list)
    ignore_filters: bool = False
    keeps_contact_numbers: bool = True
    lists_show_references: bool = True
    names_applications: bool = True
    orders_start_as: str = "open"
    notes_start_as: str = "open"
    currency_in_use: bool = False
    on_answer: Callable[[Doc], None] = field(default=lambda answer: None)
    fail_next: Exception | None = None

    def __post_init__(self) -> None:
        self._ids = (str(4600000000000000000 + n) for n in itertools.count(1))

    # --- what modules call ---------------------------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._note("GET", path, params, None)
        kind, *rest = _parts(path)
        if not rest:
            return {"code": 0, "currencies": deepcopy(list(self.docs[kind].values()))}
        if (kind, *rest[1:2]) in _CHILDREN:
            return self._child(kind, *rest)
        if len(rest) == 2 and rest[1] == "creditsapplied":
            return {"code": 0, "credits": self._credits_of(rest[0])}
        if len(rest) == 2 and rest[1] == "payments":
            return {"code": 0, "payments": self._payments_of(self._doc(kind, rest[0])["invoice_id"])}
        return {"code": 0, _KINDS[kind][0]: self._shown(kind, self._doc(kind, rest[0]))}

    def pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        self._note("GET", path, {**(params or {}), "page": "1", "per_page": "200"}, None)
        kind, *rest = _parts(path)
        if rest:
            yield from deepcopy(self._children(kind, rest))
            return
        hidden = () if self.lists_show_references else ("reference_number",)
        for doc in list(self.docs[kind].values()):
            if self.ignore_filters or all(_fits(kind, doc, *each) for each in (params or {}).items()):
                yield {name: deepcopy(doc[name]) for name in _LISTED[kind] if name in doc and name not in hidden}

    def post(
        self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        self._note("POST", path, params, body)
        kind, *rest = _parts(path)
        match rest:
            case [id, child] if (kind, child) in _CHILDREN:
                return self._hang_on(kind, id, child, deepcopy(dict(body or {})))
            case []:
                return self._answer(kind, self._create(kind, deepcopy(dict(body or {}))))
            case [id, "credits"]:
                return self._apply_credit(self._doc(kind, id), body or {})
            case [id, *verb]:
                self._move(kind, self._doc(kind, id), "/".join(verb))
                return {"code": 0, "message": "done"}
            case _:
                raise AssertionError(path)

    def put(self, path: str, body: Mapping[str, object], params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._note("PUT", path, params, body)
        kind, id = path.strip("/").split("/")
        doc = self._doc(kind, id)
        for name, value in deepcopy(dict(body)).items():
            doc[name] = {**doc.get(name, {}), **value} if isinstance(value, dict) else value
        self._complete(kind, doc)
        return self._answer(kind, doc)

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._note("DELETE", path, params, None)
        kind, id, *rest = _parts(path)
        if rest and (kind, rest[0]) in _CHILDREN:
            rows, name = self.children[kind, id, rest[0]], _CHILDREN[kind, rest[0]][2]
            kept = [row for row in rows if row[name] != rest[1]]
            if len(kept) == len(rows):
                raise Refused("no such thing", remote_code="1002", gone=True)
            self.children[kind, id, rest[0]] = kept
            return {"code": 0}
        if rest:
            for payment in self.docs["customerpayments"].values():
                kept = [row for row in payment["invoices"] if row["invoice_payment_id"] != rest[1]]
                if len(kept) != len(payment["invoices"]):
                    payment["invoices"] = kept
                    return {"code": 0}
            raise Refused("no such application", remote_code="1002", gone=True)
        self._doc(kind, id)
        if self.currency_in_use:
            raise Refused("it is used in transactions", remote_code="9005")
        del self.docs[kind][id]
        return {"code": 0}

    # --- what tests do -------------------------------------------------------------------------------------------------

    def by_hand(self, kind: str, **fields: Any) -> Doc:
        """A document that a person made in Zoho."""
        return self._create(kind, deepcopy({"reference_number": "", **fields}))

    def the(self, kind: str) -> Doc:
        """The only document of this kind."""
        (doc,) = self.docs[kind].values()
        return doc

    def writes(self) -> list[Sent]:
        return [each for each in self.sent if each.method != "GET"]

    # --- kitchen -------------------------------------------------------------------------------------------------------

    def _children(self, kind: str, rest: list[str]) -> list[Doc]:
        """What hangs on one document, or (`/creditnotes/refunds`) on all of a kind."""
        if len(rest) == 2:
            return self.children[kind, rest[0], rest[1]]
        return [row for (of, _, child), rows in self.children.items() if (of, child) == (kind, rest[0]) for row in rows]

    def _child(self, kind: str, id: str, child: str, own: str = "") -> dict[str, Any]:
        self._doc(kind, id)
        listing, one, name = _CHILDREN[kind, child]
        rows = self.children[kind, id, child]
        if not own:
            return {"code": 0, listing: deepcopy(rows)}
        found = [deepcopy(row) for row in rows if row[name] == own]
        if not found:
            raise Refused("does not exist", remote_code="1002", gone=True)
        return {"code": 0, one: found if one == listing else found[0]}

    def _hang_on(self, kind: str, id: str, child: str, body: Doc) -> dict[str, Any]:
        """An application, a refund, a rate: accepted twice."""
        self._doc(kind, id)
        listing, one, name = _CHILDREN[kind, child]
        made = [{**row, name: next(self._ids)} for row in (body["invoices"] if child == "invoices" else [body])]
        self.children[kind, id, child] += made
        shown = deepcopy(made)
        answer = {"code": 0, **({one: shown if one == listing else shown[0]} if one else {})}
        self.on_answer(answer)
        return answer

    def _credits_of(self, invoice: str) -> list[Doc]:
        applied = ((note, row) for (_, note, child), rows in self.children.items() if child == "invoices" for row in rows)
        return [
            {
                "creditnote_id": note,
                "creditnotes_invoice_id": row["creditnote_invoice_id"],
                "amount_applied": row["amount_applied"],
            }
            for note, row in applied
            if row["invoice_id"] == invoice
        ]

    def _note(self, method: str, path: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None) -> None:
        self.sent.append(Sent(method, path, dict(query or {}), deepcopy(dict(body)) if body is not None else None))
        error, self.fail_next = self.fail_next, None
        if error is not None:
            raise error

    def _answer(self, kind: str, doc: Doc) -> dict[str, Any]:
        answer = {"code": 0, _KINDS[kind][0]: self._shown(kind, doc)}
        self.on_answer(answer)
        return answer

    def _shown(self, kind: str, doc: Doc) -> Doc:
        shown = deepcopy(doc)
        if kind == "customerpayments" and not self.names_applications:
            for row in shown["invoices"]:
                del row["invoice_payment_id"]
        return shown

    def _doc(self, kind: str, id: str) -> Doc:
        if id not in self.docs[kind]:
            raise Refused("does not exist", remote_code="1002", gone=True)
        return self.docs[kind][id]

    def _create(self, kind: str, doc: Doc) -> Doc:
        _, id_field, unique, code = _KINDS[kind]
        for other in self.docs[kind].values():
            if unique and str(other[unique]).casefold() == str(doc[unique]).casefold():
                raise Refused("it exists already", remote_code=code, duplicate=True)
        doc[id_field] = next(self._ids)
        start = {"salesorders": self.orders_start_as, "invoices": "draft", "customerpayments": "success"}
        start["creditnotes"] = self.notes_start_as
        doc.setdefault("status", start.get(kind, "active"))
        if kind == "contacts" and not self.keeps_contact_numbers:
            doc["contact_number"] = ""
        if kind == "customerpayments":
            doc["payment_number"] = str(len(self.docs[kind]) + 1)
            wanted, doc["invoices"] = doc.get("invoices", []), []
            for row in wanted:
                self._apply(doc, row["invoice_id"], row["amount_applied"])
        self._complete(kind, doc)
        self.docs[kind][doc[id_field]] = doc
        return doc

    def _complete(self, kind: str, doc: Doc) -> None:
        """Ids for lines and persons, the total, and the fields that Zoho adds."""
        for person in doc.get("contact_persons", []):
            person.setdefault("contact_person_id", next(self._ids))
        if kind in ("salesorders", "invoices", "creditnotes"):
            for place, line in enumerate(doc.get("line_items", [])):
                line.setdefault("line_item_id", next(self._ids))
                line |= {"item_order": place, "tax_percentage": Decimal(9), "item_total": line["rate"] * line["quantity"]}
            total = sum((line["item_total"] for line in doc.get("line_items", [])), Decimal(0))
            doc["total"] = total + Decimal(doc.get("adjustment") or 0)
            doc |= {"taxes": [{"tax_name": "VAT", "tax_amount": Decimal("1.23")}], "tax_total": Decimal("1.23")}
            doc.setdefault("notes", "")
        doc["last_modified_time"] = "2026-03-01T09:00:00+0100"

    def _move(self, kind: str, doc: Doc, verb: str) -> None:
        """Change a status; what is so already is refused, as an organisation may (facts, section 11)."""
        target = {"inactive": "inactive", "active": "active"}.get(verb) or verb.removeprefix("status/")
        if doc["status"] == target:
            raise Refused(f"already {target}", remote_code="4043")
        doc["status"] = target

    def _apply(self, payment: Doc, invoice_id: str, amount: Decimal) -> None:
        if self._doc("invoices", invoice_id)["status"] == "draft":
            raise Refused("a draft takes no payment", remote_code="12005")
        row = {"invoice_id": invoice_id, "amount_applied": amount, "invoice_payment_id": next(self._ids)}
        payment["invoices"].append(row)

    def _apply_credit(self, invoice: Doc, body: Mapping[str, Any]) -> dict[str, Any]:
        for each in body["invoice_payments"]:
            self._apply(self._doc("customerpayments", each["payment_id"]), invoice["invoice_id"], each["amount_applied"])
        return {"code": 0, "message": "Credits have been applied to the invoice"}

    def _payments_of(self, invoice_id: str) -> list[Doc]:
        return [
            {"payment_id": payment["payment_id"], "amount": row["amount_applied"], **row}
            for payment in self.docs["customerpayments"].values()
            for row in payment["invoices"]
            if row["invoice_id"] == invoice_id
        ]


def _parts(path: str) -> list[str]:
    """Kind, id, and what hangs on it; the kind of a setting has two words."""
    parts = path.strip("/").split("/")
    return ["/".join(parts[:2]), *parts[2:]] if parts[0] == "settings" else parts


def _fits(kind: str, doc: Doc, name: str, value: str) -> bool:
    """Whether a row passes a filter; unknown names are ignored, as Zoho does."""
    if name == "filter_by":
        return True
    if name == "search_text":
        return value.casefold() in str(doc.get("name", "")).casefold() or value.casefold() in str(doc.get("sku", "")).casefold()
    if name.endswith("_startswith"):
        return str(doc.get(name.removesuffix("_startswith"), "")).startswith(value)
    return name not in doc or str(doc[name]).casefold() == value.casefold()


UNANSWERED = InDoubt("cut off before an answer came")
