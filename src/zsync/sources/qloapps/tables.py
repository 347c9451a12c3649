"""The tables of the webservice that are read, and which of their fields: always named, so that no hash of a password, no
key and no more of a guest than is needed ever leaves the shop.

`order_slip` alone is read in full: its lines are an association, and it holds nothing about people.
"""

from __future__ import annotations

from collections.abc import Mapping

SHOP_SETTINGS = (
    "PS_CURRENCY_DEFAULT",
    "PS_INVOICE_USE_YEAR",
    "PS_INVOICE_YEAR_POS",
    "PS_LANG_DEFAULT",
    "PS_OS_CANCELED",
    "PS_TIMEZONE",
)

FIELDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(fields.split())
    for name, fields in {
        "configurations": "id name value",
        "translated_configurations": "id name value",
        "currencies": "id iso_code sign decimals conversion_rate deleted active",
        "countries": "id iso_code name",
        "states": "id iso_code name",
        "languages": "id iso_code",
        "taxes": "id rate active deleted",
        "tax_rules": "id id_tax_rules_group id_country id_state zipcode_from zipcode_to id_tax behavior",
        "tax_rule_groups": "id name",
        "hotels": "id hotel_name email phone address city zipcode id_country id_state active date_upd",
        "customers": "id firstname lastname email company phone website siret ape note id_lang active deleted is_guest"
        " date_add date_upd",
        "addresses": "id id_customer company firstname lastname vat_number dni address1 address2 postcode city other phone"
        " phone_mobile id_country id_state deleted date_upd",
        "room_types": "id name reference price id_tax_rules_group active date_upd",
        "services": "id name reference price id_tax_rules_group active date_upd",
        "orders": "id reference id_customer id_currency conversion_rate id_lang id_address_invoice id_address_tax current_state"
        " valid module payment payment_type source is_advance_payment advance_paid_amount invoice_number invoice_date"
        " total_discounts_tax_incl total_discounts_tax_excl total_paid_tax_incl total_paid_tax_excl total_paid_real"
        " total_products total_products_wt date_add date_upd",
        "order_details": "id id_order id_order_invoice product_id product_name product_quantity product_quantity_refunded"
        " is_booking_product total_price_tax_incl total_price_tax_excl id_tax_rules_group",
        "room_bookings": "id id_order id_order_detail id_product id_hotel room_num room_type_name hotel_name date_from date_to"
        " adults children total_price_tax_incl total_price_tax_excl id_status is_refunded is_cancelled date_upd",
        "booking_extra_demands": "id id_htl_booking name total_price_tax_incl total_price_tax_excl id_tax_rules_group",
        "order_discounts": "id id_order id_order_invoice id_cart_rule name value value_tax_excl",
        "order_invoices": "id id_order number total_paid_tax_incl total_paid_tax_excl date_add",
        "order_payments": "id order_reference id_currency amount payment_method payment_type conversion_rate transaction_id"
        " date_add",
    }.items()
}

WHOLE = frozenset({"order_slip"})

NEEDED = (*FIELDS, *sorted(WHOLE))
"""Every table that is read: the key of the webservice needs GET on each of them, and on nothing else."""
