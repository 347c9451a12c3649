"""Which fields of which table the reader asks for. Never `passwd` or `secure_key`, never all of an order."""

from __future__ import annotations

ORDERS = (
    "id,reference,id_customer,id_currency,id_address_tax,current_state,invoice_number,conversion_rate,"
    "total_paid_tax_incl,total_paid_tax_excl,total_paid_real,date_add,date_upd"
)
DETAILS = (
    "id,id_order,product_id,product_name,product_quantity,id_order_invoice,is_booking_product,id_tax_rules_group,"
    "total_price_tax_incl,total_price_tax_excl"
)
ROOMS = (
    "id,id_order,id_order_detail,room_num,room_type_name,hotel_name,date_from,date_to,adults,children,"
    "total_price_tax_incl,total_price_tax_excl,is_cancelled,is_refunded"
)
DEMANDS = "id,id_htl_booking,name,total_price_tax_incl,total_price_tax_excl,id_tax_rules_group"
DISCOUNTS = "id,id_order,id_order_invoice,name,value,value_tax_excl"
INVOICES = "id,id_order,number,total_paid_tax_incl,total_paid_tax_excl,date_add"
PAYMENTS = "id,order_reference,id_currency,amount,payment_method,conversion_rate,transaction_id,date_add"
SLIPS = "full"  # the lines of a slip come as an association; nothing in it is secret
CUSTOMERS = "id,firstname,lastname,email,company,phone,note,id_lang,active,deleted,date_add,date_upd"
ADDRESSES = (
    "id,id_customer,company,firstname,lastname,vat_number,address1,address2,postcode,city,phone,phone_mobile,"
    "id_country,id_state,deleted,date_upd"
)
PRODUCTS = "id,name,price,id_tax_rules_group,active,date_upd"

SETTINGS = (
    "PS_CURRENCY_DEFAULT",
    "PS_TIMEZONE",
    "PS_LANG_DEFAULT",
    "PS_OS_CANCELED",
    "PS_INVOICE_USE_YEAR",
    "PS_INVOICE_YEAR_POS",
    "PS_SHOP_NAME",
)

PERMISSIONS = (
    "addresses",
    "booking_extra_demands",
    "configurations",
    "countries",
    "currencies",
    "customers",
    "languages",
    "order_details",
    "order_discounts",
    "order_invoices",
    "order_payments",
    "order_slip",
    "orders",
    "room_bookings",
    "room_types",
    "services",
    "states",
    "tax_rule_groups",
    "tax_rules",
    "taxes",
    "translated_configurations",
)
"""What the webservice key must be allowed to GET."""
