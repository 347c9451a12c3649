"""From documents to what Zoho Books should hold: one `match`, one short pure function per case.

A whole booking is planned by `booking.py`; single customers and items here. Users override text fields by templates
(`[entities.customers.map]`), everything that carries money is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, assert_never

from zsync.errors import RecordError, Unmappable
from zsync.model.documents import Contact, Credit, Currency, Entry, Hotel, Invoice, Item, Kind, Payment, Sale
from zsync.model.intent import Body, Intent, KnownRows, Note, Plan, Ref, Verdict, refs
from zsync.model.key import Key
from zsync.model.record import Record, Value
from zsync.targets.books.booking import plan_booking
from zsync.targets.books.currencies import plan_currency
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts, account_id, tax_id
from zsync.targets.books.templates import filled
from zsync.targets.books.text import address_of_mail, block, clean

_LONGEST_TAX_NUMBER = 15
_NO_ITEM = {
    "none": 'hotels are left out: as = "none"',
    "location": "it is a location of the organisation, which its documents carry",
}
"""Why a hotel is no item."""
_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "ja", "nl", "pt", "pt_br", "sv", "zh", "en_gb"})


def plan(record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any], rules: Rules) -> Plan:
    """All that `record` wants in Zoho Books. Pure: see `zsync.ports.Target.plan`."""
    organisation = Facts.of(facts)
    first = record.documents[0]
    fields = record.fields.get(first.key, {})
    match first:
        case Contact():
            return _customer(record, first, refused, fields, rules, organisation)
        case Item():
            return _single(record, first, refused, lambda: _item(first, fields, rules, organisation))
        case Hotel():
            if rules.hotels_as != "item":
                return Plan(record.key, verdicts={first.key: Verdict("skipped", _NO_ITEM[rules.hotels_as])})
            return _single(record, first, refused, lambda: _hotel(first, fields, rules))
        case Currency():
            return plan_currency(record, first, known, refused, organisation, rules)
        case Sale() | Invoice() | Payment() | Credit():
            return plan_booking(record, known, refused, organisation, rules)
        case Entry():
            raise Unmappable(f"Zoho Books has no document for `{first.entity}`", hint="send it to Zoho Creator")
        case _:
            assert_never(first)


_MASTERS = ("contacts", "items", "currencies")


def refers(plan: Plan) -> dict[Key, list[Ref]]:
    """The contacts, items and currencies of other scopes that the plan's bodies name, by scope."""
    named = sorted({Ref(ref.module, ref.key) for each in plan.intents for ref in refs(each.body) if ref.module in _MASTERS})
    found: dict[Key, list[Ref]] = {}
    for ref in named:
        if _scope_of(ref.key) != plan.scope:
            found.setdefault(_scope_of(ref.key), []).append(ref)
    return found


def own(key: Key, read_at: datetime) -> Record | None:
    """The record of a collective item: what stands for products that are gone and for extra demands."""
    if key.entity != "item":
        return None
    names = {"DEMAND": (Kind.DEMAND, "Extra demands"), "SERVICE-OTHER": (Kind.SERVICE, "Other services")}
    if key.id not in names:
        return None
    kind, name = names[key.id]
    return Record(key, (Item(key, key.id, kind, name),), f"own:{key.id}", read_at)


def _scope_of(key: Key) -> Key:
    """A contact in another currency belongs to its customer's scope."""
    return Key.of(key.tag, key.entity, key.id.partition("/")[0])


def _single(record: Record, document: Item | Hotel, refused: Mapping[Key, str], make: Callable[[], Body]) -> Plan:
    if document.key in refused or not document.active:
        return Plan(record.key)
    try:
        body = make()
    except RecordError as err:
        return Plan(record.key, errors={document.key: err})
    return Plan(record.key, (Intent("items", document.key, body, document.key, number=str(body["sku"])),))


# --- customers --------------------------------------------------------------------------------------------------------------


def _customer(
    record: Record, contact: Contact, refused: Mapping[Key, str], fields: Mapping[str, Value], rules: Rules, facts: Facts
) -> Plan:
    """A customer: one contact in the organisation's currency, and one for each other currency that his orders use, since a
    contact's currency is fixed once it has a transaction."""
    if contact.key in refused or not contact.active:
        return Plan(record.key)
    try:
        body, notes = _contact(contact, fields, rules, facts)
    except RecordError as err:
        return Plan(record.key, errors={contact.key: err})
    intents = [Intent("contacts", contact.key, body, contact.key, number=str(body["contact_name"]))]
    others = [code for code, _ in contact.trades if code != facts.base] if rules.multi_currency else []
    intents += [_in_currency(contact, body, code, facts) for code in others]
    return Plan(record.key, tuple(intents), notes=tuple(notes))


def _in_currency(contact: Contact, base: Body, code: str, facts: Facts) -> Intent:
    """The same customer as a contact of another currency, under a name of its own; nobody is invited to the portal twice."""
    key = contact.key.child(code)
    name = f"{clean(contact.name, 180) or 'Guest'} ({contact.source_id}) {code}"
    currency = Ref("currencies", Key.of(contact.key.tag, "currency", code))
    body: Body = {
        **{name: value for name, value in base.items() if name != "is_portal_enabled"},
        "contact_name": name,
        "contact_number": str(key),
        "currency_id": facts.currency_id(code) or currency,
    }
    return Intent("contacts", key, body, contact.key, number=name)


def _contact(contact: Contact, fields: Mapping[str, Value], rules: Rules, facts: Facts) -> tuple[Body, list[Note]]:
    """A customer. E-mail and phones stand in its contact person: at the top level Zoho drops them in silence."""
    notes: list[Note] = []
    mail = address_of_mail(contact.email)
    taxed = _tax_fields(contact, rules)
    number = f"VAT number: {contact.tax_number}" if contact.tax_number and rules.tax_fields.number not in taxed else ""
    remarks = filled("customers", "\n".join(each for each in (contact.note, number) if each), fields, rules)
    if contact.email and not mail:
        notes.append(Note(contact.key, "email_dropped", "its e-mail address would be refused: it stands in the notes instead"))
        remarks = "\n".join(each for each in (f"E-mail: {contact.email}", remarks) if each)
    body: Body = {
        "contact_name": contact_name(contact),
        "contact_number": str(contact.key),
        "ignore_auto_number_generation": True,
        "contact_type": "customer",
        "customer_sub_type": "business" if contact.company else "individual",
        **taxed,
    }
    if contact.company:
        body["company_name"] = clean(contact.company, 200)
    if contact.language in _LANGUAGES:
        body["language_code"] = contact.language
    currency = facts.currency_id(facts.base)
    if currency:
        body["currency_id"] = currency
    new = contact.since is not None and facts.initialised is not None and contact.since > facts.initialised
    if rules.portal and mail and new:  # never those who were guests before: Zoho writes to them
        body["is_portal_enabled"] = True
    if contact.address is not None:
        body["billing_address"] = _address(contact)
    person = _person(contact, mail)
    if person:
        body["contact_persons"] = [{**person, "is_primary_contact": True}]
    if remarks:
        body["notes"] = block(remarks, 2000)
    return body, notes


def _tax_fields(contact: Contact, rules: Rules) -> Body:
    """What the organisation's edition wants to know, from the settings. A number too long for its field stays in the notes."""
    fields = rules.tax_fields
    number = "".join(contact.tax_number.split())
    if not number:
        return dict(fields.guest)
    named: Body = {fields.number: number} if fields.number and len(number) <= _LONGEST_TAX_NUMBER else {}
    return {**fields.registered, **named}


def contact_name(contact: Contact) -> str:
    """Unique by us: whoever had a name first bears it bare, the others carry their id."""
    name = clean(contact.name, 180) or f"Guest {contact.source_id}"
    return f"{name} ({contact.source_id})" if contact.distinguished else name


def _person(contact: Contact, mail: str) -> Body:
    """Name, e-mail and phones; nothing for a company of which nothing else is known."""
    fields = {
        "first_name": clean(contact.first_name, 100),
        "last_name": clean(contact.last_name, 100),
        "email": mail,
        "phone": clean(contact.phone, 50),
        "mobile": clean(contact.mobile, 50),
    }
    return {name: value for name, value in fields.items() if value}


def _address(contact: Contact) -> Body:
    address = contact.address
    if address is None:
        return {}
    fields = {
        "attention": clean(address.attention, 100),
        "address": clean(address.street, 500),
        "street2": clean(address.street2, 255),
        "city": clean(address.city, 100),
        "state": clean(address.state, 100),
        "zip": clean(address.zip, 50),
        "country": clean(address.country, 100),
        "phone": clean(address.phone, 50),
    }
    return {name: value for name, value in fields.items() if value}


# --- hotels and items -------------------------------------------------------------------------------------------------------


def sku(item: Item) -> str:
    """What the item is found by: ROOM-5, SERVICE-6; collective items bear their own id."""
    if item.key.entity == "item":
        return item.source_id
    return f"{'ROOM' if item.kind is Kind.ROOM else 'SERVICE'}-{item.source_id}"


def _thing(name: str, found_sku: str, rate: Decimal, description: str) -> Body:
    """What every item has. Names are unique in Zoho but not in a hotel, so each carries its sku."""
    body: Body = {
        "name": f"{clean(name, 80)} ({found_sku})",
        "sku": found_sku,
        "rate": rate,
        "product_type": "service",
        "item_type": "sales",
    }
    return {**body, "description": description} if description else body


def _hotel(hotel: Hotel, fields: Mapping[str, Value], rules: Rules) -> Body:
    """A hotel as an item, as hotel owners know it: nothing is sold under it."""
    found_sku = f"HOTEL-{hotel.source_id}"
    address = hotel.address
    lines = [hotel.email]
    if address is not None:
        lines = [address.street, f"{address.zip} {address.city}".strip(), address.country, address.phone, *lines]
    description = filled("hotels", "\n".join(each for each in lines if each), fields, rules)
    return _thing(hotel.name, found_sku, Decimal(0), block(description, 2000))


def _item(item: Item, fields: Mapping[str, Value], rules: Rules, facts: Facts) -> Body:
    """A room type or service."""
    # A template sees a product of the hotel; a collective item is none.
    own_words = item.key.entity == "item"
    description = item.description if own_words else filled(item.entity, item.description, fields, rules)
    rate = item.price.rounded.amount if item.price is not None else Decimal(0)
    body = _thing(item.name, sku(item), rate, description)
    kind = item.kind.value if rules.accounts.get(item.kind.value) else "default"
    if rules.accounts.get(kind):
        body["account_id"] = account_id(rules.accounts[kind], facts, f"[target.accounts] {kind}")
    if item.tax_rate is not None:
        tax = _tax_or_none(item, rules, facts)
        if tax:
            body["tax_id"] = tax
    return body


def _tax_or_none(item: Item, rules: Rules, facts: Facts) -> str:
    """An item's tax is only a default for people: lines carry their own. Without one the item goes all the same."""
    try:
        return tax_id(item.tax_rate, item.tax_group, rules, facts) if item.tax_rate is not None else ""
    except RecordError:
        return ""
