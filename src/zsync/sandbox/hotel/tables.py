"""What the webservice of QloApps 1.6.1 knows of each resource: names of its elements, its fields and what kind they are.

A field is written as its name and a mark for its kind, which gives the text of an unset value and how the database compares:

    name      text, ""                  name$     amount, "0.000000"       name@    date and time, "0000-00-00 00:00:00"
    name#     whole number, "0"         name%     amount, "0.00"           name^    date, "0000-00-00"
    name*     multilingual text         name~     rate, "0.000"            name?    may be null, and is when unset

and `name!` at the very end: computed when shown, so the database has no such column to filter or sort by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

UNSET_TIME = "0000-00-00 00:00:00"
UNSET_DATE = "0000-00-00"

_UNSET: Mapping[str, str] = {"#": "0", "$": "0.000000", "%": "0.00", "~": "0.000", "@": UNSET_TIME, "^": UNSET_DATE}


@dataclass(frozen=True, slots=True)
class Field:
    """One column: `kind` is its mark (`""` for text), `nullable` and `computed` the two flags."""

    name: str
    kind: str
    nullable: bool
    computed: bool

    @property
    def numeric(self) -> bool:
        return self.kind in ("#", "$", "%", "~")

    @property
    def multilingual(self) -> bool:
        return self.kind == "*"

    @property
    def unset(self) -> str | None:
        return None if self.nullable else _UNSET.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: `listed` and `item` are its element names, `text_id` says that its ids are strings when displayed."""

    name: str
    listed: str
    item: str
    fields: Mapping[str, Field]
    associations: tuple[str, ...]
    hidden: frozenset[str]
    text_id: bool

    def blank(self) -> dict[str, object]:
        """A row with every field unset, in the order in which the webservice gives them."""
        return {name: field.unset for name, field in self.fields.items()}


def _field(text: str) -> Field:
    computed = text.endswith("!")
    text = text.removesuffix("!")
    nullable = text.endswith("?")
    text = text.removesuffix("?")
    kind = text[-1] if text[-1] in "#$%~@^*" else ""
    return Field(text.removesuffix(kind), kind, nullable, computed)


def _resource(
    name: str, item: str, fields: str, *, listed: str = "", associations: str = "", hidden: str = "", text_id: bool = False
) -> Resource:
    parsed = [Field("id", "#", nullable=False, computed=False), *(_field(f) for f in fields.split())]
    return Resource(
        name=name,
        listed=listed or name,
        item=item,
        fields=MappingProxyType({f.name: f for f in parsed}),
        associations=tuple(associations.split()),
        hidden=frozenset(hidden.split()),
        text_id=text_id,
    )


_DATES = " date_add@ date_upd@"

# Room types and services are both products; the two differ in the first fields and in the associations.
_PRODUCT = """
    id_manufacturer# id_supplier# id_category_default# new? cache_default_attribute# id_default_image!
    id_tax_rules_group# position_in_category#! {quantity}type! id_shop_default# reference supplier_reference location
    width$ height$ depth$ weight$ quantity_discount# ean13 upc cache_is_pack# cache_has_attachments# is_virtual#
    {service}on_sale# online_only# ecotax$ minimal_quantity# allow_multiple_quantity# max_quantity#
    price_calculation_method# price$ wholesale_price$ unity unit_price_ratio$ additional_shipping_cost% customizable#
    text_fields# uploadable_files# active# redirect_type id_product_redirected# available_for_order# available_date^
    condition auto_add_to_cart# price_addition_type# show_at_front# show_price# indexed# visibility
    advanced_stock_management# date_add@ date_upd@ pack_stock_type# meta_description* meta_keywords* meta_title*
    link_rewrite* name* description* description_short* available_now* available_later*"""

_SALES = (
    _resource(
        "orders",
        "order",
        """id_address_delivery# id_address_invoice# id_address_tax# id_cart# id_currency# id_lang# id_customer#
        current_state# module invoice_number# invoice_date@ valid# date_add@ date_upd@ transaction_id?! secure_key payment
        payment_type# total_discounts$ total_discounts_tax_incl$ total_discounts_tax_excl$ total_paid$ total_paid_tax_incl$
        total_paid_tax_excl$ total_paid_real$ total_products$ total_products_wt$ conversion_rate$ source reference
        is_advance_payment# advance_paid_amount$ with_occupancy#""",
        associations="bookings",
        hidden="""id_shop_group id_shop id_carrier recyclable gift gift_message mobile_theme total_shipping
        total_shipping_tax_incl total_shipping_tax_excl carrier_tax_rate total_wrapping total_wrapping_tax_incl
        total_wrapping_tax_excl round_mode round_type shipping_number delivery_number delivery_date""",
    ),
    _resource(
        "order_details",
        "order_detail",
        """id_order# product_id# product_attribute_id# product_quantity_reinjected# group_reduction%
        discount_quantity_applied# download_hash download_deadline@ id_order_invoice# id_warehouse# id_shop# product_name
        product_quantity# product_quantity_in_stock# product_quantity_return# product_quantity_refunded# product_price$
        reduction_percent% reduction_amount$ reduction_amount_tax_incl$ reduction_amount_tax_excl$
        product_quantity_discount$ is_booking_product# product_service_type# product_auto_add#
        product_price_addition_type# product_allow_multiple_quantity# product_price_calculation_method# product_ean13
        product_upc product_reference product_supplier_reference product_weight$ tax_computation_method#
        id_tax_rules_group# ecotax$ ecotax_tax_rate~ download_nb# unit_price_tax_incl$ unit_price_tax_excl$
        total_price_tax_incl$ total_price_tax_excl$ total_shipping_price_tax_excl$ total_shipping_price_tax_incl$
        purchase_supplier_price$ original_product_price$ original_wholesale_price$""",
        associations="taxes",
    ),
    _resource(
        "room_bookings",
        "booking",
        """id_product# id_hotel# id_order# id_order_detail# id_cart# id_room# id_customer# booking_type# id_status# comment
        check_in@ check_out@ date_from@ date_to@ total_price_tax_excl$ total_price_tax_incl$ total_paid_amount$
        is_refunded# is_cancelled# is_back_order# room_num room_type_name hotel_name city state country zipcode phone email
        check_in_time check_out_time adults# children# child_ages"""
        + _DATES,
        listed="bookings",
        associations="booking_extra_demands",
        text_id=True,
    ),
    _resource(
        "booking_extra_demands",
        "extra_demand",
        """id_htl_booking# unit_price_tax_excl$ unit_price_tax_incl$ total_price_tax_excl$ total_price_tax_incl$ name
        price_calc_method# id_tax_rules_group# tax_computation_method#"""
        + _DATES,
        listed="extra_demands",
    ),
    _resource(
        "order_discounts",
        "order_cart_rule",
        "id_order# id_cart_rule# id_order_invoice# name value% value_tax_excl% free_shipping#",
        listed="order_cart_rules",
    ),
    _resource(
        "order_invoices",
        "order_invoice",
        """id_order# number# delivery_number# delivery_date@ total_discount_tax_excl$ total_discount_tax_incl$
        total_paid_tax_excl$ total_paid_tax_incl$ total_products$ total_products_wt$ total_shipping_tax_excl$
        total_shipping_tax_incl$ shipping_tax_computation_method# total_wrapping_tax_excl$ total_wrapping_tax_incl$
        shop_address invoice_address delivery_address note date_add@""",
    ),
    _resource(
        "order_payments",
        "order_payment",
        """order_reference id_currency# amount% payment_method payment_type# conversion_rate$ transaction_id card_number
        card_brand card_expiration card_holder date_add@""",
    ),
    _resource(
        "order_slip",
        "order_slip",
        """id_customer# id_order# conversion_rate$ total_products_tax_excl$ total_products_tax_incl$
        total_shipping_tax_excl$ total_shipping_tax_incl$ amount% shipping_cost# shipping_cost_amount% partial#
        redeem_status# id_cart_rule# date_add@ date_upd@ order_slip_type#""",
        listed="order_slips",
        associations="order_slip_details",
    ),
    _resource("order_histories", "order_history", "id_employee# id_order_state# id_order# date_add@"),
    _resource(
        "order_states",
        "order_state",
        """unremovable# delivery# hidden# send_email# module_name invoice# color logable# shipped# paid# pdf_delivery#
        pdf_invoice# deleted# name* template*""",
    ),
    _resource(
        "cart_rules",
        "cart_rule",
        """id_customer# date_from@ date_to@ description quantity# quantity_per_user# priority# partial_use# code
        minimum_amount% minimum_amount_tax# minimum_amount_currency# minimum_amount_shipping# country_restriction#
        carrier_restriction# group_restriction# cart_rule_restriction# product_restriction# shop_restriction#
        free_shipping# reduction_percent% reduction_amount% reduction_tax# reduction_currency# reduction_product#
        gift_product# gift_product_attribute# highlight# active# date_add@ date_upd@ name*""",
    ),
    _resource(
        "advance_payments",
        "advance_payment",
        "id_product# payment_type# value$ id_currency# tax_include# calculate_from# active#" + _DATES,
        text_id=True,
    ),
)

_PEOPLE = (
    _resource(
        "customers",
        "customer",
        """id_default_group# id_lang# newsletter_date_add@ ip_registration_newsletter? last_passwd_gen@ secure_key deleted#
        passwd phone lastname firstname email id_gender# birthday^ newsletter# optin# website? company? siret? ape?
        outstanding_allow_amount$ show_public_prices# id_risk# max_payment_days# active# note? is_guest# id_shop#
        id_shop_group#"""
        + _DATES,
        associations="groups",
    ),
    _resource(
        "addresses",
        "address",
        """id_customer# id_manufacturer# id_supplier# id_warehouse# id_country# id_state# alias company lastname firstname
        vat_number address1 address2 postcode city other phone phone_mobile dni deleted# auto_generated#"""
        + _DATES,
    ),
    _resource("groups", "group", "reduction% price_display_method# show_prices# date_add@ date_upd@ name*"),
    _resource(
        "countries",
        "country",
        """id_zone# id_currency# call_prefix# iso_code active# contains_states# need_identification_number#
        need_zip_code# zip_code_format display_tax_label# name*""",
    ),
    _resource("states", "state", "id_zone# id_country# iso_code name active#"),
)

_HOUSE = (
    _resource(
        "hotels",
        "hotel",
        """phone address id_country# id_state# city zipcode id_default_image! use_global_max_order_date# max_order_date^
        use_global_preparation_time# preparation_time id_category# email rating# check_in check_out active# latitude
        longitude map_formated_address map_input_text active_refund# date_add@ date_upd@ policies* hotel_name* description*
        short_description*""",
        associations="room_types images hotel_features hotel_refund_rules",
        text_id=True,
    ),
    _resource(
        "hotel_room_types",
        "hotel_room_type",
        "id_product# id_hotel# adults# children# max_adults# max_children# max_guests# min_los# max_los#" + _DATES,
        associations="hotel_rooms",
        text_id=True,
    ),
    _resource(
        "hotel_rooms",
        "room",
        "id_product# id_hotel# room_num id_status# floor comment" + _DATES,
        listed="rooms",
        text_id=True,
    ),
    _resource(
        "hotel_refund_rules",
        "hotel_refund_rule",
        "payment_type# deduction_value_full_pay$ deduction_value_adv_pay$ days# date_add@ date_upd@ name* description*",
    ),
    _resource(
        "room_types",
        "room_type",
        "id_hotel#! adults#! children#! " + _PRODUCT.format(quantity="", service=""),
        associations="""advance_payments categories images room_type_features tags hotel_rooms feature_prices extra_demands
        services""",
    ),
    _resource(
        "services",
        "service",
        _PRODUCT.format(quantity="quantity#! ", service="service_product_type# "),
        associations="categories images feature_prices",
    ),
    _resource(
        "extra_demands",
        "extra_demand",
        "id_tax_rules_group# price$ price_calc_method# date_add@ date_upd@ name*",
        associations="demand_advance_options",
    ),
    _resource(
        "categories",
        "category",
        """id_parent# level_depth# nb_products_recursive#! active# id_shop_default# is_root_category# position# date_add@
        date_upd@ name* link_rewrite* description* meta_title* meta_description* meta_keywords*""",
        associations="categories products",
    ),
)

_SHOP = (
    _resource("configurations", "configuration", "value name id_shop_group id_shop" + _DATES),
    _resource("translated_configurations", "translated_configuration", "value* date_add@ date_upd@ name id_shop_group id_shop"),
    _resource(
        "currencies",
        "currency",
        "name iso_code iso_code_num# blank# sign format# decimals# conversion_rate$ deleted# active#",
    ),
    _resource("languages", "language", "name iso_code language_code active# is_rtl# date_format_lite date_format_full"),
    _resource("taxes", "tax", "rate~ active# deleted# name*"),
    _resource("tax_rule_groups", "tax_rule_group", "name active# deleted#" + _DATES),
    _resource(
        "tax_rules",
        "tax_rule",
        "id_tax_rules_group# id_state# id_country# zipcode_from# zipcode_to# id_tax# behavior# description",
    ),
    _resource("shops", "shop", "id_shop_group# id_category# id_theme# active# deleted# name"),
)

RESOURCES: Mapping[str, Resource] = MappingProxyType({r.name: r for r in (*_SALES, *_PEOPLE, *_HOUSE, *_SHOP)})
"""The resources that the stand-in serves from tables."""

# Named by the webservice, and nothing a hotel's books need: they answer with an empty list here.
_OTHERS = """
    carriers cart_bookings carts combinations contacts content_management_system customer_messages customer_threads
    customizations deliveries demand_advance_options employees feature_prices guests hotel_ari hotel_features image_types
    images manufacturers order_carriers price_ranges product_customization_fields product_suppliers qlo
    room_type_feature_values room_type_features room_type_option_values room_type_options search shop_groups shop_urls
    specific_price_rules specific_prices stock_availables stock_movement_reasons stock_movements stocks stores suppliers
    supply_order_details supply_order_histories supply_order_receipt_histories supply_order_states supply_orders tags
    warehouse_product_locations warehouses weight_ranges zones"""

NAMES: tuple[str, ...] = tuple(sorted([*RESOURCES, *_OTHERS.split(), "bookings", "extra_services"]))
"""Every resource that `GET /api/` names for a key with all permissions."""


def blank(resource: str) -> dict[str, object]:
    """A row of `resource` with every field unset; KeyError where there is no such table."""
    return RESOURCES[resource].blank()
