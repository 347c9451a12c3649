"""Contacts (facts, section 7): unique names, persons, addresses, active or not; e-mail on top is silently dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Desk, Route
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import (
    amount,
    choice,
    custom_fields,
    email,
    flag,
    folded,
    invalid,
    missing,
    plain_text,
    rows,
    text,
)
from zsync.sandbox.web import Call, Refusal, Reply

NO_CUSTOMER = Refusal(400, 3004, "Customer does not exist.")
NOT_ACCESSIBLE = Refusal(404, 1002, "The Customer is not accessible.")
NO_PORTAL = Refusal(400, 31006, "The customer portal is disabled.")
HAS_TRANSACTIONS = Refusal(400, 3000, "The contact is involved in transactions and cannot be deleted.")

_ADDRESS = {
    "attention": 100, "address": 500, "street2": 255, "city": 100, "state": 100, "state_code": 100,
    "zip": 50, "country": 100, "phone": 50, "fax": 50,
}  # fmt: skip
_PERSON = {"salutation": 25, "phone": 50, "mobile": 50, "designation": 100, "department": 50, "skype": 50}
_PERSON_NAMES = {"first_name": 100, "last_name": 100}
_TEXTS = {
    "website": 200, "payment_terms_label": 200, "notes": 65000, "facebook": 100, "twitter": 100, "vat_treatment": 100,
    "vat_reg_no": 100, "tax_treatment": 100, "tax_reg_no": 100, "country_code": 2, "gst_no": 15, "gst_treatment": 100,
    "place_of_contact": 50, "tax_exemption_id": 50, "tax_authority_id": 50, "tax_id": 50, "owner_id": 50, "pricebook_id": 50,
}  # fmt: skip
_NAMES = {"company_name": 200, "legal_name": 200}
_CHOICES = {
    "contact_type": "customer vendor",
    "customer_sub_type": "individual business",
    "language_code": "de en es fr it ja nl pt pt_br sv zh en_gb",
}

LISTING = Listing(
    key="contacts",
    report="Contacts",
    filters={
        "contact_name": "text",
        "company_name": "text",
        "first_name": "text",
        "last_name": "text",
        "address": "text",
        "email": "text",
        "phone": "text",
        "contact_type": "id",
    },
    states={
        "Status.All": lambda face: True,
        "Status.Active": lambda face: face["status"] == "active",
        "Status.Inactive": lambda face: face["status"] == "inactive",
        "Status.PortalEnabled": lambda face: face["is_portal_enabled"],
        "Status.PortalDisabled": lambda face: not face["is_portal_enabled"],
        "Invoice.Unpaid": lambda face: face["outstanding_receivable_amount"] > 0,
        **dict.fromkeys(("Invoice.OverDue", "Status.Duplicate", "Status.CreditLimitExceed", "Status.Crm"), lambda face: False),
    },
    unfiltered="Status.Active",
    search=("contact_name", "company_name", "first_name", "last_name", "email", "notes"),
    sort=(
        "contact_name",
        "first_name",
        "last_name",
        "email",
        "outstanding_receivable_amount",
        "created_time",
        "last_modified_time",
    ),
    columns=(
        "contact_id contact_name company_name contact_type status payment_terms payment_terms_label currency_id currency_code "
        "outstanding_receivable_amount unused_credits_receivable_amount first_name last_name email phone mobile "
        "created_time last_modified_time"
    ).split(),
    under={"address": "full_address"},
)


class Contacts:
    """Customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.table = Table(desk.store, "contacts", "contact_id", self._face)

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/contacts", self.create),
            Route("GET", "/contacts", self._list),
            Route("GET", "/contacts/{}", lambda call, id: Reply({"contact": self._shown(id)})),
            Route("PUT", "/contacts/{}", self._update),
            Route("DELETE", "/contacts/{}", self._delete),
            Route("POST", "/contacts/{}/active", lambda call, id: self._switch(id, "active")),
            Route("POST", "/contacts/{}/inactive", lambda call, id: self._switch(id, "inactive")),
        )

    # --- for the other modules ---------------------------------------------------------------------------------------

    def customer(self, body: Mapping[str, Any]) -> Record:
        """The customer that a document names. Refusal 3004 if there is none, 1002 if he is inactive."""
        found = self.table.get(body.get("customer_id") or "")
        if found is None or found["contact_type"] != "customer":
            raise NO_CUSTOMER
        if found["status"] == "inactive" and self._desk.store.behaviour.inactive_refused:
            raise NOT_ACCESSIBLE
        return found

    def has_transactions(self, id: str) -> bool:
        desk = self._desk
        tables = (desk.salesorders.table, desk.invoices.table, desk.payments.table, desk.creditnotes.table)
        return any(row["customer_id"] == id for table in tables for row in table)

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._checked(call)
        record = self._read(call.body, {})
        made = self.table.add(record | {"status": "active", "contact_number": self._number(call.body)})
        self._invite(made)
        return Reply({"contact": self.table.shown(made["contact_id"])}, "The contact has been created", 201)

    def _update(self, call: Call, id: str) -> Reply:
        old = self.table.get(id)
        if old is None:
            raise missing("Contact")
        call = self._checked(call)
        kept = {} if self._desk.store.behaviour.put_replaces_contact else old
        name = {"contact_name": old["contact_name"], "currency_id": old["currency_id"]}
        new = self._read({**name, **call.body}, kept, old=old)
        number = self._number(call.body, old["contact_number"])
        self.table.touch(old).update(new | {"contact_number": number})
        self._invite(old)
        return Reply({"contact": self.table.shown(id)}, "Contact has been updated successfully")

    def _list(self, call: Call) -> Reply:
        query = dict(call.query)
        if self._desk.store.behaviour.email_near and "email" in query:
            query["email_contains"] = query.pop("email")
        return page_of(LISTING, self.table.listed(), query)

    def _delete(self, call: Call, id: str) -> Reply:
        self._shown(id)
        if self.has_transactions(id):
            raise HAS_TRANSACTIONS
        self.table.remove(id)
        return Reply(message="The customer has been deleted.")

    def _switch(self, id: str, status: str) -> Reply:
        self._shown(id)
        record = self.table.get(id)
        assert record is not None
        self.table.touch(record)["status"] = status
        return Reply(message=f"The contact has been marked as {status}.")

    # --- reading a body ----------------------------------------------------------------------------------------------

    def _read(self, body: Mapping[str, Any], kept: Record, old: Record | None = None) -> Record:
        name = self._name(body, "contact_name", 200).strip()
        if not name:
            raise Refusal(400, 3013, "Invalid contact name.")
        self._refuse_duplicate(name, old)
        currency = self._currency(body, old)
        record: Record = {
            "contact_name": name,
            "contact_type": choice(body, "contact_type", _CHOICES["contact_type"], kept.get("contact_type", "customer")),
            "currency_id": currency["currency_id"],
            "payment_terms": _terms(body, kept),
        }
        for field, most in _TEXTS.items():
            record[field] = text(body, field, most) if field in body else kept.get(field, "")
        for field, most in _NAMES.items():
            record[field] = self._name(body, field, most) if field in body else kept.get(field, "")
        for field in ("customer_sub_type", "language_code"):
            record[field] = choice(body, field, _CHOICES[field], "") if body.get(field) else kept.get(field, "")
        for field in ("billing_address", "shipping_address"):
            record[field] = _address(body, field) if field in body else kept.get(field, _address({}, field))
        if "contact_persons" in body or "contact_persons" not in kept:
            record["contact_persons"] = self._persons(body, old)
        record["is_portal_enabled"] = self._portal(body, {**kept, **record}["contact_persons"])
        return record | {"custom_fields": custom_fields(body, kept)}

    def _name(self, body: Mapping[str, Any], field: str, most: int) -> str:
        return plain_text(body, field, most, strict=self._desk.store.behaviour.brackets_refused)

    def _refuse_duplicate(self, name: str, old: Record | None) -> None:
        behaviour = self._desk.store.behaviour
        if behaviour.duplicate_names:
            return

        def same(one: str) -> str:
            return folded(one).casefold() if behaviour.names_fold_case else folded(one)

        for each in self.table:
            if each is not old and same(each["contact_name"]) == same(name):
                words = f'The customer "{name}" already exists. Please specify a different name.'
                raise Refusal(400, 3062, words)

    def _currency(self, body: Mapping[str, Any], old: Record | None) -> Record:
        settings = self._desk.settings
        base = settings.base_currency()["currency_id"]
        found = settings.currency(text(body, "currency_id", 50), "", old["currency_id"] if old else base)
        if old and found["currency_id"] != old["currency_id"] and self.has_transactions(old["contact_id"]):
            raise invalid("currency_id")
        return found

    def _persons(self, body: Mapping[str, Any], old: Record | None) -> list[Record]:
        """The persons of a body: those that are not sent are gone; those with a `contact_person_id` keep it."""
        strict = self._desk.store.behaviour.email_checked
        before = {each["contact_person_id"] for each in old["contact_persons"]} if old else set()
        persons = []
        for sent in rows(body, "contact_persons"):
            row = self._desk.known(sent, known.PERSON, "contacts.contact_persons")
            id = text(row, "contact_person_id", 50)
            if id and id not in before:
                raise missing("Contact person")
            person = {
                "contact_person_id": id or self._desk.store.new_id(),
                **{name: self._name(row, name, most) for name, most in _PERSON_NAMES.items()},
                **{name: text(row, name, most) for name, most in _PERSON.items()},
            }
            first = flag(row.get("is_primary_contact"))
            persons.append({**person, "email": email(row, "email", strict=strict), "is_primary_contact": first})
        if persons and not any(person["is_primary_contact"] for person in persons):
            persons[0]["is_primary_contact"] = True
        return persons

    def _number(self, body: Mapping[str, Any], before: str = "") -> str:
        behaviour, own = self._desk.store.behaviour, text(body, "contact_number", 200)
        flagged = flag(body.get("ignore_auto_number_generation"))
        if own and not flagged and behaviour.own_number_without_flag == "refused":
            raise invalid("contact_number")
        if own and behaviour.contact_number_kept and (flagged or behaviour.own_number_without_flag == "accepted"):
            return own
        return before or self._desk.store.next_number("CUS-")

    def _portal(self, body: Mapping[str, Any], persons: Sequence[Record]) -> bool:
        """Whether portal access is asked for. Refusal 31006 where there is no portal, 2 where no e-mail can carry the news."""
        asked = any(flag(row.get("enable_portal")) for row in rows(body, "contact_persons"))
        if not asked and not flag(body.get("is_portal_enabled")):
            return False
        if not self._desk.store.behaviour.portal:
            raise NO_PORTAL
        if not any(person["email"] for person in persons):
            raise invalid("email")
        return True

    def _invite(self, record: Record) -> None:
        """Portal access sends an invitation to the guest."""
        if record["is_portal_enabled"]:
            self._desk.store.mail("portal invitation", record["contact_id"])

    def _checked(self, call: Call) -> Call:
        for name in ("billing_address", "shipping_address"):
            if isinstance(call.body.get(name), dict):
                self._desk.known(call.body[name], _ADDRESS, f"contacts.{name}")
        return self._desk.checked(call, known.CONTACT, "contacts")

    # --- showing -----------------------------------------------------------------------------------------------------

    def _shown(self, id: str) -> Record:
        if id not in self.table:
            raise missing("Contact")
        return self.table.shown(id)

    def _face(self, record: Record) -> Record:
        desk, id = self._desk, record["contact_id"]
        currency = desk.settings.currencies.shown(record["currency_id"])
        first = _primary(record)
        return {
            **record,
            "currency_code": currency["currency_code"],
            "currency_symbol": currency["currency_symbol"],
            "primary_contact_id": first.get("contact_person_id", ""),
            **{name: first.get(name, "") for name in ("first_name", "last_name", "email", "phone", "mobile")},
            "full_address": " ".join(str(value) for value in record["billing_address"].values() if value),
            "has_transaction": self.has_transactions(id),
            "outstanding_receivable_amount": desk.invoices.outstanding(id),
            "unused_credits_receivable_amount": desk.payments.unused_of(id) + desk.creditnotes.unused_of(id),
            "payment_reminder_enabled": True,
        }


def email_of(contact: Record) -> str:
    """The address that documents of this contact show."""
    return str(_primary(contact).get("email", ""))


def _primary(contact: Record) -> Mapping[str, Any]:
    return next((person for person in contact["contact_persons"] if person["is_primary_contact"]), {})


def _address(body: Mapping[str, Any], field: str) -> Record:
    value = body.get(field) or {}
    if not isinstance(value, dict):
        raise invalid(field)
    return {name: text(value, name, most) for name, most in _ADDRESS.items()}


def _terms(body: Mapping[str, Any], kept: Record) -> Decimal:
    value = body.get("payment_terms")
    return amount(value, "payment_terms") if value not in (None, "") else Decimal(kept.get("payment_terms", 0))
