"""Organisation, taxes and tax groups, accounts, currencies and their rates (facts, sections 9 and 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from zsync.sandbox.books.arithmetic import Tax
from zsync.sandbox.books.desk import Desk, Route
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import INVALID, amount, day, invalid, missing, text
from zsync.sandbox.web import Call, Refusal, Reply

NOT_IN_ORGANIZATION = Refusal(400, 6041, "This user is not associated with the CompanyID/CompanyName:")
NO_CURRENCY = Refusal(400, 9004, "The currency does not exist.")
NO_ACCOUNT = Refusal(400, 11015, "The account is inactive or has been deleted.")

DEFAULT_ACCOUNTS = (
    ("Sales", "income"),
    ("Other Income", "other_income"),
    ("Bank", "bank"),
    ("Petty Cash", "cash"),
    ("Undeposited Funds", "cash"),
    ("Accounts Receivable", "accounts_receivable"),
    ("Bank Fees and Charges", "expense"),
)


class Settings:
    """What an administrator has set up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        store = desk.store
        self.taxes = Table(store, "taxes", "tax_id", dict)
        self.groups = Table(store, "taxgroups", "tax_group_id", self._group_face)
        self.accounts = Table(store, "chartofaccounts", "account_id", dict)
        self.currencies = Table(store, "currencies", "currency_id", self._currency_face)
        self.rates = Table(store, "exchangerates", "exchange_rate_id", dict)
        base = store.organization
        self.add_currency(base.currency_code, base.price_precision, symbol=base.currency_symbol)
        for name, kind in DEFAULT_ACCOUNTS:
            self.add_account(name, kind)

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/organizations", self._organizations),
            Route("GET", "/organizations/{}", self._organization),
            Route("GET", "/settings/taxes", self._list_taxes),
            Route("POST", "/settings/taxes", self._create_tax),
            Route("GET", "/settings/taxes/{}", lambda call, id: Reply({"tax": self._one(self.taxes, id, "Tax")})),
            Route("POST", "/settings/taxgroups", self._create_group),
            Route(
                "GET", "/settings/taxgroups/{}", lambda call, id: Reply({"tax_group": self._one(self.groups, id, "Tax group")})
            ),
            Route("GET", "/chartofaccounts", self._list_accounts),
            Route("GET", "/settings/currencies", self._list_currencies),
            Route("POST", "/settings/currencies", self._create_currency),
            Route(
                "GET", "/settings/currencies/{}", lambda call, id: Reply({"currency": self._one(self.currencies, id, "Currency")})
            ),
            Route("DELETE", "/settings/currencies/{}", self._delete_currency),
            Route("GET", "/settings/currencies/{}/exchangerates", self._list_rates),
            Route("POST", "/settings/currencies/{}/exchangerates", self._create_rate),
        )

    # --- for tests and for people ------------------------------------------------------------------------------------

    def add_tax(self, name: str, percentage: Decimal | str, *, compound: bool = False) -> str:
        """The id of a new tax of so many percent."""
        kind = "compound_tax" if compound else "tax"
        face = {"tax_name": name, "tax_percentage": Decimal(percentage), "tax_type": kind, "is_default_tax": False}
        return str(self.taxes.add(face | {"tax_factor": "rate", "is_value_added": True, "is_editable": True})["tax_id"])

    def add_tax_group(self, name: str, tax_ids: Sequence[str]) -> str:
        return str(self.groups.add({"tax_group_name": name, "tax_ids": list(tax_ids)})["tax_group_id"])

    def add_account(self, name: str, account_type: str) -> str:
        face = {"account_name": name, "account_code": "", "account_type": account_type, "is_active": True}
        extra = {"is_user_created": False, "is_system_account": False, "parent_account_id": "", "parent_account_name": ""}
        return str(self.accounts.add(face | extra)["account_id"])

    def add_currency(self, code: str, precision: int = 2, *, rate: Decimal | str = "1", symbol: str = "") -> str:
        """The id of a new currency; `rate`: base currency per one unit of it."""
        face = {"currency_code": code, "currency_name": code, "currency_symbol": symbol or code, "price_precision": precision}
        extra = {"currency_format": "1,234,567.89", "default_rate": Decimal(rate)}
        return str(self.currencies.add(face | extra)["currency_id"])

    # --- for the other modules ---------------------------------------------------------------------------------------

    def taxes_of(self, tax_id: str) -> tuple[Tax, ...]:
        """The tax, or the components of the group, that an id names; none for an empty id. Refusal if unknown."""
        if not tax_id:
            return ()
        group = self.groups.get(tax_id)
        ids = group["tax_ids"] if group is not None else [tax_id]
        return tuple(self._tax(each) for each in ids)

    def tax_face(self, tax_id: str) -> Record:
        """How a line shows its tax."""
        if not tax_id:
            return {"tax_id": "", "tax_name": "", "tax_type": "", "tax_percentage": Decimal(0)}
        group = self.groups.get(tax_id)
        if group is not None:
            face = self._group_face(group)
            return {
                "tax_id": tax_id,
                "tax_name": face["tax_group_name"],
                "tax_type": "tax_group",
                "tax_percentage": face["tax_group_percentage"],
            }
        tax = self.taxes.get(tax_id)
        if tax is None:
            raise invalid("tax_id")
        return {name: tax[name] for name in ("tax_id", "tax_name", "tax_type", "tax_percentage")}

    def base_currency(self) -> Record:
        return next(iter(self.currencies))

    def currency(self, id: str, code: str, default: str) -> Record:
        """The currency of a body: by id, by code, else the default. Refusal 9004 if there is none."""
        if code:
            found = next((each for each in self.currencies if each["currency_code"] == code), None)
        else:
            found = self.currencies.get(id or default)
        if found is None:
            raise NO_CURRENCY
        return found

    def rate_on(self, currency: Record, on: date) -> Decimal:
        """Base currency per one unit on that day: the last rate on or before it."""
        mine = [rate for rate in self.rates if rate["currency_id"] == currency["currency_id"]]
        before = [rate for rate in mine if rate["effective_date"] <= on.isoformat()]
        if before:
            return Decimal(max(before, key=lambda rate: str(rate["effective_date"]))["rate"])
        return Decimal(currency["default_rate"])

    def rate_of(self, body: Mapping[str, Any], currency: Record, on: date, kept: Record) -> Decimal:
        """The rate of a body: 1 in the base currency, else as sent, as `kept` for this currency, or that of the day."""
        if currency is self.base_currency():
            return Decimal(1)
        if body.get("exchange_rate") in (None, ""):
            same = kept.get("currency_id") == currency["currency_id"]
            return Decimal(kept["exchange_rate"]) if same else self.rate_on(currency, on)
        rate = amount(body["exchange_rate"], "exchange_rate")
        if rate <= 0:
            raise invalid("exchange_rate")
        return self.rate_on(currency, on) if self._desk.store.behaviour.own_rates else rate

    def account(self, id: str, default: str) -> Record:
        """An account by id, else the default by name. Refusal 2 if unknown, 11015 if it is not active."""
        if not id:
            return next(each for each in self.accounts if each["account_name"] == default)
        found = self.accounts.get(id)
        if found is None:
            raise invalid("account_id")
        if not found["is_active"]:
            raise NO_ACCOUNT
        return found

    # --- organisation ------------------------------------------------------------------------------------------------

    def organization_face(self) -> Record:
        has, base = self._desk.store.organization, self.base_currency()
        return {
            "organization_id": has.organization_id,
            "name": has.name,
            "is_default_org": True,
            "contact_name": "",
            "email": "",
            "plan_name": has.plan_name,
            "plan_period": "Monthly",
            "tax_group_enabled": True,
            "language_code": "en",
            "fiscal_year_start_month": "january",
            "account_created_date": "2020-01-01",
            "time_zone": has.time_zone,
            "is_org_active": True,
            "country": has.country,
            "country_code": has.country_code,
            "currency_id": base["currency_id"],
            "currency_code": has.currency_code,
            "currency_symbol": has.currency_symbol,
            "currency_format": "1,234,567.89",
            "price_precision": has.price_precision,
        }

    def _organizations(self, call: Call) -> Reply:
        return Reply({"organizations": [self.organization_face()]})

    def _organization(self, call: Call, id: str) -> Reply:
        if id != self._desk.store.organization.organization_id:
            raise NOT_IN_ORGANIZATION
        return Reply({"organization": self.organization_face()})

    # --- taxes -------------------------------------------------------------------------------------------------------

    def _tax(self, id: str) -> Tax:
        found = self.taxes.get(id)
        if found is None:
            raise invalid("tax_id")
        return Tax(id, found["tax_name"], found["tax_percentage"], found["tax_type"] == "compound_tax")

    def _group_face(self, group: Record) -> Record:
        parts = [self.taxes.shown(id) for id in group["tax_ids"]]
        taxes = [self._tax(id) for id in group["tax_ids"]]
        simple = sum((tax.percentage for tax in taxes if not tax.compound), Decimal(0))
        whole = simple + sum((tax.percentage * (100 + simple) / 100 for tax in taxes if tax.compound), Decimal(0))
        return {
            "tax_group_id": group["tax_group_id"],
            "tax_group_name": group["tax_group_name"],
            "tax_group_percentage": whole,
            "taxes": parts,
        }

    def _list_taxes(self, call: Call) -> Reply:
        rows = self.taxes.listed()
        if self._desk.store.behaviour.groups_among_taxes:
            rows += [self._group_as_tax(face) for face in self.groups.listed()]
        return _unsorted("taxes", "Taxes", rows)

    def _group_as_tax(self, face: Record) -> Record:
        return {
            "tax_id": face["tax_group_id"],
            "tax_name": face["tax_group_name"],
            "tax_percentage": face["tax_group_percentage"],
            "tax_type": "tax_group",
            "is_default_tax": False,
        }

    def _create_tax(self, call: Call) -> Reply:
        name = text(call.body, "tax_name", 100)
        if not name or any(each["tax_name"] == name for each in self.taxes):
            raise invalid("tax_name")
        compound = call.body.get("tax_type") == "compound_tax"
        id = self.add_tax(name, amount(call.body.get("tax_percentage"), "tax_percentage"), compound=compound)
        return Reply({"tax": self.taxes.shown(id)}, "The tax has been added.", 201)

    def _create_group(self, call: Call) -> Reply:
        ids = [each.strip() for each in text(call.body, "taxes", 2000).split(",") if each.strip()]
        for id in ids:
            self._tax(id)
        name = text(call.body, "tax_group_name", 100)
        if not name or not ids:
            raise invalid("tax_group_name")
        return Reply({"tax_group": self.groups.shown(self.add_tax_group(name, ids))}, "success", 201)

    # --- accounts ----------------------------------------------------------------------------------------------------

    def _list_accounts(self, call: Call) -> Reply:
        state = call.query.get("filter_by", "AccountType.All")
        if not state.startswith("AccountType."):
            raise invalid("filter_by")
        kind = state.removeprefix("AccountType.").lower()
        rows = [row for row in self.accounts.listed() if _is_account(row, kind)]
        return _unsorted("chartofaccounts", "Chart of Accounts", rows)

    # --- currencies --------------------------------------------------------------------------------------------------

    def _currency_face(self, currency: Record) -> Record:
        base = currency["currency_id"] == self.base_currency()["currency_id"]
        face = {name: value for name, value in currency.items() if name != "default_rate"}
        today = self._desk.store.today()
        return face | {
            "is_base_currency": base,
            "exchange_rate": Decimal(1) if base else self.rate_on(currency, today),
            "effective_date": today.isoformat(),
        }

    def _list_currencies(self, call: Call) -> Reply:
        """One unpaged answer, without page_context."""
        rows = self.currencies.listed()
        if call.query.get("filter_by") == "Currencies.ExcludeBaseCurrency":
            rows = [row for row in rows if not row["is_base_currency"]]
        return Reply({"currencies": rows})

    def _create_currency(self, call: Call) -> Reply:
        code = text(call.body, "currency_code", 100)
        if not code or not text(call.body, "currency_format", 100):
            raise invalid("currency_format" if code else "currency_code")
        if any(each["currency_code"] == code for each in self.currencies):
            raise Refusal(400, INVALID, f"The currency {code} already exists.")
        precision = int(amount(call.body.get("price_precision", 2), "price_precision"))
        id = self.add_currency(code, precision, symbol=text(call.body, "currency_symbol", 4))
        return Reply({"currency": self.currencies.shown(id)}, "The currency has been added.", 201)

    def _delete_currency(self, call: Call, id: str) -> Reply:
        face = self._one(self.currencies, id, "Currency")
        desk = self._desk
        tables = (desk.contacts.table, desk.salesorders.table, desk.invoices.table, desk.payments.table, desk.creditnotes.table)
        if face["is_base_currency"] or any(row.get("currency_id") == id for table in tables for row in table):
            raise Refusal(400, INVALID, "The currency is used in transactions and cannot be deleted.")
        self.currencies.remove(id)
        return Reply(message="The currency has been deleted.")

    def _list_rates(self, call: Call, id: str) -> Reply:
        self._one(self.currencies, id, "Currency")
        rows = [rate for rate in self.rates.listed() if rate["currency_id"] == id]
        return Reply({"exchange_rates": rows})

    def _create_rate(self, call: Call, id: str) -> Reply:
        code = self._one(self.currencies, id, "Currency")["currency_code"]
        on = day(call.body, "effective_date", self._desk.store.today()).isoformat()
        rate = amount(call.body.get("rate"), "rate")
        if rate <= 0:
            raise invalid("rate")
        made = self.rates.add({"currency_id": id, "currency_code": code, "effective_date": on, "rate": rate})
        return Reply({"exchange_rate": made}, "The exchange rate has been added.", 201)

    def _one(self, table: Table, id: str, what: str) -> Record:
        if id not in table:
            raise missing(what)
        return table.shown(id)


_ACCOUNT_KINDS = {
    "asset": ("bank", "cash", "accounts_receivable", "other_asset", "other_current_asset", "fixed_asset"),
    "income": ("income", "other_income"),
    "expense": ("expense", "other_expense", "cost_of_goods_sold"),
    "liability": ("other_current_liability", "long_term_liability", "other_liability", "credit_card"),
    "equity": ("equity",),
}


def _is_account(row: Record, kind: str) -> bool:
    match kind:
        case "all":
            return True
        case "active" | "inactive":
            return bool(row["is_active"]) == (kind == "active")
        case _ if kind in _ACCOUNT_KINDS:
            return row["account_type"] in _ACCOUNT_KINDS[kind]
        case _:
            raise invalid("filter_by")


def _unsorted(key: str, report: str, rows: list[Record]) -> Reply:
    context: dict[str, Any] = {"page": 1, "per_page": 200, "has_more_page": False, "report_name": report}
    return Reply({key: rows, "page_context": context | {"applied_filter": "Status.All", "sort_column": "", "sort_order": "A"}})
