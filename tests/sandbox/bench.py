"""A bench for the stand-ins: a clock that a test moves, a sandbox, and short words for requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from werkzeug.test import Client as Caller
from werkzeug.test import TestResponse

from zsync.sandbox import FULL_ACCESS, NO_LIMITS, Accounts, Behaviour, Books, Limits, Sandbox
from zsync.sandbox.web import read_json, write_json

ORGANIZATION = "20061234567"


class Clock:
    """Seconds since 1970; stands still until it is moved. Starts at noon of 2026-03-02 UTC."""

    def __init__(self) -> None:
        self.now = 1772452800.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        found = self.body["code"]
        assert isinstance(found, int)
        return found


class Bench:
    """A sandbox with a token at hand. `get("/invoices")` and the like go to Books."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        limits: Limits = NO_LIMITS,
        accounts: Accounts | None = None,
        sleep: Callable[[float], None] | None = None,
        books: Books | None = None,
    ) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(
            books=books or Books(behaviour=behaviour, limits=limits, taxes={"VAT 9%": "9", "VAT 20%": "20"}),
            accounts=accounts or Accounts(),
            clock=self.clock,
            sleep=sleep or self.clock.sleep,
        )
        self.books = self.sandbox.books
        self.caller = Caller(self.sandbox)
        self.token, _ = self.sandbox.accounts.issue((FULL_ACCESS,))

    def ask(self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> Answer:
        raw = self.caller.open(
            f"/books/v3{path}",
            method=method,
            query_string={"organization_id": ORGANIZATION, **(query or {})},
            data=None if body is None else write_json(body),
            headers={"Authorization": f"Zoho-oauthtoken {self.token}"},
            content_type="application/json",
        )
        return answered(raw)

    def get(self, path: str, **query: str) -> Answer:
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: object = None, **query: str) -> Answer:
        return self.ask("POST", path, body, query)

    def put(self, path: str, body: object, **query: str) -> Answer:
        return self.ask("PUT", path, body, query)

    def delete(self, path: str, **query: str) -> Answer:
        return self.ask("DELETE", path, query=query)

    # --- records in one word -----------------------------------------------------------------------------------------

    def contact(self, name: str = "Ada", **more: object) -> str:
        return self._made("contact", self.post("/contacts", {"contact_name": name, **more}))

    def item(self, name: str = "Room", **more: object) -> str:
        return self._made("item", self.post("/items", {"name": name, "rate": Decimal("100"), **more}))

    def order(self, customer: str, number: str, *lines: Mapping[str, object], **more: object) -> Any:
        body = {"customer_id": customer, "salesorder_number": number, "line_items": list(lines), **more}
        answer = self.post("/salesorders", body, ignore_auto_number_generation="true")
        assert answer.status == 201, answer.body
        return answer.body["salesorder"]

    def invoice(self, customer: str, number: str, *lines: Mapping[str, object], sent: bool = True, **more: object) -> Any:
        body = {"customer_id": customer, "invoice_number": number, "line_items": list(lines), **more}
        answer = self.post("/invoices", body, ignore_auto_number_generation="true")
        assert answer.status == 201, answer.body
        id = answer.body["invoice"]["invoice_id"]
        if sent:
            assert self.post(f"/invoices/{id}/status/sent").status == 200
        return self.get(f"/invoices/{id}").body["invoice"]

    def pay(self, customer: str, amount: str, *parts: tuple[str, str], **more: object) -> Any:
        body: dict[str, object] = {
            "customer_id": customer,
            "payment_mode": "cash",
            "amount": Decimal(amount),
            "date": "2026-03-02",
        }
        if parts:
            body["invoices"] = [{"invoice_id": id, "amount_applied": Decimal(applied)} for id, applied in parts]
        answer = self.post("/customerpayments", {**body, **more})
        assert answer.status == 201, answer.body
        return answer.body["payment"]

    def _made(self, resource: str, answer: Answer) -> str:
        assert answer.status == 201, answer.body
        return str(answer.body[resource][f"{resource}_id"])


def answered(raw: TestResponse) -> Answer:
    text = raw.get_data(as_text=True)
    body = read_json(text) if raw.mimetype == "application/json" else text
    return Answer(raw.status_code, body, dict(raw.headers))


def line(rate: str, quantity: str = "1", name: str = "Night", **more: object) -> dict[str, object]:
    return {"name": name, "rate": Decimal(rate), "quantity": Decimal(quantity), **more}
