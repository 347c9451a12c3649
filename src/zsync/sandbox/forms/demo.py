"""The application that the demo writes to: customers, items, invoices with their lines, and the profit and loss."""

from __future__ import annotations

from zsync.sandbox.forms.application import Application, Field, Form, Report

_ADDRESS = (
    "address_line_1",
    "address_line_2",
    "district_city",
    "state_province",
    "postal_code",
    "country",
    "latitude",
    "longitude",
)


def _key(name: str) -> Field:
    return Field(name, 1, unique=True, mandatory=True)


FORMS = (
    Form(
        "Customers",
        (
            _key("QB_Id"),
            Field("Display_Name", mandatory=True),
            Field("Contact", 29, subfields=("prefix", "first_name", "last_name", "suffix")),
            Field("Email", 3),
            Field("Address", 30, subfields=_ADDRESS),
            Field("Balance", 8, max_char=10, decimal_length=2),
            Field("Active", 16),
            Field("Since", 10),
            Field("Modified", 11),
        ),
    ),
    Form(
        "Items",
        (
            _key("QB_Id"),
            Field("Item_Name", mandatory=True),
            Field("Kind", 12, choices=("Service", "Inventory", "NonInventory", "Category")),
            Field("Price", 6, max_char=10, decimal_length=4),
            Field("Active", 16),
        ),
    ),
    Form(
        "Invoices",
        (
            _key("QB_Id"),
            Field("Invoice_Number"),
            Field("Customer", 12, is_lookup=True, ref_form="Customers"),
            Field("Invoice_Date", 10),
            Field("Due_Date", 10),
            Field("Total", 8, max_char=10, decimal_length=2),
            Field("Open_Amount", 8, max_char=10, decimal_length=2),
            Field("Status", 13, choices=("Open", "Paid")),
        ),
    ),
    Form(
        "Invoice_Lines",
        (
            _key("Line_Key"),
            Field("Invoice", 12, is_lookup=True, ref_form="Invoices"),
            Field("Item", 12, is_lookup=True, ref_form="Items"),
            Field("Description", 2),
            Field("Quantity", 6, max_char=10, decimal_length=4),
            Field("Unit_Price", 6, max_char=10, decimal_length=4),
            Field("Amount", 8, max_char=10, decimal_length=2),
        ),
    ),
    Form(
        "PnL",
        (
            _key("Row_Key"),
            Field("Period", 10),
            Field("Account"),
            Field("Account_Path", 2),
            Field("Section"),
            Field("Kind", 12, choices=("account", "subtotal", "total")),
            Field("Amount", 8, max_char=12, decimal_length=2),
        ),
    ),
)


def whole() -> Application:
    """The application, empty, with a report of each form."""
    reports = tuple(Report(f"All_{form.link_name}", form.link_name) for form in FORMS)
    return Application("acme", "finance", forms=FORMS, reports=reports)
