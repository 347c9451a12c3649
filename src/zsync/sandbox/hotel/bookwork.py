"""The rows of a booking and their sums: how an order, its lines, its rooms and what goes with them are written down.

    order ── order_details (one line a product) ── room_bookings (a row for each room) ── booking_extra_demands
          └─ order_discounts

Sums go upwards only: rooms to their line; lines, extra demands and discounts to the order. Nothing here moves an order's date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from zsync.model.money import round_half_up
from zsync.sandbox.hotel.ledger import Ledger, Row, cents, letters, total

AWAITING, PAID, PROCESSING, CANCELED, REFUNDED, ERROR, PARTIAL = 1, 2, 3, 4, 5, 6, 8
"""Ids of the states of an order, as a new shop has them."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Stay:
    """`rooms` rooms of one type for `nights` nights from `arrive` (ISO date); `price` per room and night without tax."""

    room_type: int
    arrive: str
    nights: int
    rooms: int = 1
    price: str | None = None
    adults: int = 2
    children: int = 0


class Bookwork:
    """Writes rows of bookings into a ledger; `desk.Desk` decides which."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    # -- the parts of a booking ---------------------------------------------------------------------------------------

    def currency(self, code: str | None) -> Row:
        """The row of a currency; of the shop's own for None."""
        if code is None:
            return self.ledger.row("currencies", self.ledger.setting("PS_CURRENCY_DEFAULT"))
        (found,) = self.ledger.where("currencies", iso_code=code, deleted=0)
        return found

    def open(self, customer: int, hotel: Row, reference: str | None, method: str, source: str, currency: str | None) -> Row:
        money = self.currency(currency)
        address = next((a["id"] for a in self.ledger.where("addresses", id_customer=customer, deleted=0)), 0)
        name = self.ledger.said(hotel["hotel_name"])
        house = next((a["id"] for a in self.ledger.where("addresses", id_customer=0, alias=name)), 0)
        person, number = self.ledger.row("customers", customer), len(self.ledger.tables["orders"]) + 1
        return self.ledger.add(
            "orders",
            id_address_delivery=address,
            id_address_invoice=address,
            id_address_tax=house,
            id_cart=number,
            id_currency=money["id"],
            id_lang=person["id_lang"],
            id_customer=customer,
            current_state=AWAITING,
            module="bankwire",
            secure_key=person["secure_key"],
            payment=method,
            payment_type=3,
            conversion_rate=Decimal(money["conversion_rate"]),
            source=source,
            reference=reference or letters(f"order {number}"),
            with_occupancy=1,
        )

    def let(self, order: Row, hotel: Row, stays: Sequence[Stay]) -> list[Row]:
        """The room line of each room type, and a row for each room."""
        booked: list[Row] = []
        for kind in dict.fromkeys(stay.room_type for stay in stays):
            product = self.room_type(kind)
            mine = [stay for stay in stays if stay.room_type == kind]
            price = Decimal(mine[0].price) if mine[0].price else self._price(order, product)
            line = self._line(order, product, sum(s.nights * s.rooms for s in mine), price)
            rate = self.ledger.rate(product["id_tax_rules_group"], hotel["id_country"])
            rows = [self._room(order, hotel, product, line, stay, rate) for stay in mine for _ in range(stay.rooms)]
            self.reprice("order_details", line, total(rows, "total_price_tax_excl"), total(rows, "total_price_tax_incl"))
            booked += rows
        return booked

    def _room(self, order: Row, hotel: Row, product: Row, line: Row, stay: Stay, rate: Decimal) -> Row:
        leave = (date.fromisoformat(stay.arrive) + timedelta(days=stay.nights)).isoformat()
        room = self._free(int(product["id"]), f"{stay.arrive} 00:00:00", f"{leave} 00:00:00")
        excl, incl = priced(Decimal(stay.price) if stay.price else self._price(order, product), stay.nights, rate)
        country = self.ledger.said(self.ledger.row("countries", hotel["id_country"])["name"])
        return self.ledger.add(
            "room_bookings",
            id_product=product["id"],
            id_hotel=hotel["id"],
            id_order=order["id"],
            id_order_detail=line["id"],
            id_cart=order["id_cart"],
            id_room=room["id"],
            id_customer=order["id_customer"],
            booking_type=1,
            id_status=1,
            date_from=f"{stay.arrive} 00:00:00",
            date_to=f"{leave} 00:00:00",
            total_price_tax_excl=excl,
            total_price_tax_incl=incl,
            total_paid_amount=incl,
            room_num=room["room_num"],
            room_type_name=self.ledger.said(product["name"]),
            hotel_name=self.ledger.said(hotel["hotel_name"]),
            country=country,
            check_in_time=hotel["check_in"],
            check_out_time=hotel["check_out"],
            adults=stay.adults,
            children=stay.children,
            child_ages="[]",
            **{name: hotel[name] for name in ("city", "zipcode", "phone", "email")},
        )

    def _free(self, room_type: int, begin: str, end: str) -> Row:
        taken = {
            stay["id_room"]
            for stay in self.ledger.tables["room_bookings"]
            if stay["is_refunded"] == "0" and stay["date_from"] < end and begin < stay["date_to"]
        }
        free = [room for room in self.ledger.where("hotel_rooms", id_product=room_type) if room["id"] not in taken]
        if not free:
            raise ValueError("no room of this type is free")
        return free[0]

    def serve(self, order: Row, hotel: Row, stays: Sequence[Stay], service: int, quantity: int) -> Row:
        """A service line: `quantity` for each room, and for each night where the service is sold by the night."""
        product = self.ledger.row("services", service)
        nightly = product["price_calculation_method"] == "2"
        whole = quantity * (sum(s.rooms * (s.nights if nightly else 1) for s in stays) or 1)
        price = self._price(order, product)
        line = self._line(order, product, whole, price)
        rate = self.ledger.rate(product["id_tax_rules_group"], hotel["id_country"])
        self.reprice("order_details", line, *priced(price, whole, rate))
        return line

    def _price(self, order: Row, product: Row) -> Decimal:
        """The list price in the order's currency."""
        return round_half_up(Decimal(product["price"]) * Decimal(order["conversion_rate"]), 6)

    def _line(self, order: Row, product: Row, quantity: int, price: Decimal) -> Row:
        room = "id_hotel" in product
        return self.ledger.add(
            "order_details",
            id_order=order["id"],
            product_id=product["id"],
            id_order_invoice=0,
            id_shop=1,
            product_name=self.ledger.said(product["name"]),
            product_quantity=quantity,
            product_quantity_in_stock=quantity,
            product_price=price,
            is_booking_product=room,
            product_service_type=0 if room else 1,
            product_auto_add=product["auto_add_to_cart"],
            product_price_addition_type=product["price_addition_type"],
            product_allow_multiple_quantity=product["allow_multiple_quantity"],
            product_price_calculation_method=product["price_calculation_method"],
            product_reference=product["reference"],
            id_tax_rules_group=product["id_tax_rules_group"],
            original_product_price=self._price(order, product),
        )

    def demand(self, hotel: Row, stay: Row, nights: int, demand: int) -> None:
        wanted = self.ledger.row("extra_demands", demand)
        rate = self.ledger.rate(wanted["id_tax_rules_group"], hotel["id_country"])
        quantity = nights if wanted["price_calc_method"] == "1" else 1
        price = self._price(self.ledger.row("orders", stay["id_order"]), wanted)
        unit, whole = priced(price, 1, rate), priced(price, quantity, rate)
        row = self.ledger.add(
            "booking_extra_demands",
            id_htl_booking=stay["id"],
            unit_price_tax_excl=unit[0],
            unit_price_tax_incl=unit[1],
            total_price_tax_excl=whole[0],
            total_price_tax_incl=whole[1],
            name=self.ledger.said(wanted["name"]),
            price_calc_method=wanted["price_calc_method"],
            id_tax_rules_group=wanted["id_tax_rules_group"],
        )
        stay.setdefault("associations", {}).setdefault("booking_extra_demands", []).append({"id": str(row["id"])})

    def redeem(self, order: Row, voucher: int) -> None:
        """A voucher over all lines: a percentage of them, or an amount with tax shared as they are taxed."""
        rule, lines = self.ledger.row("cart_rules", voucher), self.ledger.where("order_details", id_order=order["id"])
        excl, incl = total(lines, "total_price_tax_excl"), total(lines, "total_price_tax_incl")
        amount = Decimal(rule["reduction_amount"]) * Decimal(order["conversion_rate"])  # vouchers are in the shop's own currency
        share = Decimal(rule["reduction_percent"]) / 100 or min(amount / incl, Decimal(1))
        self.ledger.add(
            "order_discounts",
            id_order=order["id"],
            id_cart_rule=voucher,
            name=self.ledger.said(rule["name"]),
            value=cents(incl * share),
            value_tax_excl=cents(excl * share),
        )

    def average_rate(self, order: Row) -> Decimal:
        """What an order's currency is worth to it: the average of the rates of its payments in it, if there are any."""
        paid = self.ledger.where("order_payments", order_reference=order["reference"], id_currency=order["id_currency"])
        return total(paid, "conversion_rate") / len(paid) if paid else Decimal(order["conversion_rate"])

    def credit(self, order: int, parts: list[Row]) -> int:
        row = self.ledger.row("orders", order)
        excl, incl = total(parts, "amount_tax_excl"), total(parts, "amount_tax_incl")
        slip = self.ledger.add(
            "order_slip",
            id_customer=row["id_customer"],
            id_order=order,
            conversion_rate=row["conversion_rate"],
            total_products_tax_excl=excl,
            total_products_tax_incl=incl,
            amount=incl,
            shipping_cost=1,
            redeem_status=1,
        )
        slip["associations"] = {"order_slip_details": parts}
        return int(slip["id"])

    # -- sums -------------------------------------------------------------------------------------------------------

    def sum(self, order: Row) -> None:
        """The order's sums from its rows: lines + extra demands - discounts. Moves no date."""
        lines = self.ledger.where("order_details", id_order=order["id"])
        rooms = self.ledger.where("room_bookings", id_order=order["id"])
        demands = [d for room in rooms for d in self.ledger.where("booking_extra_demands", id_htl_booking=room["id"])]
        discounts = self.ledger.where("order_discounts", id_order=order["id"])
        excl, incl = (total(lines, f"total_price_tax_{side}") for side in ("excl", "incl"))
        off_excl, off_incl = total(discounts, "value_tax_excl"), total(discounts, "value")
        whole = incl + total(demands, "total_price_tax_incl") - off_incl
        self.ledger.change(
            "orders",
            order,
            total_discounts=off_incl,
            total_discounts_tax_incl=off_incl,
            total_discounts_tax_excl=off_excl,
            total_paid=whole,
            total_paid_tax_incl=whole,
            total_paid_tax_excl=excl + total(demands, "total_price_tax_excl") - off_excl,
            total_products=excl,
            total_products_wt=incl,
        )

    def reprice(self, resource: str, line: Row, excl: Decimal, incl: Decimal) -> None:
        """Other totals for a line; its unit prices follow, except to zero: a cancelled line still shows what it was."""
        self.ledger.change(resource, line, total_price_tax_excl=excl, total_price_tax_incl=incl)
        quantity = int(line.get("product_quantity", 1)) - int(line.get("product_quantity_refunded", 0))
        if resource == "order_details" and excl > 0 and quantity > 0:
            self.ledger.change(resource, line, unit_price_tax_excl=excl / quantity, unit_price_tax_incl=incl / quantity)

    def follow(self, stay: Row, refunded: int) -> None:
        """Let the line of a stay follow its rooms; `refunded` more of its nights are given up."""
        line = self.ledger.row("order_details", stay["id_order_detail"])
        rows = self.ledger.where("room_bookings", id_order_detail=line["id"])
        back = int(line["product_quantity_refunded"]) + refunded
        self.ledger.change("order_details", line, product_quantity_refunded=back)
        self.reprice("order_details", line, total(rows, "total_price_tax_excl"), total(rows, "total_price_tax_incl"))

    def give_up(self, stay: Row) -> None:
        """A stay that will not be: price zero, its extra demands too."""
        nothing: dict[str, object] = {"total_price_tax_excl": ZERO, "total_price_tax_incl": ZERO}
        self.ledger.save("room_bookings", stay, is_refunded=1, is_cancelled=1, **nothing)
        for demand in self.ledger.where("booking_extra_demands", id_htl_booking=stay["id"]):
            self.ledger.save("booking_extra_demands", demand, **nothing)

    def room_type(self, number: int) -> Row:
        return self.ledger.row("room_types", number)

    def country(self, order: Row) -> str:
        return str(self.ledger.row("addresses", order["id_address_tax"])["id_country"])


def priced(price: Decimal, quantity: int, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Price times quantity without and with tax, each rounded to cents once (`PS_ROUND_TYPE` 1, per room)."""
    return cents(price * quantity), cents(price * quantity * (1 + rate))


def day(stamp: str) -> date:
    return date.fromisoformat(stamp[:10])
