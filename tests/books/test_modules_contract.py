"""Each module of Zoho Books keeps the promises of `zsync.ports.Module`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from books.bodies import APPLICATION, CONTACT, CREDIT, CURRENCY, INVOICE, ITEM, ORDER, PAYMENT, REFUND, key, lines
from books.fake_books import FakeBooks
from contract.module_contract import ModuleContract, Stage, created
from zsync.model.intent import Body, Node
from zsync.model.key import Key
from zsync.ports import Standing
from zsync.targets.books.modules import modules


def stage(books: FakeBooks, name: str, key: Key, body: Body, kind: str, *, other: Body | None = None) -> Stage:
    """A stage over the fake; `kind` is the path of the documents that `destroy` and `garble` are about."""

    def fail(error: Exception) -> None:
        books.fail_next = error

    def garble() -> None:
        books.on_answer = lambda answer: answer.clear()

    def destroy() -> None:
        books.docs[kind].popitem()

    return Stage(modules(books)[name], key, body, lambda: len(books.writes()), fail, garble, destroy, other)


class TestContacts(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        other: Body = {**CONTACT, "notes": "late arrival", "contact_persons": [{"first_name": "Ada", "last_name": "Gast"}]}
        made = stage(books, "contacts", key("customer:8"), CONTACT, "contacts", other=other)

        def strange() -> None:
            books.by_hand("contacts", contact_name="ADA guest", contact_type="customer", contact_number="CUS-1")

        return replace(made, withdrawn_is_found=True, strange=strange)


class TestItems(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        other: Body = {**ITEM, "rate": Decimal("120"), "description": "sea view"}
        made = stage(books, "items", key("room_type:5"), ITEM, "items", other=other)

        def strange() -> None:
            books.by_hand("items", name="Double (ROOM-5)", sku="", rate=Decimal(1))

        return replace(made, withdrawn_is_found=True, strange=strange)


class TestSalesOrders(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        bus: Body = {"_id": "detail:9", "item_id": "12", "name": "Bus", "quantity": Decimal(1), "rate": Decimal(8)}
        changed: list[Node] = [*lines(), bus]
        other: Body = {**ORDER, "line_items": changed, "_total": Decimal("308.50")}
        made = stage(books, "salesorders", key("order:41"), ORDER, "salesorders", other=other)

        def strange() -> None:
            books.by_hand("salesorders", salesorder_number="QLO-41", reference_number="PO 7", line_items=[])

        return replace(made, strange=strange)


class TestInvoices(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        other: Body = {**INVOICE, "due_date": "2026-04-01", "adjustment": Decimal("0.01"), "_total": Decimal("300.51")}
        made = stage(books, "invoices", key("invoice:2"), INVOICE, "invoices", other=other)

        def strange() -> None:
            books.by_hand("invoices", invoice_number="#IN000002", reference_number="other/1", line_items=[])

        return replace(made, strange=strange)


class TestPayments(ModuleContract):
    def stage(self) -> Stage:
        return stage(FakeBooks(), "payments", key("payment:13"), PAYMENT, "customerpayments")


class TestPaymentsWhoseListsShowNoReference(ModuleContract):
    """The contract does not show references in the list of payments."""

    def stage(self) -> Stage:
        return stage(FakeBooks(lists_show_references=False), "payments", key("payment:13"), PAYMENT, "customerpayments")


class TestPaymentsWhereFiltersAreIgnored(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks(ignore_filters=True)
        books.by_hand("customerpayments", customer_id="1", amount=Decimal("300.50"), reference_number="hotel:payment:99")
        made = stage(books, "payments", key("payment:13"), PAYMENT, "customerpayments")
        return replace(made, destroy=_destroying(books, "customerpayments", "hotel:payment:13"))


class TestApplications(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        invoice = books.by_hand("invoices", invoice_number="#IN000002", line_items=[], status="sent")
        payment = books.by_hand("customerpayments", customer_id="1", amount=Decimal("300.50"))
        body: Body = {**APPLICATION, "invoice_id": invoice["invoice_id"], "payment_id": payment["payment_id"]}
        made = stage(books, "applications", key("payment:13/41"), body, "invoices")

        def strange() -> None:
            taken: list[Node] = [{"payment_id": payment["payment_id"], "amount_applied": Decimal(7)}]
            books.post(f"/invoices/{invoice['invoice_id']}/credits", {"invoice_payments": taken})

        return replace(made, strange=strange, garble=None, destroy=None, steady_id=False)


class TestInvoicesSent(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        invoice = books.by_hand("invoices", invoice_number="#IN000002", line_items=[])
        made = stage(books, "invoices.sent", key("invoice:2"), {"invoice_id": invoice["invoice_id"]}, "invoices")
        return replace(made, garble=None, withdrawable=False)


class TestSalesOrdersOpen(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks(orders_start_as="draft")
        order = books.by_hand("salesorders", salesorder_number="QLO-41", line_items=[])
        made = stage(books, "salesorders.open", key("order:41"), {"salesorder_id": order["salesorder_id"]}, "salesorders")
        return replace(made, garble=None, withdrawable=False)


class TestCreditNotes(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        made = stage(books, "creditnotes", key("slip:3"), CREDIT, "creditnotes")

        def strange() -> None:
            books.by_hand("creditnotes", creditnote_number="#CS000003", reference_number="other/1", line_items=[])

        return replace(made, strange=strange)


class TestCreditNotesOpen(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks(notes_start_as="draft")
        note = books.by_hand("creditnotes", creditnote_number="#CS000003", line_items=[])
        made = stage(books, "creditnotes.open", key("slip:3"), {"creditnote_id": note["creditnote_id"]}, "creditnotes")
        return replace(made, garble=None, withdrawable=False)


class TestCreditApplications(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        note = books.by_hand("creditnotes", creditnote_number="#CS000003", line_items=[])
        body: Body = {"creditnote_id": note["creditnote_id"], "invoice_id": "77", "amount_applied": Decimal("100.50")}
        made = stage(books, "creditapplications", key("slip:3/41"), body, "creditnotes")

        def strange() -> None:
            books.post(f"/creditnotes/{note['creditnote_id']}/invoices", {"invoices": [{**body, "amount_applied": Decimal(7)}]})

        return replace(made, strange=strange, garble=None, destroy=None, steady_id=False)


class TestRefunds(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        note = books.by_hand("creditnotes", creditnote_number="#CS000003", line_items=[])
        body: Body = {**REFUND, "creditnote_id": note["creditnote_id"]}
        made = stage(books, "refunds", key("payment:22"), body, "creditnotes")
        return replace(made, destroy=lambda: books.children.clear())


class TestExcessRefunds(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        payment = books.by_hand("customerpayments", customer_id="1", amount=Decimal("300.50"))
        body: Body = {**REFUND, "payment_id": payment["payment_id"]}
        made = stage(books, "excessrefunds", key("payment:22"), body, "customerpayments")
        return replace(made, destroy=lambda: books.children.clear())


class TestCurrencies(ModuleContract):
    def stage(self) -> Stage:
        return stage(FakeBooks(), "currencies", key("currency:USD"), CURRENCY, "settings/currencies")


class TestExchangeRates(ModuleContract):
    def stage(self) -> Stage:
        books = FakeBooks()
        currency = books.by_hand("settings/currencies", currency_code="USD")
        body: Body = {"currency_id": currency["currency_id"], "rate": Decimal("0.92"), "effective_date": "2026-03-01"}
        other: Body = {**body, "rate": Decimal("0.95"), "effective_date": "2026-03-02"}
        made = stage(books, "exchangerates", key("currency:USD"), body, "settings/currencies", other=other)
        return replace(made, destroy=None, withdrawable=False)


def test_a_currency_in_use_is_kept() -> None:
    books = FakeBooks(currency_in_use=True)
    module = modules(books)["currencies"]
    made = created(stage(books, "currencies", key("currency:USD"), CURRENCY, "settings/currencies"))
    kept = module.withdraw(Standing(key("currency:USD"), made.id, CURRENCY, made))
    assert kept is not None
    assert kept.status == "kept"


def _destroying(books: FakeBooks, kind: str, reference: str) -> Callable[[], None]:
    def destroy() -> None:
        docs = books.docs[kind]
        for id in [id for id, doc in docs.items() if doc["reference_number"] == reference]:
            del docs[id]

    return destroy
