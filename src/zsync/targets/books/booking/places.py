"""Locations of the organisation: the house that a document belongs to, where hotels stand for locations."""

from __future__ import annotations

from collections.abc import Sequence

from zsync.errors import Unmappable
from zsync.model.documents import Sale
from zsync.model.intent import Body
from zsync.targets.books.booking.draft import Draft
from zsync.targets.books.taxes import quoted


def place(draft: Draft, *sales: Sale) -> Body:
    """The location of these orders, for a document's body; nothing where hotels are no locations, where an order is of no hotel,
    and where the orders are of several: a payment of both houses belongs to neither.

    Raises Unmappable where the organisation has no such location.
    """
    if draft.rules.hotels_as != "location" or len({sale.house for sale in sales}) != 1 or sales[0].house is None:
        return {}
    sale, names = sales[0], draft.rules.locations
    wanted = names.get(sales[0].house.id) or names.get(sale.hotel) or sale.hotel
    for location in draft.facts.locations:
        if wanted in (str(location["location_id"]), location["location_name"]):
            return {"location_id": str(location["location_id"])}
    raise Unmappable(
        f"the organisation has no location `{wanted}`",
        config_key=f'[entities.hotels] locations = {{ {quoted(sale.hotel)} = "{_known(draft.facts.locations)}" }}',
        stale=True,
        key=sale.key,
    )


def _known(locations: Sequence[object]) -> str:
    return "NAME OF A LOCATION" if locations else "NAME OF A LOCATION, AFTER LOCATIONS WERE SWITCHED ON IN ZOHO"
