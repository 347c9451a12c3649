"""What is particular to each module of Zoho Books: whose a document is, what a PUT carries, what is never sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from books.bodies import CONTACT, INVOICE, ITEM, ORDER, PAYMENT, key, lines
from books.fake_books import FakeBooks
from zsync.errors import ContractBroken, InDoubt, Refused, TotalsDisagree
from zsync.model.intent import Body, Node, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Rider, Standing, Stranger, Write
from zsync.targets.books.modules import modules
from zsync.targets.books.modules.values import cleared

ORDER_KEY, INVOICE_KEY, CUSTOMER = key("order:41"), key("invoice:2"), key("customer:8")


def create(books: FakeBooks, name: str, body: Body, own: str, *riders: Rider, key_field: str = "") -> Written:
    (made,) = modules(books, key_field)[name].create([Write(key(own), body, riders)])
    assert isinstance(made, Written), made
    return made


def find(books: FakeBooks, name: str, body: Body, own: str, key_field: str = "") -> Written | Stranger | None:
    (found,) = modules(books, key_field)[name].find([(key(own), body)])
    return found


def look(books: FakeBooks, name: str, body: Body, own: str, made: Written) -> Standing:
    """As the engine does before an update: read, then write with what was read."""
    seen = modules(books)[name].read(Standing(key(own), made.id, body, replace(made, content=None)))
    assert isinstance(seen, Written)
    return Standing(key(own), made.id, body, seen)


# --- contacts ---------------------------------------------------------------------------------------------------------------


def test_a_contact_without_our_number_is_ours_if_it_equals_what_was_sent() -> None:
    books = FakeBooks(keeps_contact_numbers=False)
    create(books, "contacts", CONTACT, "customer:8")
    found = find(books, "contacts", CONTACT, "customer:8")
    assert isinstance(found, Stranger)
    assert found.ours


def test_a_contact_with_another_guests_key_is_never_ours_however_equal() -> None:
    books = FakeBooks()
    create(books, "contacts", {**CONTACT, "contact_number": "hotel:customer:9"}, "customer:9")
    found = find(books, "contacts", CONTACT, "customer:8")
    assert isinstance(found, Stranger)
    assert not found.ours


def test_a_vendor_of_our_name_is_not_ours() -> None:
    books = FakeBooks()
    books.by_hand("contacts", **{**CONTACT, "contact_number": "", "contact_type": "vendor"})
    found = find(books, "contacts", CONTACT, "customer:8")
    assert isinstance(found, Stranger)
    assert not found.ours


def test_the_key_in_a_custom_field_proves_a_contact_ours() -> None:
    books = FakeBooks(keeps_contact_numbers=False)
    create(books, "contacts", CONTACT, "customer:8", key_field="cf_zsync")
    assert books.the("contacts")["custom_fields"] == [{"api_name": "cf_zsync", "value": "hotel:customer:8"}]
    assert isinstance(find(books, "contacts", {**CONTACT, "notes": "edited"}, "customer:8", "cf_zsync"), Written)


def test_a_name_longer_than_the_filter_takes_is_found_by_its_beginning() -> None:
    books = FakeBooks()
    body: Body = {**CONTACT, "contact_name": "A" * 150}
    create(books, "contacts", body, "customer:8")
    assert isinstance(find(books, "contacts", body, "customer:8"), Written)
    assert all(len(value) <= 100 for each in books.sent for value in each.query.values())


def test_a_contact_that_yields_its_name_takes_the_sources_id_behind_it_and_stays_within_the_limit() -> None:
    contacts = modules(FakeBooks())["contacts"]
    renamed = contacts.renamed(CUSTOMER, {**CONTACT, "contact_name": "B" * 200})
    assert renamed is not None
    assert renamed["contact_name"] == "B" * 196 + " (8)"
    assert contacts.renamed(CUSTOMER, renamed) is None
    assert contacts.renamed(key("customer:8/USD"), {**CONTACT, "contact_name": "Ada Guest (8) USD"}) is None


def test_a_put_of_a_contact_keeps_the_person_that_somebody_added_in_zoho() -> None:
    books = FakeBooks()
    made = create(books, "contacts", CONTACT, "customer:8")
    books.the("contacts")["contact_persons"].append({"contact_person_id": "999", "first_name": "Bob", "email": "bob@example.com"})
    standing = look(books, "contacts", CONTACT, "customer:8", made)
    modules(books)["contacts"].update(standing, {**CONTACT, "notes": "new"})
    persons = books.the("contacts")["contact_persons"]
    assert [person["first_name"] for person in persons] == ["Ada", "Bob"]
    assert persons[0]["contact_person_id"] == made.parts["person:0"]


def test_an_update_sends_our_number_with_its_flag_as_the_create_does() -> None:
    books = FakeBooks()
    made = create(books, "contacts", CONTACT, "customer:8")
    modules(books)["contacts"].update(look(books, "contacts", CONTACT, "customer:8", made), {**CONTACT, "notes": "new"})
    for each in books.writes():
        assert each.body is not None
        assert (each.body["contact_number"], each.body["ignore_auto_number_generation"]) == ("hotel:customer:8", True)


def test_what_a_contact_no_longer_has_is_emptied_and_what_a_person_wrote_there_is_left() -> None:
    books = FakeBooks()
    made = create(books, "contacts", CONTACT, "customer:8")
    books.the("contacts")["website"] = "https://example.com"
    without = {name: value for name, value in CONTACT.items() if name != "notes"}
    standing = look(books, "contacts", CONTACT, "customer:8", made)
    modules(books)["contacts"].update(standing, {**without, "billing_address": {"address": "2 Quay Street", "city": "Porto"}})
    contact = books.the("contacts")
    assert contact["notes"] == ""
    assert contact["billing_address"] == {"address": "2 Quay Street", "city": "Porto", "country": ""}
    assert contact["website"] == "https://example.com"


def test_an_edit_by_a_person_shows_as_a_difference_but_zohos_own_formats_do_not() -> None:
    books = FakeBooks()
    made = create(books, "contacts", CONTACT, "customer:8")
    contact = books.the("contacts")
    contact["contact_persons"][0]["email"] = "ADA@example.com"
    contact["notes"] = "VAT number: PT1\r\n"
    standing = look(books, "contacts", CONTACT, "customer:8", made)
    assert list(modules(books)["contacts"].differences(CONTACT, standing.written)) == []
    contact["billing_address"]["city"] = "Lisboa"
    standing = look(books, "contacts", CONTACT, "customer:8", made)
    (edited,) = modules(books)["contacts"].differences(CONTACT, standing.written)
    assert (edited.field, edited.ours, edited.theirs) == ("billing_address.city", "Porto", "Lisboa")


def test_texts_that_come_back_as_html_are_the_same_texts() -> None:
    """Seen with web applications of all kinds: `&` is shown as `&amp;`, quotes as entities."""
    books = FakeBooks()
    body: Body = {**CONTACT, "contact_name": "Smith & Sons", "notes": 'Tom\'s "best" <3 & more'}
    made = create(books, "contacts", body, "customer:8")
    contact = books.the("contacts")
    contact |= {"contact_name": "Smith &amp; Sons", "notes": "Tom&#39;s &quot;best&quot; &lt;3 &amp; more"}
    standing = look(books, "contacts", body, "customer:8", made)
    assert list(modules(books)["contacts"].differences(body, standing.written)) == []
    books.ignore_filters = True
    found = find(books, "contacts", body, "customer:8")
    assert isinstance(found, Written)
    assert found.id == made.id


def test_an_inactive_contact_reads_as_gone_and_can_be_taken_into_use_again() -> None:
    books = FakeBooks()
    made = create(books, "contacts", CONTACT, "customer:8")
    contacts = modules(books)["contacts"]
    withdrawn = contacts.withdraw(Standing(CUSTOMER, made.id, CONTACT, made))
    assert withdrawn is not None
    assert withdrawn.status == "inactive"
    assert isinstance(contacts.read(Standing(CUSTOMER, made.id, CONTACT, withdrawn)), Gone)
    assert contacts.revive(Standing(CUSTOMER, made.id, CONTACT, withdrawn)).status == "active"
    assert books.the("contacts")["status"] == "active"


# --- items --------------------------------------------------------------------------------------------------------------------


def test_an_item_that_has_our_sku_under_another_name_is_shown_as_a_strangers() -> None:
    books = FakeBooks()
    books.by_hand("items", name="Grand double", sku="ROOM-5", rate=Decimal(1))
    found = find(books, "items", ITEM, "room_type:5")
    assert isinstance(found, Stranger)
    assert not found.ours
    assert "ROOM-5" in found.message


# --- sales orders and invoices --------------------------------------------------------------------------------------------------


def test_the_lines_of_an_answer_are_known_by_our_ids() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    order = books.the("salesorders")
    assert dict(made.parts) == {
        "stay:2": order["line_items"][0]["line_item_id"],
        "detail:5": order["line_items"][1]["line_item_id"],
    }


def test_lines_that_come_back_in_another_order_are_told_apart_by_their_content() -> None:
    books = FakeBooks()
    books.on_answer = lambda answer: answer["salesorder"]["line_items"].reverse()
    made = create(books, "salesorders", ORDER, "order:41")
    assert made.parts["stay:2"] == books.the("salesorders")["line_items"][0]["line_item_id"]


def test_an_order_in_a_list_of_one_is_understood_as_the_contract_shows_it() -> None:
    books = FakeBooks()
    books.on_answer = lambda answer: answer.update(salesorder=[answer["salesorder"]])
    assert create(books, "salesorders", ORDER, "order:41").number == "QLO-41"


def test_a_put_carries_every_line_with_its_id_and_new_ones_without() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    bus: Body = {"_id": "detail:9", "item_id": "12", "name": "Bus", "quantity": Decimal(1), "rate": Decimal(8)}
    kept: list[Node] = [lines()[0], bus]
    standing = look(books, "salesorders", ORDER, "order:41", made)
    again = modules(books)["salesorders"].update(standing, {**ORDER, "line_items": kept, "_total": Decimal(288)})
    sent = books.writes()[-1].body
    assert sent is not None
    assert [line.get("line_item_id") for line in sent["line_items"]] == [made.parts["stay:2"], None]
    assert set(again.parts) == {"stay:2", "detail:9"}
    assert again.total == Decimal(288)


def test_an_adjustment_that_is_wanted_no_more_is_sent_as_nothing() -> None:
    books = FakeBooks()
    adjusted: Body = {**INVOICE, "adjustment": Decimal("0.02"), "adjustment_description": "Rounding", "_total": Decimal("300.52")}
    made = create(books, "invoices", adjusted, "invoice:2")
    invoices = modules(books)["invoices"]
    standing = look(books, "invoices", adjusted, "invoice:2", made)
    assert [each.field for each in invoices.differences(INVOICE, standing.written)] == ["adjustment"]
    assert invoices.update(standing, INVOICE).total == Decimal("300.50")


@pytest.mark.parametrize("name", ["discount", "shipping_charge"])
def test_money_that_a_person_added_to_an_invoice_is_a_difference(name: str) -> None:
    books = FakeBooks()
    made = create(books, "invoices", INVOICE, "invoice:2")
    books.the("invoices")[name] = "0.00"
    standing = look(books, "invoices", INVOICE, "invoice:2", made)
    assert list(modules(books)["invoices"].differences(INVOICE, standing.written)) == []
    books.the("invoices")[name] = "5.00"
    standing = look(books, "invoices", INVOICE, "invoice:2", made)
    assert [each.field for each in modules(books)["invoices"].differences(INVOICE, standing.written)] == [name]


def test_a_line_added_and_a_line_taken_away_by_a_person_are_differences() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    order = books.the("salesorders")
    order["line_items"][1] = {"line_item_id": "77", "item_id": "9", "name": "Taxi", "quantity": 1, "rate": Decimal(9)}
    standing = look(books, "salesorders", ORDER, "order:41", made)
    fields = [each.field for each in modules(books)["salesorders"].differences(ORDER, standing.written)]
    assert fields == ["line detail:5", "line"]


def test_a_line_that_a_person_took_away_is_written_anew_without_its_old_id() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    del books.the("salesorders")["line_items"][1]
    standing = look(books, "salesorders", ORDER, "order:41", made)
    again = modules(books)["salesorders"].update(standing, ORDER)
    sent = books.writes()[-1].body
    assert sent is not None
    assert [line.get("line_item_id") for line in sent["line_items"]] == [made.parts["stay:2"], None]
    assert again.parts["stay:2"] == made.parts["stay:2"]
    assert again.parts["detail:5"] != made.parts["detail:5"]


def test_fewer_digits_of_an_exchange_rate_are_no_difference() -> None:
    books = FakeBooks()
    body: Body = {**INVOICE, "exchange_rate": Decimal("0.922339051835")}
    made = create(books, "invoices", body, "invoice:2")
    books.the("invoices")["exchange_rate"] = Decimal("0.922339")
    standing = look(books, "invoices", body, "invoice:2", made)
    assert list(modules(books)["invoices"].differences(body, standing.written)) == []
    books.the("invoices")["exchange_rate"] = Decimal("0.93")
    standing = look(books, "invoices", body, "invoice:2", made)
    assert [each.field for each in modules(books)["invoices"].differences(body, standing.written)] == ["exchange_rate"]


@pytest.mark.parametrize("answered", [Decimal("300.51"), None])
def test_a_total_that_is_not_the_sources_is_objected_to_with_both(answered: Decimal | None) -> None:
    books = FakeBooks()
    books.on_answer = lambda answer: answer["invoice"].update(total=answered)
    made = create(books, "invoices", INVOICE, "invoice:2")
    objection = modules(books)["invoices"].objection(INVOICE, made)
    assert isinstance(objection, TotalsDisagree)
    assert "300.5" in objection.message
    assert ("300.51" if answered else "no total") in objection.message


def test_a_number_that_is_taken_names_both_references() -> None:
    books = FakeBooks()
    books.by_hand("salesorders", salesorder_number="QLO-41", reference_number="PO 7", line_items=[])
    found = find(books, "salesorders", ORDER, "order:41")
    assert isinstance(found, Stranger)
    assert "PO 7" in found.message
    assert "YQWLUONEF/41" in found.message


def test_orders_and_invoices_are_written_under_our_own_numbers() -> None:
    """Else Zoho counts on by itself, and a second one is refused by nothing."""
    books = FakeBooks()
    for name, body, own in (("salesorders", ORDER, "order:41"), ("invoices", INVOICE, "invoice:2")):
        made = create(books, name, body, own)
        modules(books)[name].update(look(books, name, body, own, made), body)
    assert [(each.method, each.query.get("ignore_auto_number_generation")) for each in books.writes()] == [
        ("POST", "true"),
        ("PUT", "true"),
    ] * 2


@pytest.mark.parametrize(("name", "body", "own"), [("salesorders", ORDER, ORDER_KEY), ("invoices", INVOICE, INVOICE_KEY)])
def test_an_answer_that_leaves_out_lines_is_doubt_and_reading_tells_them(name: str, body: Body, own: Key) -> None:
    """An invoice's lines link to those of its order: one that is not named would stay without its invoice."""

    class Brief(FakeBooks):
        def post(
            self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
        ) -> dict[str, Any]:
            answer = super().post(path, body, params)
            answer[path.strip("/")[:-1]]["line_items"].pop()
            return answer

    books = Brief()
    with pytest.raises(InDoubt, match="leaves out 1 of 2 lines"):
        modules(books)[name].create([Write(own, body)])
    (found,) = modules(books)[name].find([(own, body)])
    assert isinstance(found, Written)
    assert len(found.parts) == 2


def test_an_order_found_after_a_lost_answer_has_the_ids_of_its_lines() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    found = find(books, "salesorders", ORDER, "order:41")
    assert isinstance(found, Written)
    assert found.parts == made.parts
    assert list(modules(books)["salesorders"].differences(ORDER, found)) == []


def test_an_invoice_that_a_person_voided_reads_as_gone() -> None:
    books = FakeBooks()
    made = create(books, "invoices", INVOICE, "invoice:2")
    books.the("invoices")["status"] = "Void"
    assert isinstance(modules(books)["invoices"].read(Standing(INVOICE_KEY, made.id, INVOICE, made)), Gone)


def test_voiding_that_is_refused_for_another_reason_stays_refused() -> None:
    books = FakeBooks()
    made = create(books, "salesorders", ORDER, "order:41")
    books.fail_next = Refused("it is invoiced", remote_code="36023")
    with pytest.raises(Refused):
        modules(books)["salesorders"].withdraw(Standing(ORDER_KEY, made.id, ORDER, made))


# --- statuses -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("draft", False),
        ("", False),
        ("void", False),
        ("pending_approval", False),
        ("sent", True),
        ("overdue", True),
        ("paid", True),
    ],
)
def test_the_parents_answer_shows_whether_an_invoice_is_sent(status: str, shown: bool) -> None:
    sent = modules(FakeBooks())["invoices.sent"]
    assert sent.parent == "invoices"
    assert sent.shown({"invoice_id": "5"}, Written("5", status=status)) is shown


def test_an_invoice_that_is_sent_already_counts_as_sent() -> None:
    books = FakeBooks()
    invoice = books.by_hand("invoices", invoice_number="#IN000002", line_items=[], status="sent")
    made = create(books, "invoices.sent", {"invoice_id": invoice["invoice_id"]}, "invoice:2")
    assert made.status == "sent"
    assert len(books.writes()) == 1


def test_a_status_that_is_refused_while_the_invoice_is_a_draft_stays_refused() -> None:
    books = FakeBooks()
    invoice = books.by_hand("invoices", invoice_number="#IN000002", line_items=[])
    books.fail_next = Refused("approval is needed", remote_code="4043")
    (said,) = modules(books)["invoices.sent"].create([Write(INVOICE_KEY, {"invoice_id": invoice["invoice_id"]})])
    assert isinstance(said, Refused)


# --- payments and applications --------------------------------------------------------------------------------------------------


def fused(books: FakeBooks) -> tuple[Written, list[Rider]]:
    """One payment over two invoices, in one call."""
    riders = []
    for number, amount in (("41", "200"), ("42", "100.50")):
        invoice = books.by_hand("invoices", invoice_number=f"#IN{number}", line_items=[], status="sent")
        body: Body = {"invoice_id": invoice["invoice_id"], "payment_id": "", "amount_applied": Decimal(amount)}
        riders.append(Rider("applications", key(f"payment:13/{number}"), body))
    return create(books, "payments", PAYMENT, "payment:13", *riders), riders


def test_a_payment_leaves_with_its_applications_in_one_call_and_each_is_answered() -> None:
    books = FakeBooks()
    made, riders = fused(books)
    assert len(books.writes()) == 1
    assert set(made.carried) == {rider.key for rider in riders}
    applied = {row["invoice_id"]: row["invoice_payment_id"] for row in books.the("customerpayments")["invoices"]}
    assert [made.carried[rider.key].id for rider in riders] == [applied[str(rider.body["invoice_id"])] for rider in riders]


def test_an_application_that_the_answer_does_not_show_with_its_amount_is_not_carried() -> None:
    books = FakeBooks()
    books.on_answer = lambda answer: answer["payment"]["invoices"][1].update(amount_applied=Decimal(3))
    made, riders = fused(books)
    assert set(made.carried) == {riders[0].key}


def test_an_application_without_an_id_of_its_own_can_be_taken_back_all_the_same() -> None:
    books = FakeBooks(names_applications=False)
    made, riders = fused(books)
    application = made.carried[riders[0].key]
    assert "/" in application.id
    body: Body = {**riders[0].body, "payment_id": made.id}
    modules(books)["applications"].withdraw(Standing(riders[0].key, application.id, body, application))
    assert len(books.the("customerpayments")["invoices"]) == 1


def test_a_payment_taken_off_its_invoice_stands_as_an_advance() -> None:
    books = FakeBooks()
    made, riders = fused(books)
    body: Body = {**riders[1].body, "payment_id": made.id}
    standing = Standing(riders[1].key, made.carried[riders[1].key].id, body, made.carried[riders[1].key])
    applications = modules(books)["applications"]
    assert applications.withdraw(standing) is None
    assert isinstance(applications.read(standing), Gone)
    assert books.the("customerpayments")["amount"] == Decimal("300.50")


def test_an_answer_without_the_list_of_payments_is_no_absence() -> None:
    books = FakeBooks()
    made, riders = fused(books)
    body: Body = {**riders[0].body, "payment_id": made.id}
    answering = modules(_Silent(books))["applications"]
    with pytest.raises(ContractBroken):
        answering.find([(riders[0].key, body)])


class _Silent(FakeBooks):
    """Answers with success and nothing in it."""

    def __init__(self, books: FakeBooks) -> None:
        super().__init__(docs=books.docs)

    def get(self, path: str, params: object = None) -> dict[str, object]:
        return {"code": 0}


def test_absence_of_a_payment_is_asked_of_both_lists() -> None:
    books = FakeBooks()
    assert find(books, "payments", PAYMENT, "payment:13") is None
    asked = [set(each.query) - {"page", "per_page"} for each in books.sent]
    assert asked == [{"reference_number"}, {"customer_id"}]


def test_a_payment_whose_reference_only_begins_like_ours_is_not_found() -> None:
    books = FakeBooks()
    books.by_hand("customerpayments", customer_id="1", amount=Decimal("300.50"), reference_number="hotel:payment:130")
    assert find(books, "payments", PAYMENT, "payment:13") is None


# --- never ------------------------------------------------------------


def test_nothing_that_makes_zoho_write_to_a_guest_is_ever_sent() -> None:
    books = FakeBooks(orders_start_as="draft")
    order = create(books, "salesorders", ORDER, "order:41")
    create(books, "salesorders.open", {"salesorder_id": order.id}, "order:41")
    invoice = create(books, "invoices", INVOICE, "invoice:2")
    create(books, "invoices.sent", {"invoice_id": invoice.id}, "invoice:2")
    create(books, "contacts", CONTACT, "customer:8")
    fused(books)
    for each in books.sent:
        assert not {"send", "email"} & set(each.query)
        assert "/email" not in each.path
        body = each.body or {}
        assert not {"send", "is_portal_enabled", "contact_persons_associated"} & set(body)
        assert "contact_persons" not in body or each.path == "/contacts"
        assert "enable_portal" not in repr(body)


def test_keys_that_are_ours_never_leave() -> None:
    books = FakeBooks()
    create(books, "salesorders", ORDER, "order:41")
    assert "'_" not in repr(books.writes()[0].body)


def test_ids_that_were_there_before_are_never_emptied() -> None:
    old: Body = {"currency_id": "7", "account_id": "5", "tax_id": "9", "notes": "x", "_total": Decimal(1)}
    assert cleared(old, {}) == {"tax_id": "", "notes": ""}
