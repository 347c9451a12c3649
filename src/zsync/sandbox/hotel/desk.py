"""The people at the hotel's desk: what they do to bookings, and which rows and dates it moves.

Each verb leaves the rows as a QloApps shop leaves them, sums included (room line = sum of its stays, order = lines + extra
demands - discounts, invoice = the order when it was made, payments of a reference = what its orders have received). Where
the real shop does *not* move `orders.date_upd`, neither does the desk: partial refunds, check-in and check-out, edits of
customers and addresses. Amounts are without tax and in the base currency unless a verb says otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from zsync.sandbox.hotel.bookwork import AWAITING, CANCELED, ERROR, REFUNDED, ZERO, Bookwork, Stay, day, priced
from zsync.sandbox.hotel.ledger import Ledger, Row, cents, made_up


class Desk:
    """What people do at a shop over `tables`; `clock` gives Unix seconds. Orders, rooms and so on go by their ids."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], *, clock: Callable[[], float] = time.time) -> None:
        self.ledger = Ledger(tables, clock)
        self._work = Bookwork(self.ledger)
        self._put_away: dict[str, list[Row]] = {}

    def at(self, local: str | None) -> Desk:
        """Stop the desk's clock at a wall-clock time of the shop (None: let it run); for telling a story with dates."""
        self.ledger.at(local)
        return self

    def reference(self, order: int) -> str:
        """The booking reference of an order."""
        return str(self.ledger.row("orders", order)["reference"])

    def total(self, order: int) -> Decimal:
        """What an order comes to, tax included."""
        return Decimal(self.ledger.row("orders", order)["total_paid_tax_incl"])

    def stays(self, order: int) -> list[int]:
        """The ids of the room bookings of an order."""
        return [int(row["id"]) for row in self.ledger.where("room_bookings", id_order=order)]

    # -- people -----------------------------------------------------------------------------------------------------

    def customer(self, firstname: str, lastname: str, email: str, **fields: object) -> int:
        """A new customer without an address; `fields` as the webservice names them (`company`, `is_guest`, ...)."""
        common: dict[str, object] = {
            "id_default_group": 2 if fields.get("is_guest") else 3,
            "id_lang": self.ledger.setting("PS_LANG_DEFAULT") or 1,
            "last_passwd_gen": self.ledger.now(),
            "secure_key": made_up(f"key {email} {len(self.ledger.tables['customers'])}"),
            "passwd": made_up(f"password {email}"),
            "active": 1,
            "id_shop": 1,
            "id_shop_group": 1,
        }
        row = self.ledger.add("customers")
        row["associations"] = {"groups": [{"id": str(common["id_default_group"])}]}
        self.ledger.change("customers", row, firstname=firstname, lastname=lastname, email=email, **{**common, **fields})
        return int(row["id"])

    def address(self, customer: int, **fields: object) -> int:
        """A first address for a customer; ValueError where there is a current one already (`edit_address`)."""
        if self.ledger.where("addresses", id_customer=customer, deleted=0):
            raise ValueError("a customer has one current address at most")
        person = self.ledger.row("customers", customer)
        row = self.ledger.add("addresses", id_customer=customer, alias="My address")
        names: dict[str, object] = {"firstname": person["firstname"], "lastname": person["lastname"]}
        self.ledger.change("addresses", row, **{**names, **fields})
        return int(row["id"])

    def edit_customer(self, customer: int, **fields: object) -> None:
        """Change a customer; moves the customer's date only."""
        self.ledger.save("customers", self.ledger.row("customers", customer), **fields)

    def edit_address(self, customer: int, **fields: object) -> int:
        """Change a customer's current address; one that an order uses is replaced and kept as deleted. Moves no order."""
        (old,) = self.ledger.where("addresses", id_customer=customer, deleted=0)
        if not self.ledger.where("orders", id_address_invoice=old["id"]):
            self.ledger.save("addresses", old, **fields)
            return int(old["id"])
        kept = {k: v for k, v in old.items() if k not in ("id", "date_add", "date_upd")}
        self.ledger.save("addresses", old, deleted=1)
        return int(self.ledger.add("addresses", **{**kept, "deleted": 0, **fields})["id"])

    # -- things -----------------------------------------------------------------------------------------------------

    def edit(self, resource: str, number: int, **fields: object) -> None:
        """Save any row with other values: a room type's name or price, a service, a currency's rate."""
        self.ledger.save(resource, self.ledger.row(resource, number), **fields)

    def remove(self, resource: str, number: int) -> None:
        """Take a row away for good."""
        self.ledger.remove(resource, number)

    def hide(self, resource: str) -> None:
        """Let a table look empty until `show`."""
        rows = self.ledger.tables[resource]
        self._put_away[resource] = list(rows)
        rows.clear()

    def show(self, resource: str) -> None:
        """Put back what `hide` took away."""
        self.ledger.tables[resource][:0] = self._put_away.pop(resource)

    # -- bookings ---------------------------------------------------------------------------------------------------

    def book(
        self,
        customer: int,
        *stays: Stay,
        services: Mapping[int, int] | None = None,
        demands: Sequence[int] = (),
        voucher: int | None = None,
        reference: str | None = None,
        method: str = "Bank wire",
        source: str = "localhost",
        currency: str | None = None,
    ) -> int:
        """A new order, awaiting payment. All stays must be in one hotel; a second hotel is a second order of the `reference`.

        `services` gives the quantity of each per room (and per night where it is sold so), `demands` the extra demands of
        the first room, `voucher` a cart rule; `currency` is the code of another currency than the shop's, in which prices of
        stays are given then.
        """
        hotels = {self._work.room_type(stay.room_type)["id_hotel"] for stay in stays}
        if len(hotels) != 1:
            raise ValueError("an order has one hotel, and at least one stay")
        hotel = self.ledger.row("hotels", int(hotels.pop()))
        order = self._work.open(customer, hotel, reference, method, source, currency)
        booked = self._work.let(order, hotel, stays)
        for service, quantity in (services or {}).items():
            self._work.serve(order, hotel, stays, service, quantity)
        for demand in demands:
            self._work.demand(hotel, booked[0], stays[0].nights, demand)
        if voucher is not None:
            self._work.redeem(order, voucher)
        order["associations"] = {"bookings": [{"id": str(row["id"])} for row in booked]}
        self._work.sum(order)
        self.ledger.change("orders", order, advance_paid_amount=Decimal(order["total_paid"]))
        self._record(order, AWAITING)
        return int(order["id"])

    def set_state(self, order: int, state: int) -> None:
        """Move an order to a state; it gets its invoice if the state asks for one.

        Canceled by hand and payment error leave all sums as they are and mark the stays, without moving their dates.
        """
        row, kind = self.ledger.row("orders", order), self.ledger.row("order_states", state)
        self.ledger.save("orders", row, current_state=state, valid=kind["logable"])
        self._record(row, state)
        if kind["invoice"] == "1" and row["invoice_number"] == "0":
            self.invoice(order)
        if state in (CANCELED, ERROR):
            for stay in self.ledger.where("room_bookings", id_order=order):
                self.ledger.change("room_bookings", stay, is_refunded=1, is_cancelled=state == CANCELED)

    def invoice(self, order: int) -> int:
        """Write the order's invoice: a copy of its sums as they are now. ValueError if it has one."""
        row = self.ledger.row("orders", order)
        if row["invoice_number"] != "0":
            raise ValueError("the order has an invoice already")
        number = max((int(r["number"]) for r in self.ledger.tables["order_invoices"]), default=0) + 1
        invoice = self.ledger.add(
            "order_invoices",
            id_order=order,
            number=number,
            total_discount_tax_excl=row["total_discounts_tax_excl"],
            total_discount_tax_incl=row["total_discounts_tax_incl"],
            total_paid_tax_excl=row["total_paid_tax_excl"],
            total_paid_tax_incl=row["total_paid_tax_incl"],
            total_products=row["total_products"],
            total_products_wt=row["total_products_wt"],
            shop_address=self.ledger.setting("PS_SHOP_NAME"),
        )
        self.ledger.save("orders", row, invoice_number=number, invoice_date=self.ledger.now())
        for resource in ("order_details", "order_discounts"):
            for line in self.ledger.where(resource, id_order=order):
                self.ledger.change(resource, line, id_order_invoice=invoice["id"])
        return int(invoice["id"])

    def pay(
        self,
        order: int,
        amount: str | Decimal,
        *,
        over: Mapping[int, str] | None = None,
        state: int | None = None,
        method: str = "Bank wire",
        transaction: str = "",
        on: str | None = None,
        currency: str | None = None,
    ) -> int:
        """A payment on the order's reference, tax included; `over` shares it out among the orders of that reference.

        `on` is the payment's date as typed at the desk, which may lie in the past; `state` the orders' next state; `currency` the
        code of another currency than the order's, which gets it at the two rates. The payment keeps what its currency is worth
        now; the order's own rate becomes the average of its payments'.
        """
        row, sum_paid = self.ledger.row("orders", order), Decimal(amount)
        money = self.ledger.row("currencies", row["id_currency"]) if currency is None else self._work.currency(currency)
        shares = {order: sum_paid} if over is None else {o: Decimal(part) for o, part in over.items()}
        if sum(shares.values(), ZERO) != sum_paid or {self.reference(o) for o in shares} != {row["reference"]}:
            raise ValueError("the shares add up to the payment, on orders of one reference")
        payment = self.ledger.add(
            "order_payments",
            order_reference=row["reference"],
            id_currency=money["id"],
            amount=sum_paid,
            payment_method=method,
            payment_type=3,
            conversion_rate=money["conversion_rate"],
            transaction_id=transaction,
            date_add=on or self.ledger.now(),
        )
        for number, part in shares.items():
            paid = self.ledger.row("orders", number)
            received = Decimal(paid["total_paid_real"]) + self._worth(part, money, paid)
            self.ledger.save("orders", paid, total_paid_real=received, conversion_rate=self._work.average_rate(paid))
            if state is not None:
                self.set_state(number, state)
        return int(payment["id"])

    def advance(self, order: int, amount: str, *, method: str = "Bank wire") -> int:
        """Money before the invoice: the order stays as it is and counts as paid in advance."""
        self.ledger.change("orders", self.ledger.row("orders", order), is_advance_payment=1, advance_paid_amount=Decimal(amount))
        return self.pay(order, amount, method=method)

    def pay_back(self, order: int, amount: str, *, method: str = "Bank wire", currency: str | None = None) -> int:
        """Money back to the guest: a negative payment of `amount`."""
        return self.pay(order, -Decimal(amount), method=method, currency=currency)

    def cancel(self, order: int) -> None:
        """Cancel every room of an unpaid order that has no invoice: all sums become zero, what was booked stays readable."""
        row = self._unpaid(order)
        for stay in self.ledger.where("room_bookings", id_order=order):
            self._work.give_up(stay)
        for line in self.ledger.where("order_details", id_order=order):
            back = line["product_quantity"] if line["is_booking_product"] == "1" else 1
            self._work.reprice("order_details", line, ZERO, ZERO)
            self.ledger.change("order_details", line, product_quantity_refunded=back)
        for discount in self.ledger.where("order_discounts", id_order=order):
            self.ledger.change("order_discounts", discount, value=ZERO, value_tax_excl=ZERO)
        self._work.sum(row)
        self.set_state(order, CANCELED)

    def cancel_room(self, stay: int) -> None:
        """Cancel one of several rooms of an unpaid order; lines, services and sums go down together, the state stays."""
        booked = self.ledger.row("room_bookings", stay)
        row = self._unpaid(int(booked["id_order"]))
        rooms = len(self.ledger.where("room_bookings", id_order=row["id"], is_cancelled=0))
        if rooms < 2:
            raise ValueError("the last room goes with its order")
        nights = (day(booked["date_to"]) - day(booked["date_from"])).days
        self._work.give_up(booked)
        self._work.follow(booked, nights)
        for line in self.ledger.where("order_details", id_order=row["id"], is_booking_product=0):
            excl, incl = (Decimal(line[f"total_price_tax_{side}"]) * (rooms - 1) / rooms for side in ("excl", "incl"))
            self._work.reprice("order_details", line, cents(excl), cents(incl))
            self.ledger.change("order_details", line, product_quantity_refunded=int(line["product_quantity"]) // rooms)
        self._work.sum(row)
        self.ledger.save("orders", row)

    def slip(self, order: int, *stays: int) -> int:
        """A credit slip for these stays of an invoiced order (none: for all). Only a complete one moves the order."""
        chosen = [self.ledger.row("room_bookings", stay) for stay in stays or self.stays(order)]
        parts = []
        for number, stay in enumerate(chosen, start=1):
            nights = (day(stay["date_to"]) - day(stay["date_from"])).days
            line = self.ledger.row("order_details", stay["id_order_detail"])
            refunded = int(line["product_quantity_refunded"]) + nights
            self.ledger.change("order_details", line, product_quantity_refunded=refunded)
            self.ledger.save("room_bookings", stay, is_refunded=1)
            amounts = {f"amount_tax_{side}": stay[f"total_price_tax_{side}"] for side in ("excl", "incl")}
            parts.append({"id": str(number), "id_order_detail": str(line["id"]), "product_quantity": str(nights), **amounts})
        slip = self._work.credit(order, parts)
        if not self.ledger.where("room_bookings", id_order=order, is_refunded=0):
            self.set_state(order, REFUNDED)
        return slip

    def change_price(self, stay: int, price: str) -> None:
        """Another price per night, without tax, for one room; the order moves, an invoice that exists does not."""
        booked = self.ledger.row("room_bookings", stay)
        order = self.ledger.row("orders", booked["id_order"])
        nights = (day(booked["date_to"]) - day(booked["date_from"])).days
        line = self.ledger.row("order_details", booked["id_order_detail"])
        rate = self.ledger.rate(line["id_tax_rules_group"], self._work.country(order))
        excl, incl = priced(Decimal(price), nights, rate)
        self.ledger.save("room_bookings", booked, total_price_tax_excl=excl, total_price_tax_incl=incl)
        self._work.follow(booked, 0)
        self._work.sum(order)
        self.ledger.save("orders", order)

    def add_service(self, order: int, service: int, quantity: int) -> int:
        """One more service line on an order; the order moves."""
        row = self.ledger.row("orders", order)
        (first, *_rest) = self.ledger.where("room_bookings", id_order=order)
        line = self._work.serve(row, self.ledger.row("hotels", first["id_hotel"]), (), service, quantity)
        self._work.sum(row)
        self.ledger.save("orders", row)
        return int(line["id"])

    def touch(self, order: int) -> None:
        """Open an order and save it unchanged."""
        self.ledger.save("orders", self.ledger.row("orders", order))

    def check_in(self, stay: int) -> None:
        """The guest is there; moves the stay's date and not the order's."""
        self.ledger.save("room_bookings", self.ledger.row("room_bookings", stay), id_status=2, check_in=self.ledger.now())

    def check_out(self, stay: int) -> None:
        """The guest is gone; moves the stay's date and not the order's."""
        self.ledger.save("room_bookings", self.ledger.row("room_bookings", stay), id_status=3, check_out=self.ledger.now())

    def _worth(self, amount: Decimal, money: Row, order: Row) -> Decimal:
        """An amount of a currency in the order's."""
        if str(money["id"]) == order["id_currency"]:
            return amount
        return cents(amount * Decimal(order["conversion_rate"]) / Decimal(money["conversion_rate"]))

    def _unpaid(self, order: int) -> Row:
        row = self.ledger.row("orders", order)
        if Decimal(row["total_paid_real"]) != 0 or row["invoice_number"] != "0":
            raise ValueError("a paid or invoiced order is refunded (slip), not cancelled")
        return row

    def _record(self, order: Row, state: int) -> None:
        self.ledger.add("order_histories", id_employee=1, id_order_state=state, id_order=order["id"])
